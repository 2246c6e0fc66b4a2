//! The program `dcgan-sample`; everything it does is in the library.

fn main() {}
