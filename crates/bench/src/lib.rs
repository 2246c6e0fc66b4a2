//! Benches beside the kernels: `cargo bench -p dcgan-bench` times every kernel at the sizes of the
//! full-width network, `cargo run --release -p dcgan-bench --bin iteration` the whole training iteration.
