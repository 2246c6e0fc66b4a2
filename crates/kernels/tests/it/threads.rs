//! Results do not depend on the number of threads, bit for bit.

use candle_core::{DType, Tensor};

use crate::layers::{flat, layers, values};

fn bits(t: &Tensor) -> Vec<u32> {
    flat::<f32>(t).into_iter().map(f32::to_bits).collect()
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    for layer in layers() {
        let o = layer.operands(DType::F32, 11);
        let dy = values(&layer.shapes()[4], 12);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let (y, [dx, dw, db]) = pool.install(|| layer.run(&o, &dy));
            [y, dx, dw, db].map(|t| bits(&t))
        };
        let one = with(1);
        assert_eq!(one, with(2), "{layer:?}");
        assert_eq!(one, with(3), "{layer:?}");
    }
}
