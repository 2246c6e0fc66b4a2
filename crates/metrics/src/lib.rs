//! Arrays in, figures of quality out.
//!
//! Every function takes plain slices, checks them, and returns numbers; nothing here reads a file,
//! draws a random number of its own or depends on the number of threads. Sums are taken in `f64` in
//! the order of the slice, so equal arrays give equal bytes. Each function's documentation gives
//! its equation and where that comes from.

mod distribution;
mod error;
mod ranking;

pub use distribution::{Distribution, Histogram, QUANTILES, histogram, quantile_of_sorted};
pub use error::Error;
pub use ranking::{accuracy, probability, roc_auc};
