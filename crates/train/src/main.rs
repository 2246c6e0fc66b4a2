//! The program `dcgan-train`; everything it does is in the library.

fn main() {}
