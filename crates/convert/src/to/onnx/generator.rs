//! The generator as a graph: z and classes to images.

use super::graph::{Attribute, Dim, Graph, Storage};
use super::parts::{Labels, convolution, dense, reshaped};
use super::proto::{GraphProto, data_type};
use crate::error::Error;
use crate::layers::{Weights, layers};
use crate::layout::{columns_by_channel, permuted};
use dcgan::{Config, Generator, Kind};
use dcgan_stage::Failure;

/// z `[N,Z]` and the classes `[N]` to images `[N,H,W,C]` in the range of the network. Maps are
/// `[N,C,h,w]` on the way.
///
/// # Errors
/// [`Failure::Input`] for weights that the file can't hold.
pub(crate) fn generator(network: &Generator, storage: Storage<'_>) -> Result<GraphProto, Failure> {
    let mut weights = Weights::folded(network)?;
    build(network, &mut weights, storage).map_err(Failure::input)
}

fn build(
    network: &Generator,
    weights: &mut Weights,
    storage: Storage<'_>,
) -> Result<GraphProto, Error> {
    let config = network.config();
    let layers = layers(network.parameters());
    // From the smallest map to the image.
    let mut sizes = config.sizes().into_iter().rev();
    let mut next_size = || sizes.next().expect("a size for the map of each layer");
    let mut graph = Graph::new("generator", storage);
    let dims = [Dim::Batch, Dim::Fixed(config.z_dim)];
    let mut x = graph.input("z", data_type::FLOAT, &dims, "latent vectors");
    let labels = Labels::of(&mut graph, config);
    let mut map = None;
    for (i, layer) in layers.iter().enumerate() {
        let name = layer.short_name();
        x = labels.join(&mut graph, x, map, name);
        let [mut weight, mut bias] = weights.of(layer);
        let mut shape = None;
        if layer.is_dense {
            // The last one before a convolution makes the first map.
            if layers.get(i + 1).is_some_and(|next| !next.is_dense) {
                let [h, w] = next_size();
                let channels = bias.1.len() / (h * w);
                weight = columns_by_channel(weight, [h, w, channels]);
                (_, bias.1) = permuted(&(vec![h, w, channels], bias.1), &[2, 0, 1]);
                map = Some([h, w]);
                shape = Some([channels, h, w]);
            }
            x = dense(&mut graph, &x, name, &[weight, bias])?;
        } else {
            let size = next_size();
            x = convolution(&mut graph, "ConvTranspose", &x, name, &[weight, bias], size)?;
            map = Some(size);
        }
        let is_last = i + 1 == layers.len();
        x = graph.node(
            activation(config, is_last),
            &[&x],
            &format!("{name}/act"),
            &[],
        );
        if let Some(shape) = shape {
            x = reshaped(&mut graph, &x, &format!("{name}/map"), &shape);
        }
    }
    let perm = [("perm", Attribute::Ints(&[0, 2, 3, 1]))];
    let images = graph.node("Transpose", &[&x], "images", &perm);
    let dims = [config.height, config.width, config.channels].map(Dim::Fixed);
    let doc = match config.kind {
        Kind::Labelled => "images with values in [0, 1]: pixel = round(255 * value)",
        Kind::Unlabelled => "images with values in [-1, 1]: pixel = round(127.5 * (value + 1))",
    };
    graph.output(&images, &[&[Dim::Batch], &dims[..]].concat(), doc);
    Ok(graph.into_proto())
}

fn activation(config: &Config, is_last: bool) -> &'static str {
    match (is_last, config.kind) {
        (false, _) => "Relu",
        (true, Kind::Labelled) => "Sigmoid",
        (true, Kind::Unlabelled) => "Tanh",
    }
}
