//! A training that diverges and rolls back several times, for tests that kill it.
//!
//! No allowed setting diverges within a few steps, so the weights of a checkpoint are edited: the
//! discriminator then overflows on every picture that is not all dark. All pictures but one are
//! dark. If the order has this one after the checkpoint, the run diverges; the next attempt has
//! another order.

use crate::programs::Run;
use dcgan_artifacts::{
    Checkpoint, DatasetInfo, Part, PartData, checkpoint_path, create_folder, list_checkpoints,
    write_dataset,
};
use dcgan_random::{Purpose, Stream};
use std::collections::BTreeMap;
use std::path::Path;

/// Settings of such a run in addition to the smoke pipeline's.
pub(crate) const SETTINGS: [&str; 6] = [
    "train.epochs=1",
    "train.checkpoint_every=4",
    "train.keep_checkpoints=0",
    "train.grid_every=7",
    "train.on_divergence=rollback",
    "train.max_rollbacks=20",
];
/// Steps between checkpoints, and the step that the run continues from.
const EVERY: u64 = 4;
/// Pictures per step in the smoke pipeline.
const BATCH: usize = 16;
const SIDE: usize = 28;
const CLASSES: usize = 10;
/// How often the run rolls back.
pub(crate) const ROLLBACKS: std::ops::RangeInclusive<usize> = 3..=5;

/// The steps that diverge if `poison` is the one picture that is not dark.
fn divergences(poison: u32, n_pictures: u32, last_step: u64) -> Vec<u64> {
    let (mut back_to, mut found) = (EVERY, Vec::new());
    loop {
        let attempt = u32::try_from(found.len()).expect("few");
        let mut order = Stream::with_attempt(0, Purpose::BatchOrder, 1, attempt);
        let order = order.permutation(n_pictures);
        let place = order.iter().position(|&picture| picture == poison);
        let step = (place.expect("one of them") / BATCH) as u64 + 1;
        if step <= back_to || step > last_step {
            return found;
        }
        found.push(step);
        back_to = (step - 1) / EVERY * EVERY;
    }
}

/// Makes a run of `last_step` steps in `folder` that has reached its first checkpoint and will roll
/// back several times, each time to another checkpoint.
pub(crate) fn begin(folder: &Path, last_step: u64) -> Run {
    let n = usize::try_from(last_step).expect("few") * BATCH + 2;
    let n_pictures = u32::try_from(n).expect("few");
    let is_fit = |poison: &u32| {
        let mut found = divergences(*poison, n_pictures, last_step);
        let n_rollbacks = found.len();
        found.dedup_by_key(|step| (*step - 1) / EVERY);
        ROLLBACKS.contains(&n_rollbacks) && found.len() == n_rollbacks
    };
    let poison = (0..n_pictures).find(is_fit).expect("a fit picture") as usize;
    let size = SIDE * SIDE;
    let images = (0..n * size).map(|i| u8::from(i / size == poison) * 255);
    let label = |i| u8::try_from(i % CLASSES).expect("few classes");
    let part = PartData {
        images: images.collect(),
        labels: Some((0..n).map(label).collect()),
        n,
    };
    let info = DatasetInfo {
        name: "dark".into(),
        class_names: (0..CLASSES).map(|class| class.to_string()).collect(),
        height: SIDE,
        width: SIDE,
        channels: 1,
        sources: Vec::new(),
    };
    let run = Run::new(folder, &SETTINGS);
    create_folder(&folder.join("prepare")).expect("a folder of ours");
    let dataset = folder.join("prepare/dataset.safetensors");
    write_dataset(&dataset, &info, &BTreeMap::from([(Part::Train, part)])).expect("a dataset");
    run.stage("train", &[]);
    let train = folder.join("train");
    std::fs::remove_file(train.join("manifest.json")).expect("a finished run");
    for (step, path) in list_checkpoints(&train.join("checkpoints")).expect("a folder") {
        if step > EVERY {
            std::fs::remove_file(path).expect("a checkpoint");
        }
    }
    spoil(&checkpoint_path(&train.join("checkpoints"), EVERY));
    run
}

/// Edits a checkpoint: its generator draws dark pictures, its discriminator overflows on others.
fn spoil(path: &Path) {
    let mut checkpoint = Checkpoint::read(path).expect("a checkpoint");
    for (name, (shape, values)) in &mut checkpoint.weights {
        match name.as_str() {
            "generator/g_h3/biases" => values.fill(-500.0),
            "discriminator/d_h0_conv/w" => {
                // The first input plane is the picture, the others are the class.
                let filters = *shape.last().expect("four dimensions");
                for of_tap in values.chunks_exact_mut((1 + CLASSES) * filters) {
                    of_tap[..filters].fill(3e38);
                }
            }
            _ => {}
        }
    }
    checkpoint.write(path).expect("a checkpoint of ours");
}

/// `events.csv`, or `None` if there is none.
pub(crate) fn events(run: &Run) -> Option<String> {
    std::fs::read_to_string(run.folder.join("train/events.csv")).ok()
}

/// Number of roll-backs so far, and number recorded in the newest checkpoint.
pub(crate) fn rollbacks(run: &Run) -> [usize; 2] {
    let rows = events(run).map_or(0, |events| events.lines().count().saturating_sub(1));
    let checkpoints = list_checkpoints(&run.folder.join("train/checkpoints"));
    let known = checkpoints
        .expect("a readable folder")
        .pop()
        .map(|(_, path)| {
            let info = dcgan_artifacts::read_checkpoint_info(&path);
            info.expect("a checkpoint").attempt as usize
        });
    [rows, known.unwrap_or(0)]
}
