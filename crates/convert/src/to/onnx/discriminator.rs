//! The discriminator as a graph: images and classes to logits.
//!
//! As in the original program its batch norm uses the statistics of the batch, so that a logit
//! depends on the other images. ONNX's `BatchNormalization` has a training mode, which
//! onnxruntime doesn't run; the same is written here in means and square roots.

use super::graph::{Attribute, Dim, Graph, Storage};
use super::parts::{Labels, convolution, dense, reshaped};
use super::proto::{GraphProto, data_type};
use crate::error::Error;
use crate::layers::{Weights, layers};
use crate::layout::{Array, rows_by_channel};
use dcgan::Discriminator;
use dcgan_stage::Failure;

/// Slope of the activation below 0. Source: `lrelu`, ops.py.
const SLOPE: f32 = 0.2;
/// Source: `batch_norm`, ops.py.
const EPSILON: f32 = 1e-5;

/// Images `[N,H,W,C]` in the range of the network and classes `[N]` to logits `[N,1]`.
///
/// # Errors
/// [`Failure::Input`] for weights that the file can't hold.
pub(crate) fn discriminator(
    network: &Discriminator,
    storage: Storage<'_>,
) -> Result<GraphProto, Failure> {
    let mut weights = Weights::of_discriminator(network)?;
    build(network, &mut weights, storage).map_err(Failure::input)
}

fn build(
    network: &Discriminator,
    weights: &mut Weights,
    storage: Storage<'_>,
) -> Result<GraphProto, Error> {
    let config = network.config();
    let layers = layers(network.parameters());
    let mut graph = Graph::new("discriminator", storage);
    let dims = [config.height, config.width, config.channels].map(Dim::Fixed);
    let dims = [&[Dim::Batch], &dims[..]].concat();
    let doc = "images of one kind, all real or all generated, in the range of the generator's";
    let images = graph.input("images", data_type::FLOAT, &dims, doc);
    let labels = Labels::of(&mut graph, config);
    let perm = [("perm", Attribute::Ints(&[0, 3, 1, 2]))];
    let mut x = graph.node("Transpose", &[&images], "channels_first", &perm);
    // The image, then each map half the size of the one before.
    let mut sizes = config.sizes().into_iter();
    let mut map = sizes.next();
    let mut flat = None;
    for (i, layer) in layers.iter().enumerate() {
        let is_last = i + 1 == layers.len();
        let name = if is_last {
            "logits"
        } else {
            layer.short_name()
        };
        x = labels.join(&mut graph, x, map, name);
        let [mut weight, bias] = weights.of(layer);
        let channels = bias.1.len();
        if let (false, Some(size)) = (layer.is_dense, map) {
            x = convolution(&mut graph, "Conv", &x, name, &[weight, bias], size)?;
            map = sizes.next();
        } else {
            if let Some(flat) = flat.take() {
                weight = rows_by_channel(weight, flat);
            }
            x = dense(&mut graph, &x, name, &[weight, bias])?;
        }
        if is_last {
            break;
        }
        if let Some(norm) = &layer.norm {
            let arrays = ["gamma", "beta"].map(|what| weights.take(&format!("{norm}/{what}")));
            x = batch_norm(&mut graph, &x, name, arrays, map.is_some())?;
        }
        let alpha = [("alpha", Attribute::Float(SLOPE))];
        x = graph.node("LeakyRelu", &[&x], &format!("{name}/act"), &alpha);
        if let (true, Some([h, w])) = (layers[i + 1].is_dense, map) {
            x = reshaped(&mut graph, &x, &format!("{name}/flat"), &[channels * h * w]);
            (map, flat) = (None, Some([h, w, channels]));
        }
    }
    let doc = "positive where an image looks real; the sigmoid is D(x)";
    graph.output(&x, &[Dim::Batch, Dim::Fixed(1)], doc);
    Ok(graph.into_proto())
}

/// x with mean 0 and variance 1 per channel over the batch, times gamma plus beta.
fn batch_norm(
    graph: &mut Graph<'_>,
    x: &str,
    layer: &str,
    arrays: [Array; 2],
    is_map: bool,
) -> Result<String, Error> {
    let name = |what: &str| format!("{layer}/{what}");
    let over: &[usize] = if is_map { &[0, 2, 3] } else { &[0] };
    let over = || [("axes", Attribute::Ints(over))];
    let mean = graph.node("ReduceMean", &[x], &name("mean"), &over());
    let centred = graph.node("Sub", &[x, &mean], &name("centred"), &[]);
    let squares = graph.node("Mul", &[&centred, &centred], &name("squares"), &[]);
    let variance = graph.node("ReduceMean", &[&squares], &name("variance"), &over());
    let epsilon = graph.constant(&name("epsilon"), &[], &[EPSILON]);
    let shifted = graph.node("Add", &[&variance, &epsilon], &name("shifted"), &[]);
    let deviation = graph.node("Sqrt", &[&shifted], &name("deviation"), &[]);
    let normal = graph.node("Div", &[&centred, &deviation], &name("normal"), &[]);
    let [gamma, beta] = arrays.map(|(shape, values)| {
        let ones = if is_map { 2 } else { 0 };
        let shape = [shape, vec![1; ones]].concat();
        (shape, values)
    });
    let gamma = graph.weight(&name("gamma"), &gamma)?;
    let beta = graph.weight(&name("beta"), &beta)?;
    let scaled = graph.node("Mul", &[&normal, &gamma], &name("scaled"), &[]);
    Ok(graph.node("Add", &[&scaled, &beta], &name("norm"), &[]))
}
