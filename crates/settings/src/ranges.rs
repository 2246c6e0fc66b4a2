//! Ranges of values. An error names the key, what is expected and the value found, before any stage
//! begins.

use crate::fault::{Fault, channels, named, within};
use crate::keys::{join, nearest_name};
use crate::{
    Best, Depth, Eval, IdxFiles, Labels, NetworkKind, Pictures, Pipeline, Prepare, Sample,
    Synthetic, Train, parse_seeds, ranges_of_sources,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Maximum number of classes in a dataset: labels are bytes.
const MAX_CLASSES: usize = 256;
/// Maximum bytes of pixels from the synthetic source, which holds them in memory.
const MAX_SYNTHETIC_BYTES: usize = 1 << 32;
/// The four files of an IDX dataset, by key.
const IDX_FILES: [&str; 4] = ["train_images", "train_labels", "test_images", "test_labels"];

/// Checks every value of `pipeline`.
pub(crate) fn check(pipeline: &Pipeline) -> Result<(), Fault> {
    prepare(&pipeline.prepare)?;
    train(&pipeline.train)?;
    sample(&pipeline.sample)?;
    eval(&pipeline.eval)
}

fn prepare(prepare: &Prepare) -> Result<(), Fault> {
    named("prepare.name", &prepare.name)?;
    within(
        "prepare.class_names",
        prepare.class_names.len(),
        0..=MAX_CLASSES,
        " names",
    )?;
    let mut seen = BTreeSet::new();
    for name in &prepare.class_names {
        named("prepare.class_names", name)?;
        if !seen.insert(name) {
            return Err(Fault::new(
                "prepare.class_names",
                "a name once",
                format!("`{name}` twice"),
            ));
        }
    }
    within(
        "prepare.validation",
        prepare.validation,
        0..=1_000_000_000,
        "",
    )?;
    idx(&prepare.idx)?;
    ranges_of_sources::check(prepare)?;
    folders("prepare.folder", &prepare.folder)?;
    folders("prepare.test_folder", &prepare.test_folder)?;
    if !prepare.test_folder.is_empty() && prepare.pictures.test_share > 0.0 {
        return Err(Fault::new(
            "prepare.pictures.test_share",
            "0, as `prepare.test_folder` is the test part",
            prepare.pictures.test_share.to_string(),
        ));
    }
    pictures(&prepare.pictures)?;
    synthetic(&prepare.synthetic)
}

fn idx(files: &IdxFiles) -> Result<(), Fault> {
    let given = [
        files.train_images.is_some(),
        files.train_labels.is_some(),
        files.test_images.is_some(),
        files.test_labels.is_some(),
    ];
    let [train_images, train_labels, test_images, test_labels] = given;
    // Name the key that is present, because that is where its writer looks.
    let alone = |name: &str, missing: &str| {
        let expected = format!("`prepare.idx.{missing}` with it");
        Err(Fault::new(&join("prepare.idx", name), expected, "none"))
    };
    if train_labels && !train_images {
        return alone("train_labels", "train_images");
    }
    if test_labels && !test_images {
        return alone("test_labels", "test_images");
    }
    if train_images && test_images && train_labels && !test_labels {
        return alone("train_labels", "test_labels");
    }
    if train_images && test_images && test_labels && !train_labels {
        return alone("test_labels", "train_labels");
    }
    within("prepare.idx.first_label", files.first_label, 0..=255, "")?;
    for (name, hash) in &files.sha256 {
        let key = join("prepare.idx.sha256", name);
        let Some(file) = IDX_FILES.iter().position(|file| file == name) else {
            let near = nearest_name(name, &IDX_FILES);
            let expected = near.map_or_else(
                || format!("one of the keys `{}`", IDX_FILES.join("`, `")),
                |near| format!("the key `{near}`"),
            );
            return Err(Fault::new(&key, expected, format!("`{name}`")));
        };
        let is_hex =
            hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hex {
            return Err(Fault::new(
                &key,
                "64 lower-case hexadecimal digits",
                format!("`{hash}`"),
            ));
        }
        if !given[file] {
            return alone(&join("sha256", name), name);
        }
    }
    Ok(())
}

fn folders(key: &str, folders: &[PathBuf]) -> Result<(), Fault> {
    within(key, folders.len(), 0..=1000, " paths")?;
    for folder in folders {
        named(key, &folder.to_string_lossy())?;
    }
    Ok(())
}

fn pictures(pictures: &Pictures) -> Result<(), Fault> {
    within("prepare.pictures.height", pictures.height, 1..=4096, "")?;
    within("prepare.pictures.width", pictures.width, 1..=4096, "")?;
    channels("prepare.pictures.channels", pictures.channels)?;
    within("prepare.pictures.box", pictures.crop_box, 1..=65_536, "")?;
    within(
        "prepare.pictures.max_images",
        pictures.max_images,
        0..=1_000_000_000,
        "",
    )?;
    if !(0.0..1.0).contains(&pictures.test_share) {
        return Err(Fault::new(
            "prepare.pictures.test_share",
            "at least 0 and less than 1",
            pictures.test_share.to_string(),
        ));
    }
    match (pictures.labels, &pictures.labels_file) {
        (Labels::Csv, None) => Err(Fault::new(
            "prepare.pictures.labels",
            "`prepare.pictures.labels_file` with `csv`",
            "none",
        )),
        (labels, Some(file)) if labels != Labels::Csv => Err(Fault::new(
            "prepare.pictures.labels_file",
            "none, as `prepare.pictures.labels` is not `csv`",
            format!("`{}`", file.display()),
        )),
        _ => Ok(()),
    }
}

fn synthetic(synthetic: &Synthetic) -> Result<(), Fault> {
    let &Synthetic {
        train,
        test,
        height,
        width,
        channels: colours,
        classes,
    } = synthetic;
    within("prepare.synthetic.train", train, 1..=10_000_000, "")?;
    within("prepare.synthetic.test", test, 0..=10_000_000, "")?;
    within("prepare.synthetic.height", height, 1..=4096, "")?;
    within("prepare.synthetic.width", width, 1..=4096, "")?;
    channels("prepare.synthetic.channels", colours)?;
    within("prepare.synthetic.classes", classes, 0..=MAX_CLASSES, "")?;
    // At most 2^25 * 2^24 * 3: far from overflow.
    let bytes = (train + test) * height * width * colours;
    within(
        "prepare.synthetic",
        bytes,
        1..=MAX_SYNTHETIC_BYTES,
        " bytes of pixels in all",
    )
}

fn train(train: &Train) -> Result<(), Fault> {
    within("train.epochs", train.epochs, 1..=1_000_000, "")?;
    // Batch norm's unbiased variance divides by the batch size minus one.
    within("train.batch_size", train.batch_size, 2..=65_536, "")?;
    within("train.z_dim", train.z_dim, 1..=65_536, "")?;
    within("train.gf_dim", train.gf_dim, 1..=4096, "")?;
    within("train.df_dim", train.df_dim, 1..=4096, "")?;
    within("train.gfc_dim", train.gfc_dim, 1..=65_536, "")?;
    within("train.dfc_dim", train.dfc_dim, 1..=65_536, "")?;
    if let Depth::Levels(levels) = train.depth
        && !(1..=8).contains(&levels)
    {
        let expected = "`auto`, or 1 to 8";
        return Err(Fault::new("train.depth", expected, levels.to_string()));
    }
    for (key, rate) in [
        ("train.learning_rate", Some(train.learning_rate)),
        ("train.learning_rate_d", train.learning_rate_d),
    ] {
        if let Some(rate) = rate
            && !(rate > 0.0 && rate <= 1.0)
        {
            let found = rate.to_string();
            return Err(Fault::new(key, "more than 0 and at most 1", found));
        }
    }
    within(
        "train.learning_rate_half_life",
        train.learning_rate_half_life,
        0.0..=1e6,
        " epochs",
    )?;
    if !(0.0..1.0).contains(&train.ema) {
        let found = train.ema.to_string();
        return Err(Fault::new("train.ema", "at least 0 and less than 1", found));
    }
    within(
        "train.label_smoothing",
        train.label_smoothing,
        0.0..=0.5,
        "",
    )?;
    if !(0.0..1.0).contains(&train.beta1) {
        let found = train.beta1.to_string();
        return Err(Fault::new(
            "train.beta1",
            "at least 0 and less than 1",
            found,
        ));
    }
    within(
        "train.generator_updates",
        train.generator_updates,
        1..=100,
        "",
    )?;
    within("train.max_rollbacks", train.max_rollbacks, 0..=1000, "")?;
    within(
        "train.collapse_watch",
        train.collapse_watch,
        0..=1_000_000_000,
        "",
    )?;
    within("train.log_every", train.log_every, 1..=1_000_000_000, "")?;
    within(
        "train.checkpoint_every",
        train.checkpoint_every,
        1..=1_000_000_000,
        "",
    )?;
    within(
        "train.keep_checkpoints",
        train.keep_checkpoints,
        0..=1_000_000_000,
        "",
    )?;
    within("train.grid_every", train.grid_every, 0..=1_000_000_000, "")?;
    scores(train)
}

/// Checks scores and the choice of the best checkpoint.
fn scores(train: &Train) -> Result<(), Fault> {
    let every = train.score_every;
    within("train.score_every", every, 0..=1_000_000_000, "")?;
    if let Some(path) = &train.classifier {
        named("train.classifier", &path.to_string_lossy())?;
    }
    if train.best == Best::None {
        return Ok(());
    }
    let name = json!(train.best);
    let got = format!("`{}`", name.as_str().unwrap_or_default());
    let best = |expected: &str| Err(Fault::new("train.best", expected, got.clone()));
    if every == 0 {
        return best("`none`, as `train.score_every` is 0");
    }
    if train.best.is_of_average() && train.ema == 0.0 {
        return best("a score of the plain generator, as `train.ema` is 0");
    }
    if train.best.is_accuracy() && train.network == NetworkKind::Unlabelled {
        return best("a distance, as `train.network: unlabelled` draws no class");
    }
    // Only a checkpoint with a score can be the best.
    if !train.checkpoint_every.is_multiple_of(every) {
        return Err(Fault::new(
            "train.checkpoint_every",
            format!(
                "a multiple of `train.score_every`, {every}, as `train.best` compares checkpoints"
            ),
            train.checkpoint_every.to_string(),
        ));
    }
    Ok(())
}

fn sample(sample: &Sample) -> Result<(), Fault> {
    within("sample.n", sample.n, 1..=10_000_000, "")?;
    if parse_seeds(&sample.seeds).is_err() {
        let found = format!("`{}`", sample.seeds);
        return Err(Fault::new(
            "sample.seeds",
            "numbers and ranges such as `0,3-6`",
            found,
        ));
    }
    if let Some(class) = &sample.class {
        named("sample.class", class)?;
    }
    within("sample.columns", sample.columns, 0..=4096, "")
}

fn eval(eval: &Eval) -> Result<(), Fault> {
    within("eval.n", eval.n, 1..=10_000_000, "")?;
    within("eval.histogram_bins", eval.histogram_bins, 2..=10_000, "")?;
    within(
        "eval.classifier_epochs",
        eval.classifier_epochs,
        1..=10_000,
        "",
    )?;
    let alarms = &eval.alarms;
    for (key, value) in [
        ("discriminator_saturated", alarms.discriminator_saturated),
        ("generator_saturated", alarms.generator_saturated),
        ("overfitting", alarms.overfitting),
        ("collapse", alarms.collapse),
        ("oscillation", alarms.oscillation),
    ] {
        within(&format!("eval.alarms.{key}"), value, 0.0..=1.0, "")?;
    }
    Ok(())
}
