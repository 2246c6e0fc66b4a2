//! Tests that cross the stages. Those that start programs take them from `DCGAN_BIN_DIR`, which
//! `make check` builds and sets; unset, they fail with that hint.

mod architecture;
mod faults;
mod kills;
mod pipeline;
mod programs;
