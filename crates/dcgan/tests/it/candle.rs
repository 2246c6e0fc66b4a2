//! What a user of candle-nn finds: builders, modules and optimisers.

use crate::fixtures::{batch, labelled, networks, unlabelled};
use candle_core::{DType, Device, Module, ModuleT, Tensor, Var};
use candle_nn::{AdamW, Init, Optimizer, ParamsAdamW, VarBuilder, VarMap};
use dcgan::layers::{BatchNorm, Conv2d, Linear};
use dcgan::{
    Adam, AdamConfig, Backend, Config, Discriminator, Error, Generator, Kind, Purpose, Seeded,
    Stream, Weights, ZDistribution, discriminator_loss, discriminator_loss_real, file_name, values,
};

fn seeded(seed: u64) -> VarBuilder<'static> {
    Seeded::new(seed).into_builder(&Device::Cpu)
}

#[test]
fn seeded_weights_are_streams_in_a_fixed_order() {
    let config = labelled();
    let generator = Generator::init(&config, 7).unwrap();
    let discriminator = Discriminator::init(&config, 7).unwrap();
    for (network, purpose) in [
        (generator.parameters(), Purpose::GeneratorWeights),
        (discriminator.parameters(), Purpose::DiscriminatorWeights),
    ] {
        for (number, weight) in network.iter().enumerate() {
            let mut stream = Stream::new(7, purpose, number as u64);
            let is_cut = weight.name.ends_with("_conv/w");
            let drawn = weight.name.ends_with("/w") || weight.name.ends_with("/Matrix");
            let expected: Vec<u32> = (0..weight.var.elem_count())
                .map(|_| match (drawn, is_cut) {
                    (true, true) => 0.02 * stream.truncated_normal(),
                    (true, false) => 0.02 * stream.normal(),
                    (false, _) => f32::from(u8::from(weight.name.ends_with("gamma"))),
                })
                .map(f32::to_bits)
                .collect();
            let got = values(&weight.var).unwrap().into_iter().map(f32::to_bits);
            assert_eq!(got.collect::<Vec<_>>(), expected, "{}", weight.name);
        }
    }
}

/// One builder of both networks, asked twice, is as two builders of one each.
#[test]
fn a_seeded_builder_gives_a_name_its_values_again() {
    let config = labelled();
    let vb = seeded(3);
    let networks = || {
        let discriminator = Discriminator::new(&config, &vb.pp("discriminator")).unwrap();
        let generator = Generator::new(&config, &vb.pp("generator")).unwrap();
        let mut arrays = generator.arrays().unwrap();
        arrays.extend(discriminator.arrays().unwrap());
        arrays
    };
    let (first, second) = (networks(), networks());
    assert!(first == second);
    let mut apart = Generator::init(&config, 3).unwrap().arrays().unwrap();
    let discriminator = Discriminator::init(&config, 3).unwrap();
    apart.extend(discriminator.arrays().unwrap());
    assert!(first == apart);
}

#[test]
fn a_seeded_builder_draws_candles_own_layers_too() {
    let vb = Seeded::with_purpose(1, Purpose::Classifier).into_builder(&Device::Cpu);
    let layer = candle_nn::linear(30, 20, vb.pp("first")).unwrap();
    let weights = values(layer.weight()).unwrap();
    // Kaiming: a variance of 2 / 30.
    let squares: f32 = weights.iter().map(|weight| weight * weight).sum();
    let variance = squares / 600.0;
    assert!((variance - 2.0 / 30.0).abs() < 0.02, "{variance}");
    let weight = layer.weight();
    assert!(weight.is_variable() && Var::from_tensor(weight).is_ok());
    for (init, low, high) in [
        (Init::Const(0.5), 0.5, 0.5),
        (Init::Uniform { lo: 1.0, up: 2.0 }, 1.0, 2.0),
        (
            Init::Randn {
                mean: 9.0,
                stdev: 0.1,
            },
            8.0,
            10.0,
        ),
        // Within sqrt(6 / 50).
        (candle_nn::init::DEFAULT_KAIMING_UNIFORM, -0.347, 0.347),
    ] {
        let drawn = values(
            &vb.get_with_hints((4, 50), &format!("{init:?}"), init)
                .unwrap(),
        );
        let drawn = drawn.unwrap();
        assert!(
            drawn.iter().all(|value| (low..=high).contains(value)),
            "{init:?}: {drawn:?}"
        );
        assert_eq!(
            drawn.iter().all(|&v| v.to_bits() == drawn[0].to_bits()),
            low >= high
        );
    }

    let error = Generator::new(&labelled(), &seeded(1).pp("mine")).unwrap_err();
    assert!(matches!(&error, Error::Layer { layer, .. } if layer == "mine/g_h0_lin/Matrix"));
}

/// candle's loader, candle's names, and the errors of ours.
#[test]
fn weights_come_out_of_a_safetensors_file() {
    let config = labelled();
    let generator = Generator::init(&config, 5).unwrap();
    let arrays = generator.arrays().unwrap();
    let tensors = |lost: &str, turned: &str| {
        let tensors = arrays.iter().filter(|(name, _)| *name != lost);
        let tensors = tensors.map(|(name, (shape, values))| {
            let mut shape = shape.clone();
            if name == turned {
                shape.rotate_left(1);
            }
            let tensor = Tensor::from_slice(values, shape, &Device::Cpu).unwrap();
            (name.clone(), tensor)
        });
        let data: Vec<(String, Tensor)> = tensors.collect();
        safetensors::serialize(data.iter().map(|(name, tensor)| (name, tensor)), None).unwrap()
    };
    let load = |bytes| {
        let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).unwrap();
        Generator::new(&config, &vb.rename_f(file_name).pp("generator"))
    };
    let loaded = load(tensors("", "")).unwrap();
    assert!(loaded.arrays().unwrap() == arrays);
    let name = "generator/g_h2/w";
    let error = load(tensors(name, "")).unwrap_err();
    assert!(
        matches!(&error, Error::Missing { name: lost, .. } if lost == name),
        "{error:?}"
    );
    let error = load(tensors("", name)).unwrap_err();
    assert!(
        matches!(&error, Error::Shape { name: turned, .. } if turned == name),
        "{error:?}"
    );
}

#[test]
fn other_types_than_float32_are_refused() {
    let vb = VarBuilder::zeros(DType::F64, &Device::Cpu);
    let error = Generator::new(&labelled(), &vb.pp("generator")).unwrap_err();
    insta::assert_snapshot!(error, @"input `type of the weights` has F64, expected F32");
}

/// The variables of a `VarMap` are the network's own: candle's optimiser trains it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the order of the variables does not matter here"
)]
fn candles_optimiser_trains_a_network_of_a_var_map() {
    for config in [labelled(), unlabelled(16, 16, 1)] {
        let vars = VarMap::new();
        let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
        let discriminator = Discriminator::new(&config, &vb.pp("discriminator")).unwrap();
        let params = ParamsAdamW {
            lr: 2e-2,
            ..ParamsAdamW::default()
        };
        let mut optimiser = AdamW::new(vars.all_vars(), params).unwrap();
        let batch = batch(&config, 4);
        let mut losses = Vec::new();
        for _ in 0..8 {
            let logits = discriminator.forward_t(&batch.x, batch.y.as_ref(), true);
            let loss = discriminator_loss_real(&logits.unwrap(), Backend::default()).unwrap();
            losses.push(dcgan::scalar(&loss).unwrap());
            optimiser.backward_step(&loss).unwrap();
        }
        assert!(losses[7] < 0.8 * losses[0], "{losses:?}");
    }
}

#[test]
fn our_adam_is_an_optimiser_of_candles() {
    let config = labelled();
    let batch = batch(&config, 4);
    let y = batch.y.as_ref();
    let updated = |step: &dyn Fn(&mut Adam, &Tensor)| {
        let (_, d) = networks(&config);
        let vars = d.parameters().iter().map(|weight| weight.var.clone());
        let adam = AdamConfig::default();
        let mut adam = <Adam as Optimizer>::new(vars.collect(), adam).unwrap();
        for _ in 0..3 {
            let logits = d.forward(&batch.x, y, Weights::Tracked).unwrap().output;
            let loss = discriminator_loss(&logits, &logits, Backend::default()).unwrap();
            step(&mut adam, &loss.total);
        }
        assert_eq!(adam.steps(), 3);
        d.arrays().unwrap()
    };
    let by_loss = updated(&|adam, loss| adam.backward_step(loss).unwrap());
    let by_gradients = updated(&|adam, loss| adam.step(&loss.backward().unwrap()).unwrap());
    assert!(by_loss == by_gradients);

    let vars = vec![Var::new(&[1.0_f32], &Device::Cpu).unwrap()];
    let mut adam = Adam::new(vars.clone(), AdamConfig::default()).unwrap();
    assert!((adam.learning_rate() - 2e-4).abs() < 1e-9);
    adam.set_learning_rate(0.5);
    assert!((adam.learning_rate() - 0.5).abs() < 1e-9);
    // A variable that the loss does not know stays as it is.
    let other = Var::new(&[2.0_f32], &Device::Cpu).unwrap();
    adam.backward_step(&other.sum_all().unwrap()).unwrap();
    assert_eq!(values(&vars[0]).unwrap(), [1.0]);
}

/// Without training a pass is inference; with it the averages move once, by that pass.
#[test]
fn a_module_feeds_its_averages_in_training_alone() {
    for config in [labelled(), unlabelled(16, 16, 1)] {
        let batch = batch(&config, 4);
        let y = batch.y.as_ref();
        let (g, _) = networks(&config);
        let (other, _) = networks(&config);
        let before = g.arrays().unwrap();
        let inferred = g.forward_t(&batch.z, y, false).unwrap();
        let expected = values(&g.infer(&batch.z, y).unwrap()).unwrap();
        assert_eq!(values(&inferred).unwrap(), expected);
        assert!(g.arrays().unwrap() == before);

        let pass = other.forward(&batch.z, y, Weights::Tracked).unwrap();
        other.feed_averages(&pass.stats).unwrap();
        let trained = match y {
            Some(y) => batch.z.apply_t(&g.with_labels(y), true).unwrap(),
            None => batch.z.apply_t(&g, true).unwrap(),
        };
        assert!(trained.track_op());
        assert_eq!(values(&trained).unwrap(), values(&pass.output).unwrap());
        assert!(g.arrays().unwrap() == other.arrays().unwrap());
        assert!(g.arrays().unwrap() != before);
    }
    let (g, _) = networks(&labelled());
    let error = batch(&labelled(), 2).z.apply_t(&g, false).unwrap_err();
    assert!(error.to_string().contains("one-hot labels"), "{error}");
}

#[test]
fn layers_are_modules() {
    let vb = Seeded::with_purpose(1, Purpose::Classifier).into_builder(&Device::Cpu);
    let x = Tensor::ones((2, 6, 7, 3), DType::F32, &Device::Cpu).unwrap();
    let convolution = Conv2d::new(3, 4, [6, 7], &vb.pp("c")).unwrap();
    let h = x.apply(&convolution).unwrap();
    assert_eq!(h.dims(), [2, 3, 4, 4]);
    let norm = BatchNorm::new(4, &vb.pp("n")).unwrap();
    assert_eq!(norm.name(), "n");
    let inferred = h.apply_t(&norm, false).unwrap();
    let trained = h.apply_t(&norm, true).unwrap();
    let after = h.apply_t(&norm, false).unwrap();
    let [inferred, trained, after] = [inferred, trained, after].map(|h| values(&h).unwrap());
    assert!(inferred != trained && inferred != after);
    let up = Conv2d::transposed(4, 3, [6, 7], &vb.pp("t")).unwrap();
    assert_eq!(up.forward(&h).unwrap().dims(), [2, 6, 7, 3]);
    let dense = Linear::new(48, 5, &vb.pp("l")).unwrap();
    let flat = h.flatten_from(1).unwrap();
    assert_eq!(dense.forward(&flat).unwrap().dims(), [2, 5]);
    assert!(ModuleT::forward_t(&dense, &x, false).is_err());
}

#[test]
fn what_a_file_says_of_its_network_is_read() {
    let text =
        |network: &str| format!(r#"{{"format": 1, "kind": "generator", "network": {network}}}"#);
    let sizes = r#""height": 64, "width": 48, "channels": 3, "z_dim": 20, "gf_dim": 8,
        "df_dim": 9, "gfc_dim": 0, "dfc_dim": 0, "z_distribution": "normal""#;
    let metadata = text(&format!(
        r#"{{"kind": "unlabelled", "class_names": [], "depth": 3, {sizes}}}"#
    ));
    let config = Config::from_metadata(&metadata).unwrap();
    let expected = Config {
        z_dim: 20,
        gf_dim: 8,
        df_dim: 9,
        depth: 3,
        ..Config::unlabelled(64, 48, 3)
    };
    assert_eq!((config.kind, config), (Kind::Unlabelled, expected));
    let distribution = ZDistribution::from_metadata(&metadata).unwrap();
    assert_eq!(distribution, ZDistribution::Normal);

    let error = |metadata: &str| Config::from_metadata(metadata).unwrap_err();
    assert!(matches!(error("no JSON"), Error::Metadata { .. }));
    assert!(matches!(error("{}"), Error::Metadata { .. }));
    let missing = text(&format!(r#"{{"kind": "unlabelled", {sizes}}}"#));
    let Error::Metadata { source } = error(&missing) else {
        panic!("not named")
    };
    assert!(source.to_string().contains("class_names"), "{source}");
    let unknown = text(&format!(
        r#"{{"kind": "other", "class_names": [], {sizes}}}"#
    ));
    assert!(matches!(error(&unknown), Error::Config { key: "kind", .. }));
    let too_deep = text(&format!(
        r#"{{"kind": "unlabelled", "class_names": [], "depth": 9, {sizes}}}"#
    ));
    assert!(matches!(
        error(&too_deep),
        Error::Config { key: "depth", .. }
    ));
}
