//! `--to onnx`: a network per file, opset 17.

mod discriminator;
mod generator;
mod graph;
mod parts;
mod proto;

use crate::error::Error;
use crate::model::Model;
use crate::target::Format;
use dcgan::Parameters;
use dcgan_stage::{Failure, Output};
use graph::Storage;
use prost::Message as _;
use proto::{
    GraphProto, IR_VERSION, ModelProto, OPSET, OperatorSetIdProto, StringStringEntryProto,
};
use serde_json::json;

/// Most bytes of a file: a protobuf message is below 2 GiB.
const MOST_BYTES: u64 = i32::MAX as u64;
/// Enough for all of a file but its weights.
const BESIDES_WEIGHTS: u64 = 1 << 20;

/// `generator.onnx` and, of a checkpoint, `discriminator.onnx`.
pub(crate) struct Onnx {
    /// Whether weights are stored in half precision.
    pub(crate) half: bool,
}

impl Onnx {
    fn check_size(&self, network: &'static str, parameters: &Parameters) -> Result<(), Error> {
        let size = if self.half { 2 } else { 4 };
        let bytes = size * parameters.count() as u64;
        let limit = MOST_BYTES - BESIDES_WEIGHTS;
        if bytes > limit {
            return Err(Error::TooLarge {
                network,
                bytes,
                limit,
            });
        }
        Ok(())
    }
}

impl Format for Onnx {
    fn check(&self, model: &Model) -> Result<(), Failure> {
        let generator = model.generator.generator();
        let mut networks = vec![("generator", generator.parameters())];
        if let Some(loaded) = &model.discriminator {
            networks.push(("discriminator", loaded.discriminator().parameters()));
        }
        for (name, parameters) in networks {
            self.check_size(name, parameters).map_err(Failure::usage)?;
        }
        Ok(())
    }

    fn files(&self, model: &Model) -> Vec<String> {
        let networks = model.networks().into_iter();
        networks.map(|name| format!("{name}.onnx")).collect()
    }

    fn write(&self, model: &Model, output: &mut Output) -> Result<(), Failure> {
        let storage = Storage {
            path: model.path(),
            half: self.half,
        };
        let graph = generator::generator(model.generator.generator(), storage)?;
        output.write("generator.onnx", &encoded(model, graph))?;
        if let Some(loaded) = &model.discriminator {
            output.check_signal()?;
            let graph = discriminator::discriminator(loaded.discriminator(), storage)?;
            output.write("discriminator.onnx", &encoded(model, graph))?;
        }
        Ok(())
    }

    fn tags(&self) -> &'static [&'static str] {
        &["onnx"]
    }

    fn usage(&self, model: &Model) -> String {
        let info = model.info();
        let mut inputs = "\"z\": z".to_owned();
        let mut class = String::new();
        if model.is_labelled() {
            inputs += ", \"class\": classes";
            class = format!(
                "classes = np.arange(20) % {}  # their numbers\n",
                info.class_names.len()
            );
        }
        let z = match info.z_distribution.as_str() {
            "normal" => "np.random.standard_normal((20, Z))",
            "uniform_0_1" => "np.random.uniform(0, 1, (20, Z))",
            _ => "np.random.uniform(-1, 1, (20, Z))",
        };
        let z = z.replace('Z', &info.z_dim.to_string());
        let pixels = if model.is_labelled() {
            "255 * images"
        } else {
            "127.5 * (images + 1)"
        };
        format!(
            "`generator.onnx` draws images in onnxruntime or any program that reads ONNX (opset \
             {OPSET}):\n\n\
             ```python\n\
             import numpy as np, onnxruntime\n\n\
             session = onnxruntime.InferenceSession(\"generator.onnx\")\n\
             z = {z}.astype(np.float32)\n\
             {class}\
             images = session.run(None, {{{inputs}}})[0]\n\
             pixels = np.round({pixels}).astype(np.uint8)  # [N, height, width, colours]\n\
             ```\n"
        )
    }
}

/// The bytes of a file with that graph.
fn encoded(model: &Model, graph: GraphProto) -> Vec<u8> {
    let info = model.info();
    let [low, high] = model.value_range();
    let props = [
        ("class_names", json!(info.class_names).to_string()),
        (
            "untrained_classes",
            json!(info.untrained_classes).to_string(),
        ),
        ("value_range", json!([low, high]).to_string()),
        ("z_distribution", info.z_distribution.clone()),
        ("step", model.generator.step().to_string()),
        (
            "dataset_sha256",
            model.generator.dataset_sha256().to_owned(),
        ),
    ];
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.into(),
        value,
    };
    let file = ModelProto {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("The {} of a DCGAN (Radford et al. 2016)", graph.name),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: OPSET,
        }],
        metadata_props: props.map(entry).into(),
    };
    file.encode_to_vec()
}
