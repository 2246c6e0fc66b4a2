//! The structure of the ONNX files, by the field numbers of ONNX's specification.

use crate::support::{Place, STEP, labelled, unlabelled};
use crate::wire::Message;
use dcgan_artifacts::read_generator;

/// Field numbers of `ModelProto`, `GraphProto`, `NodeProto` and so on.
mod field {
    pub(crate) const GRAPH: u64 = 7;
    pub(crate) const NODE: u64 = 1;
    pub(crate) const INITIALIZER: u64 = 5;
    pub(crate) const NODE_OP: u64 = 4;
    pub(crate) const TENSOR_NAME: u64 = 8;
    pub(crate) const RAW_DATA: u64 = 9;
}

fn ops(graph: &Message<'_>) -> Vec<String> {
    let nodes = graph.messages(field::NODE);
    let op = |node: &Message<'_>| node.texts(field::NODE_OP)[0].to_owned();
    nodes.iter().map(op).collect()
}

/// Name, type and dimensions of the inputs or outputs.
fn values(graph: &Message<'_>, which: u64) -> Vec<(String, u64, Vec<String>)> {
    let value = |value: &Message<'_>| {
        let tensor = value.message(2).message(1);
        let dims = tensor.message(2).messages(1);
        let dim = |dim: &Message<'_>| match dim.texts(2).first() {
            Some(name) => (*name).to_owned(),
            None => dim.numbers(1)[0].to_string(),
        };
        let dims = dims.iter().map(dim).collect();
        (value.texts(1)[0].to_owned(), tensor.numbers(1)[0], dims)
    };
    graph.messages(which).iter().map(value).collect()
}

/// Type, dimensions and bytes of the constant `name`.
fn constant<'a>(graph: &Message<'a>, name: &str) -> (u64, Vec<u64>, &'a [u8]) {
    let all = graph.messages(field::INITIALIZER);
    let found = all
        .iter()
        .find(|tensor| tensor.texts(field::TENSOR_NAME) == [name]);
    let found = found.unwrap_or_else(|| panic!("no constant `{name}`"));
    let raw_data = found.bytes(field::RAW_DATA)[0];
    (found.numbers(2)[0], found.numbers(1), raw_data)
}

/// The lists `pads` of all nodes of a kind.
fn pads(graph: &Message<'_>, op: &str) -> Vec<Vec<u64>> {
    let nodes = graph.messages(field::NODE);
    let of_op = nodes
        .iter()
        .filter(|node| node.texts(field::NODE_OP) == [op]);
    let attributes = of_op.flat_map(|node| node.messages(5));
    let pads = attributes.filter(|attribute| attribute.texts(1) == ["pads"]);
    pads.map(|attribute| attribute.numbers(8)).collect()
}

#[test]
fn the_labelled_generator_is_two_dense_layers_and_two_transposed_convolutions() {
    let place = Place::generator(&labelled());
    place.converted("out", &[]);
    let bytes = place.bytes("out/generator.onnx");
    let model = Message::read(&bytes);
    assert_eq!(model.numbers(1), [8], "IR version");
    assert_eq!(model.message(8).numbers(2), [17], "opset");
    assert_eq!(model.texts(2), ["dcgan-convert"]);
    let graph = model.message(field::GRAPH);
    let expected = [
        "Gather",
        "Concat",
        "Gemm",
        "Relu",
        "Concat",
        "Gemm",
        "Relu",
        "Reshape",
        "Unsqueeze",
        "Expand",
        "Concat",
        "ConvTranspose",
        "Relu",
        "Unsqueeze",
        "Expand",
        "Concat",
        "ConvTranspose",
        "Sigmoid",
        "Transpose",
    ];
    assert_eq!(ops(&graph), expected);
    let value = |name: &str, kind, dims: &[&str]| {
        let dims = dims.iter().map(|&dim| dim.to_owned()).collect();
        (name.to_owned(), kind, dims)
    };
    let inputs = [value("z", 1, &["N", "5"]), value("class", 7, &["N"])];
    assert_eq!(values(&graph, 11), inputs);
    let images = [value("images", 1, &["N", "8", "8", "1"])];
    assert_eq!(values(&graph, 12), images);
    assert_eq!(pads(&graph, "ConvTranspose"), [[1, 1, 2, 2]; 2]);
}

#[test]
fn maps_of_odd_sides_are_padded_by_two_before() {
    let place = Place::checkpoint(&unlabelled());
    place.converted("out", &[]);
    // Sides 18, 9, 5 and 9, 5, 3.
    for (name, op, expected) in [
        (
            "generator",
            "ConvTranspose",
            [[2, 2, 2, 2], [2, 2, 2, 2], [1, 2, 2, 2]],
        ),
        (
            "discriminator",
            "Conv",
            [[1, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]],
        ),
    ] {
        let bytes = place.bytes(&format!("out/{name}.onnx"));
        let graph = Message::read(&bytes).message(field::GRAPH);
        assert_eq!(pads(&graph, op), expected, "{name}");
        assert_eq!(values(&graph, 11).len(), 1, "no input `class`");
    }
}

#[test]
fn the_last_kernel_has_its_axes_in_onnx_order_and_its_values() {
    let place = Place::generator(&unlabelled());
    place.converted("out", &[]);
    let bytes = place.bytes("out/generator.onnx");
    let graph = Message::read(&bytes).message(field::GRAPH);
    // No batch norm is folded into the last layer.
    let (kind, dims, data) = constant(&graph, "g_h3/weight");
    assert_eq!((kind, &dims[..]), (1, &[3, 3, 5, 5][..]));
    let model = read_generator(&place.path("model.safetensors")).unwrap();
    let (_, ours) = &model.weights["generator/g_h3/w"];
    for (i, o, row, column) in [(0, 0, 0, 0), (2, 1, 3, 4), (1, 2, 4, 0)] {
        let at = 4 * (((i * 3 + o) * 5 + row) * 5 + column);
        let from = ((row * 5 + column) * 3 + o) * 3 + i;
        assert_eq!(data[at..at + 4], ours[from].to_le_bytes());
    }
}

#[test]
fn batch_norm_is_folded_in_the_generator_and_taken_of_the_batch_in_the_discriminator() {
    let place = Place::checkpoint(&labelled());
    place.converted("out", &[]);
    let bytes = place.bytes("out/generator.onnx");
    let graph = Message::read(&bytes).message(field::GRAPH);
    let (_, dims, data) = constant(&graph, "g_h0_lin/bias");
    assert_eq!(dims, [16]);
    let model = read_generator(&place.path("model.safetensors")).unwrap();
    let of = |name: &str| model.weights[&format!("generator/{name}")].1[5];
    let scale = of("g_bn0/gamma") / (of("g_bn0/moving_variance") + 1e-5).sqrt();
    let expected = (of("g_h0_lin/bias") - of("g_bn0/moving_mean")) * scale + of("g_bn0/beta");
    let got = f32::from_le_bytes(data[20..24].try_into().unwrap());
    assert!((got - expected).abs() < 1e-5, "{got} {expected}");

    let bytes = place.bytes("out/discriminator.onnx");
    let graph = Message::read(&bytes).message(field::GRAPH);
    let means = ops(&graph).iter().filter(|op| *op == "ReduceMean").count();
    assert_eq!(means, 4, "mean and variance of two layers");
    assert_eq!(values(&graph, 12)[0].2, ["N", "1"]);
}

#[test]
fn half_precision_stores_weights_in_two_bytes_and_casts_them() {
    let place = Place::checkpoint(&labelled());
    place.converted("whole", &[]);
    place.converted("half", &["--half"]);
    for name in ["generator", "discriminator"] {
        let bytes = ["whole", "half"].map(|out| place.bytes(&format!("{out}/{name}.onnx")));
        let [whole, half] = bytes
            .each_ref()
            .map(|bytes| Message::read(bytes).message(field::GRAPH));
        assert!(!ops(&whole).contains(&"Cast".to_owned()));
        let n_weights = ops(&half).iter().filter(|op| *op == "Cast").count();
        assert!(n_weights >= 8, "{n_weights}");
        let layer = if name == "generator" {
            "g_h1_lin"
        } else {
            "d_h2_lin"
        };
        let (kind, dims, data) = constant(&whole, &format!("{layer}/weight"));
        let (half_kind, half_dims, half_data) = constant(&half, &format!("{layer}/weight/half"));
        assert_eq!((kind, half_kind, dims), (1, 10, half_dims));
        assert_eq!(data.len(), 2 * half_data.len());
        assert_eq!(values(&whole, 11), values(&half, 11));
        assert_eq!(values(&whole, 12), values(&half, 12));
    }
}

#[test]
fn metadata_name_the_classes_and_the_range() {
    let place = Place::generator(&labelled());
    place.change(|model| model.network.untrained_classes = vec![1]);
    place.converted("out", &[]);
    let bytes = place.bytes("out/generator.onnx");
    let props = Message::read(&bytes).messages(14);
    let props: Vec<(&str, &str)> = props
        .iter()
        .map(|prop| (prop.texts(1)[0], prop.texts(2)[0]))
        .collect();
    let step = STEP.to_string();
    let hash = "0".repeat(64);
    let expected = [
        ("class_names", r#"["zero","one","2"]"#),
        ("untrained_classes", "[1]"),
        ("value_range", "[0,1]"),
        ("z_distribution", "uniform"),
        ("step", &step),
        ("dataset_sha256", &hash),
    ];
    assert_eq!(props, expected);
}
