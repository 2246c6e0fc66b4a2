//! Names and layouts of weights: those of our files, and those of PyTorch's state dicts.
//!
//! The modules are those of `python/dcgan_torch.py`: `g_h2.weight` is `generator/g_h2/w`. A linear
//! layer's weight is transposed, a kernel's axes are in the order 3, 2, 0, 1.

use crate::layout::{Array, KERNEL_AXES, permuted};

/// The file next to state dicts that both networks are built from.
pub(crate) const CONFIG: &str = "config.json";

/// The inverse of [`KERNEL_AXES`].
const OUR_AXES: [usize; 4] = [2, 3, 1, 0];

/// The name of a weight within its layer: ours and PyTorch's.
const DENSE: &[[&str; 2]] = &[["Matrix", "weight"], ["bias", "bias"]];
const CONVOLUTION: &[[&str; 2]] = &[["w", "weight"], ["biases", "bias"]];
const NORM: &[[&str; 2]] = &[
    ["gamma", "weight"],
    ["beta", "bias"],
    ["moving_mean", "running_mean"],
    ["moving_variance", "running_var"],
];

/// The names of the weights of a layer, by the layer's name.
fn leaves(layer: &str) -> &'static [[&'static str; 2]] {
    if layer.contains("_bn") {
        NORM
    } else if layer.ends_with("_lin") {
        DENSE
    } else {
        CONVOLUTION
    }
}

/// PyTorch's name for an array of ours.
pub(crate) fn torch_name(name: &str) -> String {
    let own = name.split_once('/').map_or(name, |(_, own)| own);
    let Some((layer, leaf)) = own.split_once('/') else {
        return own.into();
    };
    let pair = leaves(layer).iter().find(|[ours, _]| *ours == leaf);
    format!("{layer}.{}", pair.map_or(leaf, |[_, torch]| torch))
}

/// Our name for an array of PyTorch's; `None` for a name that no module of ours has.
pub(crate) fn our_name(name: &str) -> Option<String> {
    let (layer, leaf) = name.split_once('.')?;
    let scope = match layer.as_bytes() {
        [b'g', b'_', ..] => "generator",
        [b'd', b'_', ..] => "discriminator",
        _ => return None,
    };
    let [ours, _] = leaves(layer).iter().find(|[_, torch]| *torch == leaf)?;
    Some(format!("{scope}/{layer}/{ours}"))
}

/// An array of ours with PyTorch's name and layout.
pub(crate) fn to_torch(name: &str, array: &Array) -> (String, Array) {
    (torch_name(name), with_axes(array, &KERNEL_AXES))
}

/// An array of PyTorch's in our layout.
pub(crate) fn from_torch(array: &Array) -> Array {
    with_axes(array, &OUR_AXES)
}

/// A shape of ours in PyTorch's layout.
pub(crate) fn torch_shape(shape: &[usize]) -> Vec<usize> {
    match shape {
        [rows, columns] => vec![*columns, *rows],
        [a, b, c, d] => vec![*d, *c, *a, *b],
        other => other.to_vec(),
    }
}

/// A kernel with its axes in that order, a matrix transposed, a vector as it is.
fn with_axes(array: &Array, kernel: &[usize; 4]) -> Array {
    match array.0.len() {
        4 => permuted(array, kernel),
        2 => permuted(array, &[1, 0]),
        _ => array.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_layouts_are_inverses() {
        for (ours, torch, shape) in [
            ("generator/g_h0_lin/Matrix", "g_h0_lin.weight", &[2, 3][..]),
            ("generator/g_h0_lin/bias", "g_h0_lin.bias", &[3]),
            ("generator/g_h2/w", "g_h2.weight", &[5, 5, 2, 3]),
            ("discriminator/d_h1_conv/biases", "d_h1_conv.bias", &[3]),
            ("generator/g_bn0/gamma", "g_bn0.weight", &[3]),
            (
                "discriminator/d_bn1/moving_variance",
                "d_bn1.running_var",
                &[3],
            ),
        ] {
            assert_eq!(torch_name(ours), torch);
            assert_eq!(our_name(torch).as_deref(), Some(ours));
            let n: u8 = shape.iter().product::<usize>().try_into().unwrap();
            let array = (shape.to_vec(), (0..n).map(f32::from).collect());
            let (_, converted) = to_torch(ours, &array);
            assert_eq!(converted.0, torch_shape(shape));
            assert_eq!(from_torch(&converted), array);
        }
        for name in [
            "weight",
            "h_h0.weight",
            "g_h2.gamma",
            "g_bn0.num_batches_tracked",
            "g_",
        ] {
            assert_eq!(our_name(name), None);
        }
    }
}
