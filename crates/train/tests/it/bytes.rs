//! Same settings, same bytes: for any number of threads and interruptions, in one run or two.

use crate::program::{Place, assert_same, text};
use dcgan_testkit::{Missing, untested};
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const TWO_EPOCHS: &[&str] = &["train.epochs=2", "train.keep_checkpoints=2"];

#[test]
fn a_run_writes_what_the_contract_lists() {
    let place = Place::new();
    let output = place.train("run", TWO_EPOCHS);
    assert_eq!(
        text(&output.stdout),
        "trained 12 steps, 2 epochs: `generator.safetensors` in `run`\n"
    );
    let files = place.files("run");
    insta::assert_debug_snapshot!(files.keys().collect::<Vec<_>>(), @r#"
    [
        "checkpoints/step-00000008.safetensors",
        "checkpoints/step-00000012.safetensors",
        "discriminator.safetensors",
        "generator.safetensors",
        "histograms.csv",
        "manifest.json",
        "metrics.csv",
        "run.json",
        "samples/reals.png",
        "samples/step-00000000.png",
        "samples/step-00000005.png",
        "samples/step-00000010.png",
        "samples/step-00000012.png",
    ]
    "#);
    let metrics = text(&files["metrics.csv"]);
    let lines: Vec<_> = metrics.lines().collect();
    assert_eq!(
        lines[0],
        "step,epoch,d_loss,d_loss_real,d_loss_fake,g_loss_1,g_loss_2,d_real_mean,d_fake_mean,\
         d_accuracy,d_grad_norm,g_grad_norm"
    );
    let steps: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split(',').take(2).collect::<Vec<_>>())
        .collect();
    let expected: Vec<Vec<String>> = (1..=12)
        .map(|step| vec![step.to_string(), if step <= 6 { "1" } else { "2" }.into()])
        .collect();
    assert_eq!(steps, expected);
    let timing = std::fs::read_to_string(place.path("run/timing.csv")).unwrap();
    assert!(timing.starts_with("step,iteration_ms,data_ms,images_per_second\n1,"));
    assert_eq!(timing.lines().count(), 13);
}

/// Rows of cells by the names of their columns.
fn rows(table: &[u8]) -> Vec<BTreeMap<String, String>> {
    let table = text(table);
    let mut lines = table.lines().map(|line| line.split(','));
    let names: Vec<&str> = lines.next().unwrap().collect();
    lines
        .map(|cells| {
            let named = names.iter().zip(cells);
            named
                .map(|(&name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        })
        .collect()
}

/// Fifty bins of D(x) and of D(G(z)) for each row of metrics, and they match its means and
/// accuracy.
#[test]
fn the_histograms_are_those_of_the_metrics() {
    let place = Place::new();
    place.train("run", &["train.epochs=2", "train.log_every=2"]);
    let files = place.files("run");
    let [metrics, histograms] = ["metrics.csv", "histograms.csv"].map(|name| rows(&files[name]));
    assert_eq!(metrics.len(), 6);
    assert_eq!(histograms.len(), 6);
    let batch_size = 4;
    for (metrics, histogram) in metrics.iter().zip(&histograms) {
        assert_eq!(histogram.len(), 2 + 2 * 50);
        assert_eq!(histogram["step"], metrics["step"]);
        assert_eq!(histogram["epoch"], metrics["epoch"]);
        let mut right = 0;
        for (of, mean) in [("d_real", "d_real_mean"), ("d_fake", "d_fake_mean")] {
            let bins = (0..50).map(|bin| {
                let low = f64::from(bin) / 50.0;
                (low, histogram[&format!("{of}_{low:.2}")].parse().unwrap())
            });
            let bins: Vec<(f64, u32)> = bins.collect();
            assert_eq!(bins.iter().map(|(_, count)| count).sum::<u32>(), batch_size);
            let weighed = bins
                .iter()
                .map(|(low, count)| (low + 0.01) * f64::from(*count));
            let centre = weighed.sum::<f64>() / f64::from(batch_size);
            let difference = centre - metrics[mean].parse::<f64>().unwrap();
            assert!(
                difference.abs() <= 0.01 + 1e-6,
                "{mean}: {metrics:?}, {bins:?}"
            );
            let is_right = |low: f64| (low >= 0.5) == (of == "d_real");
            let those = bins.iter().filter(|(low, _)| is_right(*low));
            right += those.map(|(_, count)| count).sum::<u32>();
        }
        let accuracy = f64::from(right) / f64::from(2 * batch_size);
        assert_eq!(accuracy.to_string(), metrics["d_accuracy"]);
    }
}

/// A run begun before histograms existed continues without them.
#[test]
fn a_run_without_histograms_continues() {
    let place = Place::new();
    place.train("whole", TWO_EPOCHS);
    place.train("run", &["train.epochs=1", "train.keep_checkpoints=2"]);
    let run = place.path("run");
    for name in ["histograms.csv", "manifest.json"] {
        std::fs::remove_file(run.join(name)).unwrap();
    }
    for (_, path) in dcgan_artifacts::list_checkpoints(&run.join("checkpoints")).unwrap() {
        let mut checkpoint = dcgan_artifacts::Checkpoint::read(&path).unwrap();
        checkpoint.info.tables.remove("histograms.csv").unwrap();
        checkpoint.write(&path).unwrap();
    }
    continues_without_histograms(&place, "run");
}

/// Asserts that the run equals an uninterrupted one except for its histograms.
fn continues_without_histograms(place: &Place, out: &str) {
    let dry = place.command(out, TWO_EPOCHS).arg("--dry-run").output();
    let said = text(&dry.unwrap().stdout);
    assert!(said.contains("metrics.csv") && !said.contains("histograms.csv"));
    place.train(out, TWO_EPOCHS);
    let [whole, run] = ["whole", out].map(|out| place.files(out));
    for name in ["metrics.csv", "generator.safetensors"] {
        assert_eq!(whole[name], run[name], "{name}");
    }
    assert!(!run.contains_key("histograms.csv"));
    assert!(!text(&run["manifest.json"]).contains("histograms.csv"));
}

/// Only a chart needs them.
#[test]
fn a_run_that_lost_its_histograms_continues() {
    let place = Place::new();
    place.train("whole", TWO_EPOCHS);
    for (out, first) in [("half", "train.epochs=1"), ("done", "train.epochs=2")] {
        place.train(out, &[first, "train.keep_checkpoints=2"]);
        std::fs::remove_file(place.path(out).join("histograms.csv")).unwrap();
        continues_without_histograms(&place, out);
    }
    // The same if they have other bins, or are damaged.
    for (out, from, to) in [
        ("other", "d_real_0.02", "d_real_0.03"),
        ("damaged", "\n1,1,0,", "\n1,1,9,"),
    ] {
        place.train(out, &["train.epochs=1", "train.keep_checkpoints=2"]);
        let path = place.path(out).join("histograms.csv");
        let changed = std::fs::read_to_string(&path)
            .unwrap()
            .replacen(from, to, 1);
        dcgan_artifacts::write_atomic(&path, changed.as_bytes()).unwrap();
        let said = place.command(out, TWO_EPOCHS).output().unwrap();
        assert!(said.status.success());
        let said = text(&said.stderr);
        assert!(said.contains("the run continues without it"), "{said}");
        let [whole, run] = ["whole", out].map(|out| place.files(out));
        assert_eq!(whole["generator.safetensors"], run["generator.safetensors"]);
        assert!(!text(&run["manifest.json"]).contains("histograms.csv"));
    }
}

#[test]
fn the_same_bytes_twice_and_for_any_number_of_threads() {
    let place = Place::new();
    place.train("run", TWO_EPOCHS);
    let expected = place.files("run");
    for threads in ["1", "2", "3"] {
        let out = format!("threads-{threads}");
        let mut command = place.command(&out, TWO_EPOCHS);
        assert!(
            command
                .args(["--threads", threads, "--quiet"])
                .status()
                .unwrap()
                .success()
        );
        assert_same(&expected, &place.files(&out));
    }
}

#[test]
fn bfloat16_gives_the_same_bytes_for_any_number_of_threads_and_resumed() {
    if dcgan::Precision::Bf16
        .missing(dcgan::Kernels::Auto)
        .is_some()
    {
        untested(
            "a training in bfloat16",
            Missing::Instructions("AVX512_BF16"),
        );
        return;
    }
    // Wide enough for products in bfloat16.
    let of = |epochs: &'static str, precision: &'static str| {
        let widths = [
            "train.gf_dim=8",
            "train.df_dim=8",
            "train.keep_checkpoints=2",
        ];
        [widths.as_slice(), &[epochs, precision]].concat()
    };
    let settings = of("train.epochs=2", "train.precision=bf16");
    place_and_compare(&settings, &of("train.epochs=1", "train.precision=bf16"));

    let place = Place::new();
    place.train("bf16", &settings);
    place.train("f32", &of("train.epochs=2", "train.precision=f32"));
    let [bf16, f32] = ["bf16", "f32"].map(|out| place.files(out));
    // Both draw pictures of the initial weights in float32.
    let picture = "samples/step-00000000.png";
    assert_eq!(bf16[picture], f32[picture]);
    assert_ne!(bf16["metrics.csv"], f32["metrics.csv"]);
}

/// Trains with one, two and three threads, and in two runs.
fn place_and_compare(settings: &[&str], first: &[&str]) {
    let place = Place::new();
    place.train("run", settings);
    let expected = place.files("run");
    for threads in ["1", "2", "3"] {
        let mut command = place.command(threads, settings);
        let status = command.args(["--threads", threads, "--quiet"]).status();
        assert!(status.unwrap().success());
        assert_same(&expected, &place.files(threads));
    }
    place.train("in-two", first);
    place.train("in-two", settings);
    assert_same(&expected, &place.files("in-two"));
}

#[test]
fn another_seed_gives_other_bytes() {
    let place = Place::new();
    place.train("run", TWO_EPOCHS);
    place.train(
        "other",
        &["train.epochs=2", "train.keep_checkpoints=2", "train.seed=1"],
    );
    let (run, other) = (place.files("run"), place.files("other"));
    for name in [
        "metrics.csv",
        "generator.safetensors",
        "samples/step-00000000.png",
    ] {
        assert_ne!(run[name], other[name], "{name}");
    }
    assert_eq!(run["samples/reals.png"], other["samples/reals.png"]);
}

#[test]
fn one_epoch_then_two_is_two_at_once() {
    let place = Place::new();
    place.train("at-once", TWO_EPOCHS);
    place.train("in-two", &["train.epochs=1", "train.keep_checkpoints=2"]);
    let first = place.checkpoints("in-two");
    assert_eq!(
        first,
        ["step-00000004.safetensors", "step-00000006.safetensors"]
    );
    place.train("in-two", TWO_EPOCHS);
    assert_same(&place.files("at-once"), &place.files("in-two"));
}

#[test]
fn interrupted_again_and_again_is_undisturbed() {
    let place = Place::new();
    // 600 steps, long enough to be interrupted. Rows reach the disk with every grid.
    let settings = &[
        "train.epochs=100",
        "train.grid_every=10",
        "train.checkpoint_every=250",
    ];
    place.train("undisturbed", settings);
    let mut stopped = 0;
    for (rows, signal, code) in [(20, "INT", 130), (60, "TERM", 143), (300, "INT", 130)] {
        let child = start(&mut place.command("run", settings));
        wait_for(|| place.rows("run") > rows);
        stopped += i32::from(stop(child, signal) == Some(code));
    }
    assert_eq!(stopped, 3, "a run ended before the signal");
    let interrupted = place.checkpoints("run");
    assert_eq!(
        interrupted.len(),
        2,
        "250 and the one on the last signal: {interrupted:?}"
    );
    place.train("run", settings);
    assert_same(&place.files("undisturbed"), &place.files("run"));
    let timing = std::fs::read_to_string(place.path("run/timing.csv")).unwrap();
    assert_eq!(timing.lines().count(), 601);
}

#[test]
fn killed_before_its_first_checkpoint_starts_again() {
    let place = Place::new();
    let settings = &[
        "train.epochs=60",
        "train.checkpoint_every=1000",
        "train.grid_every=3",
    ];
    place.train("undisturbed", settings);
    let child = start(&mut place.command("run", settings));
    wait_for(|| place.path("run/samples/step-00000009.png").exists());
    stop(child, "KILL");
    assert!(!place.path("run/manifest.json").exists());
    place.train("run", settings);
    assert_same(&place.files("undisturbed"), &place.files("run"));
}

#[test]
fn without_reshuffle_every_epoch_has_the_first_order() {
    let place = Place::new();
    // No learning, so that the discriminator's loss on x identifies the pictures of a batch.
    let settings =
        |reshuffle| ["train.epochs=2", "train.learning_rate=1e-30", reshuffle].map(String::from);
    for (out, reshuffle, same) in [
        ("kept", "train.reshuffle=false", true),
        ("new", "train.reshuffle=true", false),
    ] {
        let settings = settings(reshuffle);
        place.train(out, &settings.each_ref().map(String::as_str));
        let metrics = text(&place.files(out)["metrics.csv"]);
        let losses: Vec<_> = metrics
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(3).unwrap())
            .collect();
        assert_eq!(losses[..6] == losses[6..], same, "{out}: {losses:?}");
    }
}

#[test]
fn a_finished_run_is_left_alone() {
    let place = Place::new();
    place.train("run", TWO_EPOCHS);
    let before = place.files("run");
    let output = place.train("run", TWO_EPOCHS);
    assert_eq!(
        text(&output.stdout),
        "nothing to do: `run` is up to date, 12 steps\n"
    );
    assert_same(&before, &place.files("run"));
}

#[test]
fn read_outs_change_averages_and_nothing_else() {
    let place = Place::new();
    place.train("plain", TWO_EPOCHS);
    let with = [
        "train.epochs=2",
        "train.keep_checkpoints=2",
        "train.moving_averages=with_readouts",
    ];
    place.train("with", &with);
    let (plain, with) = (place.files("plain"), place.files("with"));
    let (plain, with) = (text(&plain["metrics.csv"]), text(&with["metrics.csv"]));
    let header = with.lines().next().unwrap();
    assert!(header.ends_with(",readout_d_loss_fake,readout_d_loss_real,readout_g_loss"));
    for (plain, with) in plain.lines().zip(with.lines()) {
        assert!(
            with.starts_with(plain),
            "{with}\ndoes not begin with\n{plain}"
        );
    }
}

#[test]
fn the_unlabelled_network_trains_too() {
    let place = Place::new();
    place.write_dataset("plain.safetensors", [17, 22, 3], 9, 0);
    let settings = ["train.network=unlabelled", "train.epochs=2"];
    for out in ["run", "again"] {
        let mut command = place.command_on("plain.safetensors", out, &settings);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert_same(&place.files("run"), &place.files("again"));
}

/// Every option that changes the training, at once.
const OPTIONS: &[&str] = &[
    "train.epochs=60",
    "train.grid_every=10",
    "train.checkpoint_every=50",
    "train.learning_rate_d=1e-4",
    "train.learning_rate_half_life=20",
    "train.beta1=0.4",
    "train.generator_updates=3",
    "train.z_dim=6",
    "train.z_distribution=normal",
    "train.label_smoothing=0.1",
    "train.flip=true",
    "train.ema=0.9",
    "train.moving_averages=with_readouts",
    "train.on_divergence=rollback",
];

#[test]
fn with_every_option_interrupted_is_undisturbed_for_any_number_of_threads() {
    let place = Place::new();
    place.train("undisturbed", OPTIONS);
    let expected = place.files("undisturbed");
    assert!(expected.contains_key("generator-ema.safetensors"));
    for (rows, threads) in [(20, "1"), (120, "3")] {
        let mut command = place.command("run", OPTIONS);
        let child = start(command.args(["--threads", threads]));
        wait_for(|| place.rows("run") > rows);
        assert_eq!(
            stop(child, "TERM"),
            Some(143),
            "the run ended before the signal"
        );
    }
    place.train("run", OPTIONS);
    assert_same(&expected, &place.files("run"));
}

/// Each option has its effect and no other.
#[test]
fn each_option_changes_the_weights() {
    let place = Place::new();
    place.train("plain", &["train.epochs=1"]);
    let plain = place.files("plain");
    for option in [
        "train.learning_rate_d=1e-4",
        "train.learning_rate_half_life=0.5",
        "train.label_smoothing=0.1",
        "train.flip=true",
        "train.beta1=0.4",
        "train.generator_updates=1",
    ] {
        place.train(option, &["train.epochs=1", option]);
        let files = place.files(option);
        for name in ["generator.safetensors", "discriminator.safetensors"] {
            assert_ne!(plain[name], files[name], "{option}");
        }
        assert_eq!(
            plain["samples/step-00000000.png"], files["samples/step-00000000.png"],
            "{option}"
        );
    }
    // The average does not affect the training.
    place.train("ema", &["train.epochs=1", "train.ema=0.9"]);
    let files = place.files("ema");
    assert_ne!(
        files["generator-ema.safetensors"],
        files["generator.safetensors"]
    );
    for name in [
        "generator.safetensors",
        "discriminator.safetensors",
        "metrics.csv",
        "histograms.csv",
    ] {
        assert_eq!(plain[name], files[name], "{name}");
    }
}

/// `average -= (1 - d)(average - weight)`, `d = min(decay, (1 + t)/(10 + t))`, from every
/// checkpoint.
#[test]
fn the_average_follows_its_equation() {
    let place = Place::new();
    let settings = [
        "train.epochs=1",
        "train.ema=0.4",
        "train.checkpoint_every=1",
        "train.keep_checkpoints=0",
    ];
    place.train("run", &settings);
    let read = |step: u64| {
        let path = dcgan_artifacts::checkpoint_path(&place.path("run/checkpoints"), step);
        dcgan_artifacts::Checkpoint::read(&path).unwrap()
    };
    for step in 2..=6_u64 {
        let (before, after) = (read(step - 1).ema, read(step));
        let t = step as f64;
        let rate = 1.0 - 0.4_f64.min((1.0 + t) / (10.0 + t));
        for (name, (_, average)) in &after.ema {
            for ((was, is), weight) in before[name]
                .1
                .iter()
                .zip(average)
                .zip(&after.weights[name].1)
            {
                let (was, weight) = (f64::from(*was), f64::from(*weight));
                let expected = was - rate * (was - weight);
                assert!((expected - f64::from(*is)).abs() <= 1e-6 * (1.0 + weight.abs()));
            }
        }
        let of_generator = after
            .weights
            .keys()
            .filter(|name| name.starts_with("generator/"));
        assert!(of_generator.eq(after.ema.keys()));
    }
}

/// The class is input to every layer at any size: colour, not square, the most classes a byte
/// has.
#[test]
fn the_labelled_network_trains_on_any_labelled_pictures() {
    let place = Place::new();
    place.write_dataset("large.safetensors", [12, 20, 3], 256, 256);
    place.write_dataset("one.safetensors", [4, 8, 1], 9, 1);
    for dataset in ["large.safetensors", "one.safetensors"] {
        for out in ["run", "again"].map(|out| format!("{dataset}-{out}")) {
            let mut command = place.command_on(dataset, &out, &["train.epochs=1"]);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let files = |out| place.files(&format!("{dataset}-{out}"));
        assert_same(&files("run"), &files("again"));
    }
}

/// A checkpoint records the depth of its networks, and a run of that depth resumes from it.
#[test]
fn the_unlabelled_network_trains_at_another_depth() {
    let place = Place::new();
    place.write_dataset("plain.safetensors", [128, 130, 1], 9, 0);
    let settings = |depth| [depth, "train.network=unlabelled", "train.epochs=2"];
    for depth in ["train.depth=auto", "train.depth=5", "train.depth=3"] {
        let mut command = place.command_on("plain.safetensors", depth, &settings(depth));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let path = place
            .path(depth)
            .join("checkpoints/step-00000004.safetensors");
        let info = dcgan_artifacts::read_checkpoint_info(&path).unwrap();
        let expected = if depth.ends_with('3') { 3 } else { 5 };
        assert_eq!(info.network.depth, Some(expected));
    }
    let weights = |out: &str| place.files(out)["generator.safetensors"].clone();
    assert_eq!(weights("train.depth=auto"), weights("train.depth=5"));
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Sends a signal and returns the exit code, `None` after SIGKILL.
fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let id = child.id().to_string();
    // Fails if the child has ended already; its exit code then shows that.
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), &id])
        .status();
    child.wait().unwrap().code()
}

/// Waits until `done`, a minute at most.
fn wait_for(done: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
