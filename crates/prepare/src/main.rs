//! The program `dcgan-prepare`; everything it does is in the library.

fn main() {}
