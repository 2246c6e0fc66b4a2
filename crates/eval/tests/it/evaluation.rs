//! The figures of an evaluation.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::{DatasetReader, Part};
use dcgan_checkpoints::{ClassChoice, LoadedDiscriminator, LoadedGenerator};
use dcgan_figures::decode_png;
use dcgan_metrics::{Distribution, accuracy, roc_auc};

fn float(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap()
}

fn picture(fixture: &Fixture, name: &str) -> dcgan_figures::Picture {
    decode_png(&std::fs::read(fixture.path(name)).unwrap()).unwrap()
}

/// With one block of each kind the order within it does not matter, so the figures equal those of
/// the library.
#[test]
fn figures_are_the_measures_of_the_discriminators_logits() {
    let fixture = Fixture::new();
    let dataset = fixture.dataset("d", SIDE, 3, [64, 64]);
    let checkpoint = fixture.checkpoint("c", SIDE, 3);
    let args = [
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=64",
        "--out",
        "out",
    ];
    fixture.succeed(&args);

    let discriminator = LoadedDiscriminator::load(&checkpoint).unwrap();
    let logits = |images: &[u8], labels: &[u8]| discriminator.logits(images, Some(labels)).unwrap();
    let reader = DatasetReader::open(&dataset).unwrap();
    let test = reader.read_part(Part::Test).unwrap();
    let test = logits(&test.images, &test.labels.unwrap());
    let generator = LoadedGenerator::load(&checkpoint).unwrap();
    let classes = ClassChoice::Cycle(vec![0, 1, 2]);
    let images = generator.images(0, 0, 64, &classes).unwrap();
    let generated = logits(&images, &classes.classes(0, 64).unwrap());

    let tree = fixture.json("out/discriminator.json");
    let close = |got: &serde_json::Value, expected: f64| {
        assert!((float(got) - expected).abs() < 1e-6, "{got} {expected}");
    };
    let expected = Distribution::of(&test).unwrap();
    let all = &tree["parts"]["test"]["all"];
    close(&all["logit"]["mean"], expected.mean);
    close(
        &all["logit"]["standard_deviation"],
        expected.standard_deviation,
    );
    close(&all["logit"]["quantiles"]["0.5"], expected.quantiles[4]);
    close(&all["accuracy"], accuracy(&test, true).unwrap());
    close(
        &tree["parts"]["generated"]["all"]["accuracy"],
        accuracy(&generated, false).unwrap(),
    );
    close(
        &tree["roc_auc"]["test_vs_generated"]["all"],
        roc_auc(&test, &generated).unwrap(),
    );
    let metrics = fixture.json("out/metrics.json");
    assert_eq!(
        metrics["discriminator"]["test"]["logit_mean"],
        all["logit"]["mean"]
    );
    assert_eq!(metrics["step"], 7);
    // Images 1, 4, 7, ... have class "one": the logits are in the order of the images.
    let one: Vec<f32> = generated.iter().skip(1).step_by(3).copied().collect();
    let mean = Distribution::of(&one).unwrap().mean;
    close(
        &tree["parts"]["generated"]["classes"]["one"]["logit"]["mean"],
        mean,
    );
    // Image 1 has class "one": its logit is among that class's.
    let count = tree["parts"]["generated"]["classes"]["one"]["logit"]["count"].as_u64();
    assert_eq!(count, Some(21));
}

#[test]
fn the_grids_hold_the_generated_images() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    let checkpoint = fixture.checkpoint("c", SIDE, 3);
    let args = [
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=70",
        "--out",
        "out",
    ];
    fixture.succeed(&args);
    let generator = LoadedGenerator::load(&checkpoint).unwrap();
    let images = generator
        .images(0, 0, 70, &ClassChoice::Cycle(vec![0, 1, 2]))
        .unwrap();
    let image = |i: usize| &images[i * SIDE * SIDE..(i + 1) * SIDE * SIDE];
    let cell = |picture: &dcgan_figures::Picture, row: usize, column: usize| -> Vec<u8> {
        (0..SIDE)
            .flat_map(|y| {
                let start = (row * SIDE + y) * picture.width() + column * SIDE;
                picture.pixels()[start..start + SIDE].to_vec()
            })
            .collect()
    };
    let grid = picture(&fixture, "out/grid.png");
    assert_eq!((grid.height(), grid.width()), (8 * SIDE, 8 * SIDE));
    assert_eq!(cell(&grid, 1, 2), image(10));
    let classes = picture(&fixture, "out/grid-classes.png");
    assert_eq!((classes.height(), classes.width()), (3 * SIDE, 10 * SIDE));
    // Row 2 is class 2, whose images are 2, 5, 8, ...
    assert_eq!(cell(&classes, 2, 1), image(5));
}

#[test]
fn the_table_holds_every_figure_once() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [70, 64]);
    fixture.checkpoint("c", SIDE, 3);
    let args = ["--dataset", "d", "--checkpoint", "c", "--out", "out"];
    let set = ["--set", "eval.n=64", "--set", "eval.histogram_bins=5"];
    fixture.succeed(&[&args[..], &set].concat());
    let mut reader = csv::Reader::from_path(fixture.path("out/discriminator.csv")).unwrap();
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        header,
        [
            "part",
            "class",
            "quantity",
            "statistic",
            "low",
            "high",
            "value"
        ]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let keys: std::collections::BTreeSet<String> = rows
        .iter()
        .map(|row| row.iter().take(6).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(keys.len(), rows.len());
    // Three parts and four groups, each with accuracy and twice 14 figures and 5 bins; two rankings
    // of two.
    assert_eq!(rows.len(), 12 * (1 + 2 * (14 + 5)) + 2 * 2 * 4);
    let tree = fixture.json("out/discriminator.json");
    let value = |key: [&str; 4]| -> f64 {
        let row = rows.iter().find(|row| row.iter().take(4).eq(key)).unwrap();
        row[6].parse().unwrap()
    };
    let expected = float(&tree["parts"]["train"]["classes"]["two"]["probability"]["mean"]);
    let got = value(["train", "two", "probability", "mean"]);
    assert_eq!(got.to_bits(), expected.to_bits());
    let counted: f64 = rows
        .iter()
        .filter(|row| row.iter().take(4).eq(["train", "", "logit", "histogram"]))
        .map(|row| row[6].parse::<f64>().unwrap())
        .sum();
    assert_eq!(counted.to_bits(), 70.0_f64.to_bits());
}

#[test]
fn samples_alone_have_no_discriminator() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [10, 5]);
    fixture.samples("s", SIDE, 3, 20);
    let stdout = fixture.succeed(&["--dataset", "d", "--samples", "s", "--out", "out"]);
    assert!(!fixture.path("out/discriminator.csv").exists());
    assert!(fixture.path("out/grid-classes.png").exists());
    let metrics = fixture.json("out/metrics.json");
    assert_eq!(metrics["images"]["generated"], 20);
    assert!(metrics.get("discriminator").is_none());
    insta::assert_snapshot!(stdout, @r"
    20 generated images

    random features                    value                95 %        real      halves
    kernel distance                  -0.0128                         -0.0227     -0.0235
    real: in figures of one set, 5 test images; in figures of two, 10 training images instead of the generated ones.
    halves: 2 test images against as many others, on which the classifier was not trained: the values of a perfect generator; Fréchet distances are scaled to the numbers of images compared here.

    pixels                             value                95 %        real
    1-NN error on the test part       1.0000     0.5655 - 1.0000      0.6000
    nearer than 99 % of tests         0.3500     0.1812 - 0.5671      0.0100
    distance to training part       742.2409                        765.1804
    nearer than 99 % of tests: real is 1 % by construction
    duplicates                             0

    left out because the training part has 10 images and 64 are needed: quality.class_accuracy, quality.cross_entropy, quality.class_accuracy_by_class, quality.classifier_score
    left out because 20 images are generated and 40 are needed: quality.frechet_distance
    left out because 20 images are generated and 50 are needed: quality.kernel_distance.interval
    left out because the test part has 5 images and 6 are needed: quality.precision, quality.recall, quality.density, quality.coverage
    left out because fewer than 2 classes have 40 generated and 40 test images each: quality.frechet_distance_class_mean, quality.frechet_distance_by_class, quality.diversity_by_class, alarms.collapse

    wrote grid.png, grid-classes.png, nearest.png, nearest.csv, report.html, metrics.json to `out`
    ");
}

#[test]
fn a_checkpoint_beside_samples_judges_them() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.checkpoint("c", SIDE, 3);
    fixture.samples("s", SIDE, 3, 130);
    let inputs = ["--dataset", "d", "--checkpoint", "c", "--samples", "s"];
    fixture.succeed(&[&inputs[..], &["--out", "out"]].concat());
    let tree = fixture.json("out/discriminator.json");
    assert_eq!(tree["parts"]["generated"]["all"]["logit"]["count"], 130);
}

#[test]
fn without_labels_there_are_no_classes() {
    let fixture = Fixture::new();
    fixture.dataset("d", 16, 0, [64, 0]);
    fixture.checkpoint("c", 16, 0);
    let args = [
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=64",
        "--out",
        "out",
    ];
    fixture.succeed(&args);
    assert!(!fixture.path("out/grid-classes.png").exists());
    let tree = fixture.json("out/discriminator.json");
    assert!(tree["parts"]["train"].get("classes").is_none());
    assert!(tree["parts"].get("test").is_none());
    let csv = std::fs::read_to_string(fixture.path("out/discriminator.csv")).unwrap();
    assert!(
        csv.lines()
            .skip(1)
            .all(|line| line.split(',').nth(1) == Some(""))
    );
}

#[test]
fn the_summary_is_a_table() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.checkpoint("c", SIDE, 3);
    let args = [
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=64",
        "--out",
        "out",
    ];
    let stdout = fixture.succeed(&args);
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    insta::assert_snapshot!(stdout.chars().map(digits).collect::<String>(), @r"
    discriminator                      train        test   generated
    images                                00          00          00
    logit, mean                      -0.0000     -0.0000     -0.0000
    logit, standard deviation         0.0000      0.0000      0.0000
    probability, mean                 0.0000      0.0000      0.0000
    accuracy at 0.0                   0.0000      0.0000      0.0000
    ROC AUC against generated         0.0000      0.0000

    accuracy at 0.0 by class
    zero                              0.0000      0.0000      0.0000
    one                               0.0000      0.0000      0.0000
    two                               0.0000      0.0000      0.0000

    classifier                         value                00 %        real      halves
    class accuracy                    0.0000     0.0000 - 0.0000      0.0000
    cross-entropy                     0.0000     0.0000 - 0.0000      0.0000
    classifier score                  0.0000     0.0000 - 0.0000      0.0000
    Fréchet distance                 00.0000   00.0000 - 00.0000      0.0000
    kernel distance                   0.0000     0.0000 - 0.0000     -0.0000      0.0000
    precision                         0.0000     0.0000 - 0.0000      0.0000      0.0000
    recall                            0.0000     0.0000 - 0.0000      0.0000      0.0000
    density                           0.0000     0.0000 - 0.0000      0.0000      0.0000
    coverage                          0.0000     0.0000 - 0.0000      0.0000      0.0000
    real: in figures of one set, 00 test images; in figures of two, 00 training images instead of the generated ones. The classifier was trained on these and distinguishes them from new images: not an upper limit.
    halves: 00 test images against as many others, on which the classifier was not trained: the values of a perfect generator; Fréchet distances are scaled to the numbers of images compared here.

    pixels                             value                00 %        real
    0-NN error on the test part       0.0000     0.0000 - 0.0000      0.0000
    nearer than 00 % of tests         0.0000     0.0000 - 0.0000      0.0000
    distance to training part       000.0000                        000.0000
    nearer than 00 % of tests: real is 0 % by construction
    duplicates                            00
    Memorised may mislead here: recall is below a tenth of that of real images, so the generated ones are alike, and faint or blurred images are nearer to training images than test images are without being copies. nearest.png shows the nearest pairs.

    left out because half of the test part has 00 images and 00 are needed: quality.frechet_distance.halves
    left out because fewer than 0 classes have 00 generated and 00 test images each: quality.frechet_distance_class_mean, quality.frechet_distance_by_class, quality.diversity_by_class, alarms.collapse

    wrote grid.png, grid-classes.png, interpolation.png, discriminator.csv, discriminator.json, worst.png, surest.png, nearest.png, nearest.csv, accuracy-by-class.svg, logits.svg, probabilities.svg, calibration.svg, report.html, metrics.json to `out`
    ");
    let stdout = fixture.succeed(&[&args[..], &["--json", "--force"]].concat());
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["metrics"], fixture.json("out/metrics.json"));
}

#[test]
fn another_dataset_than_the_checkpoints_is_said() {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [64, 64]);
    fixture.checkpoint("c", SIDE, 3);
    let args = [
        "--dataset",
        "d",
        "--checkpoint",
        "c",
        "--set",
        "eval.n=64",
        "--out",
        "out",
    ];
    let outcome = fixture.run(&args);
    assert!(
        outcome.stderr.contains("trained on another dataset"),
        "{}",
        outcome.stderr
    );
}
