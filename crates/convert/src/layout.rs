//! Arrays in another order of their axes.

/// An array: shape and values, row-major.
pub(crate) type Array = (Vec<usize>, Vec<f32>);

/// The axes of a kernel of ours as other programs have them: a convolution's `[kh,kw,in,out]` to
/// `[out,in,kh,kw]`, a transposed one's `[kh,kw,out,in]` to `[in,out,kh,kw]`.
pub(crate) const KERNEL_AXES: [usize; 4] = [3, 2, 0, 1];

/// The array with its axes in the order `axes`, as numpy's `transpose`.
pub(crate) fn permuted((shape, values): &Array, axes: &[usize]) -> Array {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    let new_shape: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    let new_strides: Vec<usize> = axes.iter().map(|&axis| strides[axis]).collect();
    let mut new_values = Vec::with_capacity(values.len());
    let mut index = vec![0; axes.len()];
    let mut from = 0;
    for _ in 0..values.len() {
        new_values.push(values[from]);
        for axis in (0..axes.len()).rev() {
            index[axis] += 1;
            from += new_strides[axis];
            if index[axis] < new_shape[axis] {
                break;
            }
            from -= new_strides[axis] * new_shape[axis];
            index[axis] = 0;
        }
    }
    (new_shape, new_values)
}

/// A matrix `[in, h·w·c]` whose columns are a map in the order row, column, channel, with the
/// columns in the order channel, row, column.
pub(crate) fn columns_by_channel((shape, values): Array, map: [usize; 3]) -> Array {
    let [h, w, c] = map;
    let rows = shape[..shape.len() - 1].iter().product();
    let (_, values) = permuted(&(vec![rows, h, w, c], values), &[0, 3, 1, 2]);
    (shape, values)
}

/// A matrix `[h·w·c + more, out]` whose first rows are a map in the order row, column, channel,
/// with these rows in the order channel, row, column.
pub(crate) fn rows_by_channel((shape, mut values): Array, map: [usize; 3]) -> Array {
    let [h, w, c] = map;
    let out = shape[1];
    let more = values.split_off(h * w * c * out);
    let (_, mut values) = permuted(&(vec![h, w, c, out], values), &[2, 0, 1, 3]);
    values.extend(more);
    (shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> Array {
        let n: u16 = shape.iter().product::<usize>().try_into().unwrap();
        (shape.to_vec(), (0..n).map(f32::from).collect())
    }

    #[test]
    fn permuted_is_numpys_transpose() {
        let (shape, values) = permuted(&counted(&[2, 3]), &[1, 0]);
        assert_eq!(shape, [3, 2]);
        assert_eq!(values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let array = counted(&[2, 3, 4, 5]);
        let (shape, values) = permuted(&array, &KERNEL_AXES);
        assert_eq!(shape, [5, 4, 2, 3]);
        for (o, i, kh, kw) in [(0, 0, 0, 0), (4, 3, 1, 2), (1, 2, 0, 1)] {
            let at = ((o * 4 + i) * 2 + kh) * 3 + kw;
            let from = ((kh * 3 + kw) * 4 + i) * 5 + o;
            assert_eq!(values[at..][..1], array.1[from..][..1]);
        }
    }

    #[test]
    fn maps_get_their_channels_first() {
        // Two rows, two columns, three channels.
        let map = [2, 2, 3];
        let channels_first = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11].map(|n: u8| f32::from(n));
        let (shape, values) = columns_by_channel(counted(&[2, 12]), map);
        assert_eq!(shape, [2, 12]);
        assert_eq!(values[..12], channels_first);
        assert_eq!(values[12..], channels_first.map(|n| n + 12.0));
        let (shape, values) = rows_by_channel(counted(&[13, 1]), map);
        assert_eq!(shape, [13, 1]);
        assert_eq!(values[..12], channels_first);
        assert_eq!(values[12..], [12.0]);
    }
}
