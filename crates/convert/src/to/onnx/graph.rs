//! A graph of ONNX operators, built node by node.

use super::proto::{
    AttributeProto, DimensionProto, GraphProto, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto, attribute_type, data_type,
};
use crate::error::Error;
use crate::layout::Array;
use half::f16;
use std::path::Path;

/// An attribute of a node.
pub(crate) enum Attribute<'a> {
    Float(f32),
    Int(usize),
    Ints(&'a [usize]),
}

/// A dimension of an input or output.
#[derive(Clone, Copy)]
pub(crate) enum Dim {
    /// Images of a batch: any number.
    Batch,
    /// That many.
    Fixed(usize),
}

/// How weights are stored, and where they come from.
#[derive(Clone, Copy)]
pub(crate) struct Storage<'a> {
    /// The model's file.
    pub(crate) path: &'a Path,
    /// Whether in half precision.
    pub(crate) half: bool,
}

/// A graph, and how it stores weights.
pub(crate) struct Graph<'a> {
    proto: GraphProto,
    storage: Storage<'a>,
}

impl<'a> Graph<'a> {
    /// A graph without nodes.
    pub(crate) fn new(name: &str, storage: Storage<'a>) -> Self {
        let proto = GraphProto {
            name: name.into(),
            ..GraphProto::default()
        };
        Self { proto, storage }
    }

    /// The graph as a message.
    pub(crate) fn into_proto(self) -> GraphProto {
        self.proto
    }

    /// An input; returns its name.
    pub(crate) fn input(&mut self, name: &str, elem_type: i32, dims: &[Dim], doc: &str) -> String {
        self.proto
            .input
            .push(value_info(name, elem_type, dims, doc));
        name.into()
    }

    /// Declares the value `name` an output.
    pub(crate) fn output(&mut self, name: &str, dims: &[Dim], doc: &str) {
        let output = value_info(name, data_type::FLOAT, dims, doc);
        self.proto.output.push(output);
    }

    /// A node with one output, called `name`; returns that name.
    pub(crate) fn node(
        &mut self,
        op_type: &str,
        inputs: &[&str],
        name: &str,
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.into()).collect(),
            output: vec![name.into()],
            name: name.into(),
            op_type: op_type.into(),
            attribute: attributes.iter().map(attribute).collect(),
        });
        name.into()
    }

    /// A weight; returns the name of its float32 values.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub(crate) fn weight(&mut self, name: &str, (shape, values): &Array) -> Result<String, Error> {
        let Storage { path, half } = self.storage;
        let is_held = |value: f32| {
            if half {
                f16::from_f32(value).is_finite()
            } else {
                value.is_finite()
            }
        };
        if !values.iter().all(|&value| is_held(value)) {
            let (path, name) = (path.to_owned(), name.into());
            return Err(Error::NotFinite { path, name, half });
        }
        if !half {
            self.constant(name, shape, values);
            return Ok(name.into());
        }
        let bytes = values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes());
        let stored = format!("{name}/half");
        self.tensor(&stored, data_type::FLOAT16, shape, bytes.collect());
        let to = Attribute::Int(data_type::FLOAT as usize);
        Ok(self.node("Cast", &[&stored], name, &[("to", to)]))
    }

    /// A constant of float32 values; returns its name.
    pub(crate) fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.tensor(name, data_type::FLOAT, shape, bytes.collect())
    }

    /// A constant list of whole numbers; returns its name.
    pub(crate) fn numbers(&mut self, name: &str, numbers: &[usize]) -> String {
        let bytes = numbers.iter().flat_map(|&n| signed(n).to_le_bytes());
        self.tensor(name, data_type::INT64, &[numbers.len()], bytes.collect())
    }

    fn tensor(&mut self, name: &str, data_type: i32, shape: &[usize], bytes: Vec<u8>) -> String {
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|&n| signed(n)).collect(),
            data_type,
            name: name.into(),
            raw_data: bytes,
        });
        name.into()
    }
}

fn attribute((name, value): &(&str, Attribute<'_>)) -> AttributeProto {
    let named = AttributeProto {
        name: (*name).into(),
        ..AttributeProto::default()
    };
    match *value {
        Attribute::Float(f) => AttributeProto {
            f: Some(f),
            r#type: attribute_type::FLOAT,
            ..named
        },
        Attribute::Int(i) => AttributeProto {
            i: Some(signed(i)),
            r#type: attribute_type::INT,
            ..named
        },
        Attribute::Ints(ints) => AttributeProto {
            ints: ints.iter().map(|&n| signed(n)).collect(),
            r#type: attribute_type::INTS,
            ..named
        },
    }
}

fn value_info(name: &str, elem_type: i32, dims: &[Dim], doc: &str) -> ValueInfoProto {
    let dim = dims.iter().map(|dim| match *dim {
        Dim::Batch => DimensionProto {
            dim_value: None,
            dim_param: Some("N".into()),
        },
        Dim::Fixed(n) => DimensionProto {
            dim_value: Some(signed(n)),
            dim_param: None,
        },
    });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor_type = Some(TensorTypeProto { elem_type, shape });
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto { tensor_type }),
        doc_string: doc.into(),
    }
}

/// A size of a network, which is far below the largest `i64`.
fn signed(n: usize) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}
