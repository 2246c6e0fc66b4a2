//! Criterion benches beside the kernels.
