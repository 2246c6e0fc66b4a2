//! The program `dcgan-eval`; everything it does is in the library.

fn main() {}
