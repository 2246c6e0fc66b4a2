//! Eigenvalues of symmetric matrices, by Jacobi's method.

/// Sweeps after which the matrix counts as diagonal; convergence is quadratic, ten are usual.
const SWEEPS: usize = 60;

/// The square root of a symmetric matrix `[d, d]` without negative eigenvalues (those that rounding
/// made negative count as 0): `V diag(sqrt l) V^T`.
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

/// Eigenvalues, and eigenvectors as rows if wanted. Cyclic Jacobi rotations (Golub & Van Loan,
/// "Matrix Computations", section 8.5) in a fixed order.
fn decompose(matrix: &[f64], d: usize, wants_vectors: bool) -> (Vec<f64>, Vec<f64>) {
    // Rounding leaves products not quite symmetric; the method needs them so.
    let mut a: Vec<f64> = (0..d * d)
        .map(|i| f64::midpoint(matrix[i], matrix[i % d * d + i / d]))
        .collect();
    let mut vectors = vec![0.0; if wants_vectors { d * d } else { 0 }];
    for entry in vectors.iter_mut().step_by(d + 1) {
        *entry = 1.0;
    }
    let whole: f64 = a.iter().map(|x| x * x).sum();
    for _ in 0..SWEEPS {
        if off_diagonal(&a, d) <= 1e-30 * whole {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                rotate(&mut a, &mut vectors, d, p, q);
            }
        }
    }
    (a.into_iter().step_by(d + 1).collect(), vectors)
}

fn off_diagonal(a: &[f64], d: usize) -> f64 {
    a.iter()
        .enumerate()
        .filter(|(i, _)| i / d != i % d)
        .map(|(_, x)| x * x)
        .sum()
}

/// One rotation that makes entry (p, q) zero.
fn rotate(a: &mut [f64], vectors: &mut [f64], d: usize, p: usize, q: usize) {
    let apq = a[p * d + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * d + q] - a[p * d + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + theta.mul_add(theta, 1.0).sqrt());
    let c = 1.0 / t.mul_add(t, 1.0).sqrt();
    let s = t * c;
    for k in 0..d {
        let (x, y) = (a[k * d + p], a[k * d + q]);
        a[k * d + p] = c * x - s * y;
        a[k * d + q] = s * x + c * y;
    }
    rotate_rows(a, d, p, q, c, s);
    a[p * d + q] = 0.0;
    a[q * d + p] = 0.0;
    if !vectors.is_empty() {
        rotate_rows(vectors, d, p, q, c, s);
    }
}

fn rotate_rows(matrix: &mut [f64], d: usize, p: usize, q: usize, c: f64, s: f64) {
    let (upper, lower) = matrix.split_at_mut(q * d);
    for (x, y) in upper[p * d..(p + 1) * d].iter_mut().zip(&mut lower[..d]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_a_known_matrix() {
        // [[2, 1, 0], [1, 2, 1], [0, 1, 2]] has 2, 2 - sqrt 2, 2 + sqrt 2.
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
    fn a_diagonal_matrix_is_left_alone() {
        assert_eq!(
            symmetric_eigenvalues(&[3.0, 0.0, 0.0, -1.0], 2),
            [3.0, -1.0]
        );
    }
}
