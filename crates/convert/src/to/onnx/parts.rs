//! What both networks are made of: labels, layers and their padding.

use super::graph::{Attribute, Dim, Graph};
use super::proto::data_type;
use crate::error::Error;
use crate::layout::{Array, KERNEL_AXES, permuted};
use dcgan::Config;

/// Stride of every convolution.
const STRIDE: usize = 2;
/// Side of every kernel.
const KERNEL: usize = 5;
/// Rows and columns of zeros behind every map.
const AFTER: usize = 2;

/// The classes of the images, which join the input of every layer of a labelled network.
pub(crate) struct Labels {
    /// The value `[N,Y]`, one-hot.
    one_hot: Option<String>,
}

impl Labels {
    /// Adds the input `class` of a labelled network.
    pub(crate) fn of(graph: &mut Graph<'_>, config: &Config) -> Self {
        let classes = config.classes;
        if classes == 0 {
            return Self { one_hot: None };
        }
        let doc = "number of the class of each image, from 0";
        let class = graph.input("class", data_type::INT64, &[Dim::Batch], doc);
        let mut eye = vec![0.0; classes * classes];
        eye.iter_mut()
            .step_by(classes + 1)
            .for_each(|one| *one = 1.0);
        let eye = graph.constant("eye", &[classes, classes], &eye);
        let one_hot = graph.node("Gather", &[&eye, &class], "one_hot", &[]);
        Self {
            one_hot: Some(one_hot),
        }
    }

    /// x with the labels behind its channels: x is `[N,C]`, or `[N,C,h,w]` if `map` is its size.
    /// `layer` names the layer that takes it.
    pub(crate) fn join(
        &self,
        graph: &mut Graph<'_>,
        x: String,
        map: Option<[usize; 2]>,
        layer: &str,
    ) -> String {
        let Some(one_hot) = &self.one_hot else {
            return x;
        };
        let mut y = one_hot.clone();
        if let Some([h, w]) = map {
            let axes = graph.numbers(&format!("{layer}/axes"), &[2, 3]);
            let point = format!("{layer}/point");
            let point = graph.node("Unsqueeze", &[&y, &axes], &point, &[]);
            let size = graph.numbers(&format!("{layer}/size"), &[1, 1, h, w]);
            y = graph.node("Expand", &[&point, &size], &format!("{layer}/labels"), &[]);
        }
        let axis = [("axis", Attribute::Int(1))];
        graph.node("Concat", &[&x, &y], &format!("{layer}/input"), &axis)
    }
}

/// A fully connected layer of `[N,in]`.
pub(crate) fn dense(
    graph: &mut Graph<'_>,
    x: &str,
    layer: &str,
    [matrix, bias]: &[Array; 2],
) -> Result<String, Error> {
    let matrix = graph.weight(&format!("{layer}/weight"), matrix)?;
    let bias = graph.weight(&format!("{layer}/bias"), bias)?;
    Ok(graph.node("Gemm", &[x, &matrix, &bias], layer, &[]))
}

/// A convolution of `[N,C,h,w]`, or its transpose. `side` is the size of the bigger of its two
/// maps, from which the padding follows.
pub(crate) fn convolution(
    graph: &mut Graph<'_>,
    op_type: &str,
    x: &str,
    layer: &str,
    [kernel, biases]: &[Array; 2],
    size: [usize; 2],
) -> Result<String, Error> {
    let kernel = graph.weight(&format!("{layer}/weight"), &permuted(kernel, &KERNEL_AXES))?;
    let biases = graph.weight(&format!("{layer}/bias"), biases)?;
    let [top, left] = size.map(zeros_before);
    let attributes = [
        ("kernel_shape", Attribute::Ints(&[KERNEL, KERNEL])),
        ("pads", Attribute::Ints(&[top, left, AFTER, AFTER])),
        ("strides", Attribute::Ints(&[STRIDE, STRIDE])),
    ];
    Ok(graph.node(op_type, &[x, &kernel, &biases], layer, &attributes))
}

/// Rows or columns of zeros before a map of this side, by TensorFlow's "SAME" padding.
fn zeros_before(side: usize) -> usize {
    if side.is_multiple_of(2) { 1 } else { 2 }
}

/// x in another shape; the first dimension, images of the batch, is kept.
pub(crate) fn reshaped(graph: &mut Graph<'_>, x: &str, name: &str, shape: &[usize]) -> String {
    let whole: Vec<usize> = std::iter::once(0).chain(shape.iter().copied()).collect();
    let shape = graph.numbers(&format!("{name}/shape"), &whole);
    graph.node("Reshape", &[x, &shape], name, &[])
}
