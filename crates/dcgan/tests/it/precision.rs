//! Which passes compute in bfloat16.

use crate::fixtures::{batch, labelled, networks, unlabelled};
use dcgan::{Config, Precision, Weights, values};

#[test]
fn training_passes_alone_are_in_another_precision() {
    for config in [labelled(), unlabelled(18, 21, 3)] {
        let config = Config {
            z_dim: 16,
            gf_dim: 8,
            df_dim: 8,
            ..config
        };
        let batch = batch(&config, 4);
        let y = batch.y.as_ref();
        let outputs = |precision: Precision| {
            let (g, d) = networks(&config);
            let (g, d) = (g.with_precision(precision), d.with_precision(precision));
            let forward = [
                g.forward(&batch.z, y, Weights::Tracked).unwrap().output,
                d.forward(&batch.x, y, Weights::Tracked).unwrap().output,
            ];
            let inferred = [g.infer(&batch.z, y).unwrap(), d.infer(&batch.x, y).unwrap()];
            let bits =
                |t: &_| -> Vec<u32> { values(t).unwrap().into_iter().map(f32::to_bits).collect() };
            (forward.each_ref().map(bits), inferred.each_ref().map(bits))
        };
        let (f32, bf16) = (outputs(Precision::F32), outputs(Precision::Bf16));
        assert!(f32.0[0] != bf16.0[0] && f32.0[1] != bf16.0[1], "training");
        assert!(f32.1 == bf16.1, "inference");
    }
}
