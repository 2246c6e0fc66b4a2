//! `--to page`: a page that draws the images itself, without a server and without a request.
//!
//! Its files are those of `page/`, and `weights.js` with the network: batch norm folded in, weights
//! in half precision.

use crate::error::Error;
use crate::layers::{Layer, Weights, layers};
use crate::layout::Array;
use crate::model::Model;
use crate::target::Format;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dcgan::Kind;
use dcgan_stage::{Failure, Output};
use half::f16;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

const INDEX: &str = include_str!("../../page/index.html");
const STYLE: &str = include_str!("../../page/style.css");
/// In the order in which the page loads them.
const SCRIPTS: [(&str, &str); 3] = [
    ("random.js", include_str!("../../page/random.js")),
    ("network.js", include_str!("../../page/network.js")),
    ("page.js", include_str!("../../page/page.js")),
];
const WEIGHTS: &str = "weights.js";
/// `page/gemm.wat`, assembled.
const GEMM: &[u8] = include_bytes!("../../page/gemm.wasm");

/// A folder with `index.html` and what it loads, or all in `index.html`.
pub(crate) struct Page {
    /// Whether to write one file.
    pub(crate) single: bool,
    /// Name of the model.
    pub(crate) name: String,
}

/// A layer as `page/network.js` reads it.
#[derive(Serialize)]
struct PageLayer {
    kind: &'static str,
    inputs: usize,
    outputs: usize,
    /// Rows and columns of its result.
    size: [usize; 2],
    activation: &'static str,
    /// Where its biases begin in the data, in bytes.
    bias: usize,
    /// Where its weights begin in the data, in bytes.
    weights: usize,
}

impl Format for Page {
    fn check(&self, _: &Model) -> Result<(), Failure> {
        Ok(())
    }

    fn networks(&self, _: &Model) -> Vec<&'static str> {
        vec!["generator"]
    }

    fn files(&self, _: &Model) -> Vec<String> {
        let mut names = vec!["index.html"];
        if !self.single {
            names.extend(["style.css", WEIGHTS]);
            names.extend(SCRIPTS.map(|(name, _)| name));
        }
        names.into_iter().map(str::to_owned).collect()
    }

    fn write(&self, model: &Model, output: &mut Output) -> Result<(), Failure> {
        let weights = self.weights(model)?;
        output.check_signal()?;
        if self.single {
            return output.write("index.html", single_page(&weights).as_bytes());
        }
        output.write(WEIGHTS, weights.as_bytes())?;
        output.write("style.css", STYLE.as_bytes())?;
        for (name, script) in SCRIPTS {
            output.write(name, script.as_bytes())?;
        }
        output.write("index.html", INDEX.as_bytes())
    }

    fn tags(&self) -> &'static [&'static str] {
        &["javascript"]
    }

    fn usage(&self, _: &Model) -> String {
        "Open `index.html` in a browser. It draws the images on the computer that shows it and makes \
         no network\nrequests, so it works from a folder, a memory stick or any web server. Its \
         weights are rounded to half\nprecision, which changes a pixel by at most 1 of 255.\n"
            .into()
    }
}

impl Page {
    /// The script that gives the page its network.
    fn weights(&self, model: &Model) -> Result<String, Failure> {
        let (layers, data) = network(model)?;
        let info = model.info();
        let object = json!({
            "title": self.name,
            "network": {
                "kind": info.kind,
                "height": info.height,
                "width": info.width,
                "channels": info.channels,
                "class_names": info.class_names,
                "untrained_classes": info.untrained_classes,
                "z_dim": info.z_dim,
                "z_distribution": info.z_distribution,
            },
            "facts": facts(model),
            "layers": layers,
            "gemm": BASE64.encode(GEMM),
            "data": BASE64.encode(data),
        });
        // No name of a class may end the script that it is in.
        let text = object.to_string().replace('<', "\\u003c");
        Ok(format!("window.dcganModel = {text};\n"))
    }
}

/// The layers, and their data: all biases in float32, then all weights in float16.
fn network(model: &Model) -> Result<(Vec<PageLayer>, Vec<u8>), Failure> {
    let generator = model.generator.generator();
    let mut arrays = Weights::folded(generator)?;
    let config = generator.config();
    let layers = layers(generator.parameters());
    let mut sizes = config.sizes().into_iter().rev();
    let (mut described, mut biases, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for (i, layer) in layers.iter().enumerate() {
        let next = layers.get(i + 1);
        let size = if layer.is_dense && next.is_some_and(|next| next.is_dense) {
            [1, 1]
        } else {
            sizes.next().expect("a size for the map of each layer")
        };
        let [weight, bias] = arrays.of(layer);
        let outputs = bias.1.len();
        described.push(PageLayer {
            kind: if layer.is_dense { "linear" } else { "up" },
            inputs: weight.0[if layer.is_dense { 0 } else { 3 }],
            outputs,
            size,
            activation: match (next, config.kind) {
                (Some(_), _) => "relu",
                (None, Kind::Labelled) => "sigmoid",
                (None, Kind::Unlabelled) => "tanh",
            },
            bias: biases.len(),
            weights: weights.len(),
        });
        biases.extend(bias.1.iter().flat_map(|value| value.to_le_bytes()));
        weights.extend(halves(model.path(), layer, &weight).map_err(Failure::input)?);
    }
    for layer in &mut described {
        layer.weights += biases.len();
    }
    biases.extend(weights);
    Ok((described, biases))
}

/// The weights in half precision.
fn halves(path: &Path, layer: &Layer, (_, values): &Array) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(2 * values.len());
    for value in values {
        let half = f16::from_f32(*value);
        if !half.is_finite() {
            return Err(Error::NotFinite {
                path: path.to_owned(),
                name: layer.name.clone(),
                half: true,
            });
        }
        bytes.extend(half.to_le_bytes());
    }
    Ok(bytes)
}

/// What the page says about the model, name and value.
fn facts(model: &Model) -> Vec<[String; 2]> {
    let info = model.info();
    let colours = if info.channels == 1 { "grey" } else { "colour" };
    let mut facts = vec![
        (
            "Images",
            format!("{} x {}, {colours}", info.height, info.width),
        ),
        (
            "Latent vector",
            format!("{} values, {}", info.z_dim, info.z_distribution),
        ),
        (
            "Weights",
            format!("{}", model.generator.generator().parameters().count()),
        ),
        ("Training", format!("{} iterations", model.generator.step())),
        (
            "Dataset",
            format!("SHA-256 {}", model.generator.dataset_sha256()),
        ),
    ];
    if !info.class_names.is_empty() {
        facts.insert(1, ("Classes", info.class_names.join(", ")));
    }
    let fact = |(name, value): (&str, String)| [name.to_owned(), value];
    facts.into_iter().map(fact).collect()
}

/// The page with all that it loads inside.
fn single_page(weights: &str) -> String {
    let style = format!("<style>\n{STYLE}</style>");
    let mut page = INDEX.replace("<link rel=\"stylesheet\" href=\"style.css\">", &style);
    for (name, script) in SCRIPTS.into_iter().chain([(WEIGHTS, weights)]) {
        let tag = format!("<script src=\"{name}\"></script>");
        page = page.replace(&tag, &format!("<script>\n{script}</script>"));
    }
    page
}
