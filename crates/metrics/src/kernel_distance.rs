//! Kernel distance between two sets of features.

use crate::error::Error;
use crate::interval::{Estimate, mean_of_subsets};
use crate::points::{Features, Points, check_pair, dot_products};
use crate::split::{FIRST, SECOND, shuffled};

/// Unbiased squared maximum mean discrepancy with the kernel `k(x, y) = (x.y / d + 1)^3`: the mean
/// of `k(x_i, x_j)` over i != j, plus the mean of `k(y_i, y_j)` over i != j, minus twice the mean
/// of `k(x_i, y_j)`. Its expectation is 0 for sets of the same distribution, so it may be negative.
///
/// Bińkowski et al., "Demystifying MMD GANs" (2018), section 3 and appendix; the unbiased estimate
/// is Gretton et al., "A Kernel Two-Sample Test" (2012), equation 3.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two points, [`Error::Length`] for different numbers of
/// dimensions.
pub fn kernel_distance(x: &Features<'_>, y: &Features<'_>) -> Result<f64, Error> {
    check_pair([("x", x), ("y", y)], 2)?;
    let d = x.dimensions() as f64;
    let kernel = |product: f64| (product / d + 1.0).powi(3);
    let within = |x: &Features<'_>| {
        let n = x.len();
        let products = dot_products(x, x);
        let others = products.iter().enumerate().filter(|(i, _)| i / n != i % n);
        others.map(|(_, &product)| kernel(product)).sum::<f64>() / (n as f64 * (n - 1) as f64)
    };
    let across: f64 = dot_products(x, y).into_iter().map(kernel).sum();
    Ok(within(x) + within(y) - 2.0 * across / (x.len() as f64 * y.len() as f64))
}

/// The mean of [`kernel_distance`] over disjoint random subsets of `subset` points of each set,
/// with the interval from their spread. An incomplete last subset is left out.
///
/// # Errors
/// [`Error::TooFew`] unless both sets have a full subset, and those of [`kernel_distance`].
pub fn kernel_distance_interval(
    x: &Features<'_>,
    y: &Features<'_>,
    subset: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    let subset = subset.max(2);
    check_pair([("x", x), ("y", y)], subset)?;
    let x_order = shuffled(x.len(), seed, FIRST);
    let y_order = shuffled(y.len(), seed, SECOND);
    let subsets = x_order
        .chunks_exact(subset)
        .zip(y_order.chunks_exact(subset));
    let distances = subsets
        .map(|(x_rows, y_rows)| {
            let (of_x, of_y) = (x.gather(x_rows), y.gather(y_rows));
            let of_x = Features::new(&of_x, x.dimensions())?;
            kernel_distance(&of_x, &Features::new(&of_y, y.dimensions())?)
        })
        .collect::<Result<Vec<f64>, Error>>()?;
    mean_of_subsets(&distances)
}
