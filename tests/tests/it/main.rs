//! Tests that cross the stages. Those that start programs take them from `DCGAN_BIN_DIR`, which
//! `make check` builds and sets; unset, they fail with that hint.
#![expect(
    clippy::print_stderr,
    reason = "tests by chance say what they met; cargo shows it on request"
)]

mod architecture;
mod bombs;
mod corpus;
mod damage;
mod disk;
mod faults;
mod gate;
mod hashes;
mod kills;
mod make;
mod pipeline;
mod programs;
mod signals;
