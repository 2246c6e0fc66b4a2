//! CPU kernels as slice functions, their candle operations, and the reference twin of each.
