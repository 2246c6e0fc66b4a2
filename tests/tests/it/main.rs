//! Tests across stages. `dcgan_testkit` finds or builds the programs that they start.
#![expect(
    clippy::print_stderr,
    reason = "tests by chance say what they met; cargo shows it on request"
)]

mod architecture;
mod bombs;
mod corpus;
mod damage;
mod disk;
mod documentation;
mod faults;
mod few;
mod figures;
mod gate;
mod hashes;
mod hints;
mod kernels;
mod kills;
mod make;
mod pipeline;
mod programs;
mod repeated;
mod results;
mod rollbacks;
mod rust_tokens;
mod signals;
mod sources;
