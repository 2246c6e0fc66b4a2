//! Sets of points with many dimensions, and their squared distances block by block.

use crate::error::{Error, check_finite};
use candle_core::{DType, Device, Tensor};
use dcgan_kernels::{KernelOptions, linear};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of the first set in a block. A block of 256 by 8,192 distances takes 16 MB.
const QUERIES: usize = 256;
/// Rows of the second set in a block.
const REFERENCES: usize = 8192;
/// Columns of a block per task.
const STRIP: usize = 512;
const PRODUCT: &str = "a product of matrices of fitting shapes on the CPU cannot fail";

/// A set of points. Sealed: [`Features`] and [`Pixels`].
pub trait Points: private::Sealed {
    /// Number of points.
    fn len(&self) -> usize;

    /// Number of coordinates of each point.
    fn dimensions(&self) -> usize;

    /// Whether there are no points.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::Features<'_> {}
    impl Sealed for super::Pixels<'_> {}
}

/// References prepared for products with many blocks of queries.
#[derive(Debug)]
struct Prepared {
    /// `[coordinates, n]`.
    columns: Tensor,
    /// The squared length of each.
    norms: Vec<f64>,
}

/// Feature vectors `[n, d]`, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    values: &'a [f32],
    d: usize,
}

impl<'a> Features<'a> {
    /// Rows of `d` numbers.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for `d` = 0, [`Error::Length`] if the last row is incomplete,
    /// [`Error::NotFinite`] for an infinite or NaN value.
    pub fn new(values: &'a [f32], d: usize) -> Result<Self, Error> {
        check_rows("features", values.len(), d)?;
        check_finite("features", values)?;
        Ok(Self { values, d })
    }

    /// All numbers, row by row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// The points of a range.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Features<'a> {
        Features {
            values: &self.values[rows.start * self.d..rows.end * self.d],
            d: self.d,
        }
    }

    /// Copies the values of these points.
    pub(crate) fn gather(&self, rows: &[u32]) -> Vec<f32> {
        let row = |&row: &u32| &self.values[row as usize * self.d..][..self.d];
        rows.iter().flat_map(row).copied().collect()
    }

    /// The squared length of each point.
    fn norms(&self) -> Vec<f64> {
        let square = |&x: &f32| f64::from(x) * f64::from(x);
        let points = self.values.chunks_exact(self.d);
        points.map(|point| point.iter().map(square).sum()).collect()
    }

    /// `[n, d]` in f64.
    pub(crate) fn tensor(&self) -> Tensor {
        let shape = (self.len(), self.d);
        Tensor::from_slice(self.values, shape, &Device::Cpu)
            .and_then(|t| t.to_dtype(DType::F64))
            .expect(PRODUCT)
    }
}

impl Points for Features<'_> {
    fn len(&self) -> usize {
        self.values.len() / self.d
    }

    fn dimensions(&self) -> usize {
        self.d
    }
}

impl Features<'_> {
    /// Prepares the points of a range.
    fn prepare(&self, references: Range<usize>) -> Prepared {
        let points = self.rows(references);
        Prepared {
            columns: transposed(&points.tensor()),
            norms: points.norms(),
        }
    }

    /// Squared distances `[queries, references]` of points of a range to prepared ones,
    /// `|x - y|^2 = |x|^2 - 2 x.y + |y|^2` in f64, clamped to 0 where rounding makes it negative.
    fn squared_distances(&self, queries: Range<usize>, references: &Prepared) -> Vec<f64> {
        let points = self.rows(queries);
        let mut distances: Vec<f64> = product(&points.tensor(), &references.columns);
        let rows = distances.par_chunks_exact_mut(references.norms.len());
        rows.zip(points.norms()).for_each(|(row, x)| {
            for (distance, y) in row.iter_mut().zip(&references.norms) {
                *distance = (x + y - 2.0 * *distance).max(0.0);
            }
        });
        distances
    }
}

/// `x . y` for every pair of rows, `[x.len(), y.len()]`, in f64.
pub(crate) fn dot_products(x: &Features<'_>, y: &Features<'_>) -> Vec<f64> {
    product(&x.tensor(), &transposed(&y.tensor()))
}

/// Transposes `[a, b]` to a contiguous `[b, a]`, so that products need no copy.
fn transposed(x: &Tensor) -> Tensor {
    x.t().and_then(|x| x.contiguous()).expect(PRODUCT)
}

/// `x w` for `[a, b]` and `[b, c]` in f64.
pub(crate) fn product(x: &Tensor, w: &Tensor) -> Vec<f64> {
    let run = || {
        let zeros = Tensor::zeros(w.dim(1)?, DType::F64, &Device::Cpu)?;
        linear(x, None, w, &zeros, KernelOptions::default())?
            .flatten_all()?
            .to_vec1()
    };
    run().expect(PRODUCT)
}

/// 8-bit images, each a point; distances between them are exact integers.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    values: &'a [u8],
    d: usize,
}

impl<'a> Pixels<'a> {
    /// Images of `d` = height x width x channels bytes.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for `d` = 0, [`Error::Length`] if the last image is incomplete.
    pub fn new(values: &'a [u8], d: usize) -> Result<Self, Error> {
        check_rows("pixels", values.len(), d)?;
        Ok(Self { values, d })
    }

    /// All bytes, image by image.
    pub fn values(&self) -> &'a [u8] {
        self.values
    }
}

impl Points for Pixels<'_> {
    fn len(&self) -> usize {
        self.values.len() / self.d
    }

    fn dimensions(&self) -> usize {
        self.d
    }
}

fn check_rows(array: &'static str, len: usize, d: usize) -> Result<(), Error> {
    if d == 0 {
        return Err(Error::OutOfRange {
            argument: "d",
            expected: "at least 1",
            got: 0.0,
        });
    }
    let expected = len / d * d;
    if len == expected {
        Ok(())
    } else {
        Err(Error::Length {
            array,
            expected,
            got: len,
        })
    }
}

/// Checks that both sets have the same dimensions and the minimum number of points.
pub(crate) fn check_pair<P: Points>(
    [a, b]: [(&'static str, &P); 2],
    at_least: usize,
) -> Result<(), Error> {
    for (array, points) in [a, b] {
        crate::error::check_count(array, points.len(), at_least)?;
    }
    if a.1.dimensions() == b.1.dimensions() {
        return Ok(());
    }
    Err(Error::Length {
        array: b.0,
        expected: a.1.dimensions(),
        got: b.1.dimensions(),
    })
}

/// Calls `visit` for each query with its squared distances to all references, block by block in the
/// order of the references, so that the distances are never all in memory. `visit` gets the query's
/// state, its index, the index of the block's first reference, and the distances of the block.
pub(crate) fn scan<S: Send>(
    queries: &Features<'_>,
    references: &Features<'_>,
    states: &mut [S],
    visit: impl Fn(&mut S, usize, usize, &[f64]) + Sync,
) {
    scan_both(queries, references, (states, &mut []), visit, |(), _, _| {});
}

/// Like [`scan`], and also calls `visit_reference` for each reference and query, in the order of
/// the queries, with the reference's state, both indices and the squared distance. Without states
/// of references it is not called.
pub(crate) fn scan_both<Q: Send, R: Send>(
    queries: &Features<'_>,
    references: &Features<'_>,
    (states, reference_states): (&mut [Q], &mut [R]),
    visit: impl Fn(&mut Q, usize, usize, &[f64]) + Sync,
    visit_reference: impl Fn(&mut R, [usize; 2], f64) + Sync,
) {
    for start in (0..references.len()).step_by(REFERENCES) {
        let end = references.len().min(start + REFERENCES);
        let columns = references.prepare(start..end);
        let n = columns.norms.len();
        for (block, states) in states.chunks_mut(QUERIES).enumerate() {
            let first = block * QUERIES;
            let distances = queries.squared_distances(first..first + states.len(), &columns);
            states
                .par_iter_mut()
                .zip(distances.par_chunks_exact(n))
                .enumerate()
                .for_each(|(row, (state, distances))| visit(state, first + row, start, distances));
            let Some(of_references) = reference_states.get_mut(start..end) else {
                continue;
            };
            let strips = of_references.par_chunks_mut(STRIP).enumerate();
            strips.for_each(|(strip, states)| {
                let column = strip * STRIP;
                for (row, distances) in distances.chunks_exact(n).enumerate() {
                    for (i, state) in states.iter_mut().enumerate() {
                        let at = [first + row, start + column + i];
                        visit_reference(state, at, distances[column + i]);
                    }
                }
            });
        }
    }
}
