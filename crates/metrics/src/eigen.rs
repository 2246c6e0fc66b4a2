//! Eigenvalues of symmetric matrices: Householder's tridiagonal form, then implicit QL.

/// Maximum iterations per eigenvalue; two are usual.
const ITERATIONS: usize = 60;

/// The square root of a positive semidefinite matrix `[d, d]`, `V diag(sqrt l) V^T`. Eigenvalues
/// that are negative from rounding count as 0.
pub(crate) fn symmetric_square_root(matrix: &[f64], d: usize) -> Vec<f64> {
    let (eigenvalues, vectors) = decompose(matrix, d, true);
    let mut root = vec![0.0; d * d];
    for (l, v) in eigenvalues.iter().zip(vectors.chunks_exact(d.max(1))) {
        let l = l.max(0.0).sqrt();
        for (row, &x) in root.chunks_exact_mut(d).zip(v) {
            for (entry, &y) in row.iter_mut().zip(v) {
                *entry += l * x * y;
            }
        }
    }
    root
}

/// The eigenvalues of a symmetric matrix `[d, d]`, in no particular order.
pub(crate) fn symmetric_eigenvalues(matrix: &[f64], d: usize) -> Vec<f64> {
    decompose(matrix, d, false).0
}

/// Eigenvalues, and eigenvectors as rows if requested. Golub & Van Loan, "Matrix Computations",
/// algorithms 8.3.1 and 8.3.3, the latter from the other end as in EISPACK's `tql2` (Bowdler,
/// Martin, Reinsch & Wilkinson, "The QR and QL Algorithms for Symmetric Matrices", 1968).
fn decompose(matrix: &[f64], d: usize, wants_vectors: bool) -> (Vec<f64>, Vec<f64>) {
    // Products are not exactly symmetric because of rounding, but the method requires it.
    let mut a: Vec<f64> = (0..d * d)
        .map(|i| f64::midpoint(matrix[i], matrix[i % d * d + i / d]))
        .collect();
    let (mut diagonal, mut beside, reflections) = tridiagonal(&mut a, d);
    let mut vectors = vec![0.0; if wants_vectors { d * d } else { 0 }];
    if wants_vectors {
        for entry in vectors.iter_mut().step_by(d + 1) {
            *entry = 1.0;
        }
        // Rows of Q^T for A = Q T Q^T, the last reflection first.
        for (k, (v, beta)) in reflections.iter().enumerate().rev() {
            for row in vectors.chunks_exact_mut(d).skip(k + 1) {
                let row = &mut row[k + 1..];
                let product: f64 = row.iter().zip(v).map(|(x, v)| x * v).sum();
                for (x, v) in row.iter_mut().zip(v) {
                    *x -= beta * product * v;
                }
            }
        }
    }
    for l in 0..d {
        for _ in 0..ITERATIONS {
            let is_split = |&m: &usize| {
                let size = diagonal[m].abs() + diagonal[m + 1].abs();
                beside[m].abs() <= f64::EPSILON * size
            };
            let end = (l..d - 1).find(is_split).unwrap_or(d - 1);
            if end == l {
                break;
            }
            step(&mut diagonal, &mut beside, &mut vectors, l, end);
        }
    }
    (diagonal, vectors)
}

/// Makes a symmetric matrix tridiagonal. Returns the diagonal, the off-diagonal, and the
/// reflections `1 - beta v v^T` of rows k + 1 onwards, for k = 0, 1, ...
#[expect(clippy::type_complexity, reason = "two vectors, and a vector of pairs")]
fn tridiagonal(a: &mut [f64], d: usize) -> (Vec<f64>, Vec<f64>, Vec<(Vec<f64>, f64)>) {
    let (mut beside, mut reflections) = (vec![0.0; d], Vec::with_capacity(d));
    for k in 0..d.saturating_sub(1) {
        let mut v = a[k * d + k + 1..(k + 1) * d].to_vec();
        let rest: f64 = v[1..].iter().map(|x| x * x).sum();
        if rest == 0.0 {
            beside[k] = v[0];
            reflections.push((v, 0.0));
            continue;
        }
        let norm = (v[0] * v[0] + rest).sqrt();
        beside[k] = -norm.copysign(v[0]);
        v[0] -= beside[k];
        let beta = 2.0 / (v[0] * v[0] + rest);
        // w = beta A v - (beta^2 / 2) (v . A v) v; then A - v w^T - w v^T is the reflected matrix.
        let mut w = vec![0.0; v.len()];
        for (row, &x) in a.chunks_exact(d).skip(k + 1).zip(&v) {
            for (w, entry) in w.iter_mut().zip(&row[k + 1..]) {
                *w += beta * x * entry;
            }
        }
        let half = beta / 2.0 * w.iter().zip(&v).map(|(w, v)| w * v).sum::<f64>();
        for (w, v) in w.iter_mut().zip(&v) {
            *w -= half * v;
        }
        for (i, row) in a.chunks_exact_mut(d).skip(k + 1).enumerate() {
            let (x, y) = (v[i], w[i]);
            for (entry, (v, w)) in row[k + 1..].iter_mut().zip(v.iter().zip(&w)) {
                *entry -= x * w + y * v;
            }
        }
        reflections.push((v, beta));
    }
    (
        a.iter().step_by(d + 1).copied().collect(),
        beside,
        reflections,
    )
}

/// One step of implicit QL on the block from `l` to `end`; makes off-diagonal entry `l` smaller.
fn step(diagonal: &mut [f64], beside: &mut [f64], vectors: &mut [f64], l: usize, end: usize) {
    let d = diagonal.len();
    let mut g = (diagonal[l + 1] - diagonal[l]) / (2.0 * beside[l]);
    let r = libm::hypot(g, 1.0);
    g = diagonal[end] - diagonal[l] + beside[l] / (g + r.copysign(g));
    let (mut s, mut c, mut shift) = (1.0, 1.0, 0.0);
    for i in (l..end).rev() {
        let (f, b) = (s * beside[i], c * beside[i]);
        let r = libm::hypot(f, g);
        beside[i + 1] = r;
        if r == 0.0 {
            // The block splits here.
            diagonal[i + 1] -= shift;
            beside[end] = 0.0;
            return;
        }
        (s, c) = (f / r, g / r);
        g = diagonal[i + 1] - shift;
        let r = (diagonal[i] - g) * s + 2.0 * c * b;
        shift = s * r;
        diagonal[i + 1] = g + shift;
        g = c * r - b;
        if !vectors.is_empty() {
            let (upper, lower) = vectors.split_at_mut((i + 1) * d);
            for (x, y) in upper[i * d..].iter_mut().zip(&mut lower[..d]) {
                (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
            }
        }
    }
    diagonal[l] -= shift;
    beside[l] = g;
    beside[end] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_a_known_matrix() {
        // The eigenvalues of [[2, 1, 0], [1, 2, 1], [0, 1, 2]] are 2, 2 - sqrt 2, 2 + sqrt 2.
        let mut got = symmetric_eigenvalues(&[2., 1., 0., 1., 2., 1., 0., 1., 2.], 3);
        got.sort_by(f64::total_cmp);
        let root = 2.0_f64.sqrt();
        for (got, expected) in got.iter().zip([2.0 - root, 2.0, 2.0 + root]) {
            assert!((got - expected).abs() < 1e-14, "{got} {expected}");
        }
    }

    #[test]
    fn the_square_root_squared_is_the_matrix() {
        let d = 17;
        let half: Vec<f64> = (0..d * d)
            .map(|i| ((i * 7919 % 101) as f64 - 50.0) / 50.0)
            .collect();
        let multiply = |a: &[f64], b: &[f64]| -> Vec<f64> {
            (0..d * d)
                .map(|i| (0..d).map(|k| a[i / d * d + k] * b[k * d + i % d]).sum())
                .collect()
        };
        let transposed: Vec<f64> = (0..d * d).map(|i| half[i % d * d + i / d]).collect();
        let matrix = multiply(&half, &transposed);
        let root = symmetric_square_root(&matrix, d);
        for (got, expected) in multiply(&root, &root).iter().zip(&matrix) {
            assert!((got - expected).abs() < 1e-12 * 50.0, "{got} {expected}");
        }
    }

    #[test]
    fn matrices_that_are_not_regular_have_their_zeros() {
        // Rank 3 in 40 dimensions, some of them constant.
        let d = 40;
        let rows: Vec<Vec<f64>> = (0..3)
            .map(|i| {
                let entry = |k: usize| {
                    if k % 4 == 1 {
                        0.0
                    } else {
                        ((i * 31 + k * 17) % 23) as f64
                    }
                };
                (0..d).map(entry).collect()
            })
            .collect();
        let matrix: Vec<f64> = (0..d * d)
            .map(|i| rows.iter().map(|row| row[i / d] * row[i % d]).sum())
            .collect();
        let mut got = symmetric_eigenvalues(&matrix, d);
        got.sort_by(f64::total_cmp);
        let trace: f64 = matrix.iter().step_by(d + 1).sum();
        assert!(
            got[..d - 3].iter().all(|l| l.abs() < 1e-13 * trace),
            "{got:?}"
        );
        assert!(got[d - 3] > 1.0, "{got:?}");
        assert!((got.iter().sum::<f64>() - trace).abs() < 1e-13 * trace);
        let root = symmetric_square_root(&matrix, d);
        let product = |i: usize| {
            (0..d)
                .map(|k| root[i / d * d + k] * root[k * d + i % d])
                .sum()
        };
        let squared: Vec<f64> = (0..d * d).map(product).collect();
        for (got, expected) in squared.iter().zip(&matrix) {
            assert!((got - expected).abs() < 1e-12 * trace, "{got} {expected}");
        }
        assert_eq!(symmetric_eigenvalues(&[0.0; 16], 4), [0.0; 4]);
        assert_eq!(symmetric_eigenvalues(&[5.0], 1), [5.0]);
        assert_eq!(symmetric_square_root(&[4.0], 1), [2.0]);
    }

    #[test]
    fn a_diagonal_matrix_is_left_alone() {
        assert_eq!(
            symmetric_eigenvalues(&[3.0, 0.0, 0.0, -1.0], 2),
            [3.0, -1.0]
        );
    }
}
