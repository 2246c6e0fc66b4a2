//! Counter-based random numbers: (seed, purpose, index) to uniform, normal, permutation.
