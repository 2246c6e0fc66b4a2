//! The report, its curves and the alarms.

use crate::fixture::{Fixture, SIDE};
use dcgan_artifacts::RunLock;
use dcgan_figures::{Picture, encode_png};
use std::fmt::Write as _;

const ARGS: [&str; 8] = [
    "--dataset",
    "d",
    "--checkpoint",
    "c",
    "--set",
    "eval.n=96",
    "--out",
    "out",
];

fn with_inputs() -> Fixture {
    let fixture = Fixture::new();
    fixture.dataset("d", SIDE, 3, [90, 70]);
    fixture.checkpoint("c", SIDE, 3);
    fixture
}

fn text(fixture: &Fixture, name: &str) -> String {
    std::fs::read_to_string(fixture.path(name)).unwrap()
}

#[test]
fn the_report_is_one_file_that_asks_for_nothing() {
    let fixture = with_inputs();
    fixture.succeed(&ARGS);
    let html = text(&fixture, "out/report.html");
    for address in ["http:", "https:", "src=\"/", "@import", "url("] {
        assert!(!html.contains(address), "{address}");
    }
    assert!(!html.contains("<script"));
    // It has every picture, with alternative text, and every figure.
    assert_eq!(html.matches("<img alt=\"").count(), 6);
    assert_eq!(html.matches("data:image/png;base64,iVBOR").count(), 6);
    for name in [
        "Class accuracy",
        "Coverage",
        "1-NN error",
        "Calibration",
        "SHA-256",
    ] {
        assert!(html.contains(name), "{name}");
    }
    let opened = html.matches("<svg ").count();
    assert_eq!(opened, html.matches("</svg>").count());
    assert!(opened >= 4, "{opened}");
    assert!(!fixture.path("out/loss.svg").exists());
    // Each chart is also a file, with its own colours.
    for (name, title) in [
        ("accuracy-by-class.svg", "Accuracy by class"),
        ("logits.svg", "Logits: share of the images in each bin"),
        (
            "probabilities.svg",
            "Probabilities: share of the images in each bin",
        ),
        ("calibration.svg", "Calibration: share that is real"),
    ] {
        let chart = text(&fixture, &format!("out/{name}"));
        assert!(chart.starts_with("<svg xmlns="), "{name}");
        assert!(chart.contains(&format!("aria-label=\"{title}\"")), "{name}");
        let drawn = chart.split_once("</style>").unwrap().1.trim_end();
        assert!(html.contains(drawn), "{name}");
    }
}

/// Two bins of each kind, as another program may write them.
const HISTOGRAMS: &str = "\
step,epoch,d_real_0.00,d_real_0.50,d_fake_0.00,d_fake_0.50
2,1,1,3,4,0
4,1,0,4,2,2
";

#[test]
fn the_histograms_of_the_training_are_drawn() {
    let fixture = with_inputs();
    let put = |table: &str| {
        dcgan_artifacts::write_atomic(&fixture.path("h"), table.as_bytes()).unwrap();
    };
    put(HISTOGRAMS);
    let args = [&ARGS[..], &["--histograms", "h"]].concat();
    fixture.succeed(&args);
    let chart = text(&fixture, "out/probabilities-over-time.svg");
    assert!(chart.starts_with("<svg xmlns="));
    // Half of the last row's four D(x) are below 0.75, the middle of the upper bin.
    let label = "D(x) and D(G(z)) over the training: median real 0.7500 at step 4, generated 0.5000 at step 4";
    assert!(
        chart.contains(&format!("aria-label=\"{label}\"")),
        "{chart}"
    );
    // Shares, in columns of another order, give the same chart.
    put("d_fake_0.50,d_fake_0.00,d_real_0.50,d_real_0.00,step\n0,1,0.75,0.25,2\n0.5,0.5,1,0,4\n");
    fixture.succeed(&args);
    assert_eq!(text(&fixture, "out/probabilities-over-time.svg"), chart);
    // If one kind has no counts, the other has its panel.
    put("step,d_real_0.00,d_real_0.50,d_fake_0.00,d_fake_0.50\n2,1,3,0,0\n4,0,4,,\n");
    fixture.succeed(&args);
    let alone = text(&fixture, "out/probabilities-over-time.svg");
    assert!(alone.contains("median real 0.7500 at step 4\"") && !alone.contains("generated"));
    put(HISTOGRAMS);
    fixture.succeed(&args);
    // Non-empty bins: two and one of D(x), one and two of D(G(z)), darker for more values.
    let opacities = |colour: u8| -> Vec<&str> {
        let open = format!("<rect class=\"f{colour}\" opacity=\"");
        let rects = chart.split(&open).skip(1);
        rects.map(|rect| rect.split('"').next().unwrap()).collect()
    };
    assert_eq!(opacities(0), ["0.35", "1.00", "1.00"]);
    assert_eq!(opacities(2), ["1.00", "1.00", "1.00"]);
    assert!(text(&fixture, "out/report.html").contains(label));
    let inputs = fixture.json("out/manifest.json")["inputs"].to_string();
    assert!(inputs.contains("\"name\":\"h\""), "{inputs}");
    // A truncated row is ignored, but the table is another input.
    put(&format!("{HISTOGRAMS}6,2,4,0,0,4"));
    let stdout = fixture.succeed(&args);
    assert!(!stdout.contains("up to date"), "{stdout}");
    assert_eq!(text(&fixture, "out/probabilities-over-time.svg"), chart);
}

#[test]
fn many_steps_of_histograms_fall_into_groups() {
    let fixture = with_inputs();
    let mut table = String::from("step,epoch,d_real_0.00,d_real_0.50,d_fake_0.00,d_fake_0.50\n");
    for step in 1..=130 {
        // In every third of the first 129 steps D(x) is above one half.
        let high = if step % 3 == 0 { 4 } else { 0 };
        writeln!(table, "{step},1,{},{high},4,0", 4 - high).unwrap();
    }
    dcgan_artifacts::write_atomic(&fixture.path("h"), table.as_bytes()).unwrap();
    fixture.succeed(&[&ARGS[..], &["--histograms", "h"]].concat());
    let chart = text(&fixture, "out/probabilities-over-time.svg");
    // Three steps per column, the last one has a single step: 44 lower bins, 43 upper ones.
    assert_eq!(chart.matches("<rect class=\"f0\"").count(), 44 + 43);
    assert_eq!(chart.matches("opacity=\"0.50\"").count(), 43);
    assert_eq!(chart.matches("<rect class=\"f2\"").count(), 44);
}

#[test]
fn a_table_without_histograms_gives_no_chart() {
    for table in [
        "",
        "step,epoch,d_real_0.00\n",
        "step,d_real_mean\n1,0.5\n",
        "step,d_real_0.00,d_real_0.50\n1,x,NaN\n",
        "d_real_0.00\n1\n",
        "step,d_real_-3,d_real_0.50\n1,2,2\n",
        "step,d_real_nan,d_real_0.50\n1,2,2\n",
        "step,d_real_0.00,d_real_0.05\n1,2,2\n",
        "step,d_real_0.00,d_real_0.50\n1,-2,inf\n",
        "step,d_real_0.00,d_real_0.50\nNaN,2,2\n",
        "step,d_real_0.00,d_real_0.50\n1e300,2,2\n",
        "step,d_real_0.00,d_real_0.50\n1,1e308,1e308\n",
        "step,d_real_0.00,d_real_0.30\n1,2,2\n",
    ] {
        let fixture = with_inputs();
        dcgan_artifacts::write_atomic(&fixture.path("h"), table.as_bytes()).unwrap();
        fixture.succeed(&[&ARGS[..], &["--histograms", "h"]].concat());
        assert!(
            !fixture.path("out/probabilities-over-time.svg").exists(),
            "{table}"
        );
    }
}

#[test]
fn the_report_tells_the_settings_of_training_and_evaluation() {
    let fixture = with_inputs();
    fixture.succeed(&ARGS);
    let html = text(&fixture, "out/report.html");
    assert!(html.contains("<h3>Evaluation</h3>") && !html.contains("<h3>Training</h3>"));
    for (key, value) in [("n", "96"), ("alarms.collapse", "0.5"), ("ema", "false")] {
        let pair = format!("<dt>{key}</dt><dd>{value}</dd>");
        assert!(html.contains(&pair), "{pair}");
    }
    let run = r#"{"dataset":{"sha256":"0"},"train":{"network":"<labelled>","learning_rate_d":null,"epochs":7}}"#;
    dcgan_artifacts::write_atomic(&fixture.path("run.json"), run.as_bytes()).unwrap();
    let args = [&ARGS[..], &["--run", "run.json"]].concat();
    let stdout = fixture.succeed(&args);
    assert!(!stdout.contains("up to date"), "{stdout}");
    let html = text(&fixture, "out/report.html");
    let settings = "<h3>Training</h3><dl class=\"keys\"><div><dt>epochs</dt><dd>7</dd></div>\
                    <div><dt>learning_rate_d</dt><dd>none</dd></div>\
                    <div><dt>network</dt><dd>&lt;labelled&gt;</dd></div></dl>";
    assert!(html.contains(settings), "{html}");
    let inputs = fixture.json("out/manifest.json")["inputs"].to_string();
    assert!(inputs.contains("\"name\":\"run.json\""), "{inputs}");
    // Another trainer's file has other sections, or none.
    let run = r#"{"lr":0.1,"train":3,"betas":[0.5,0.9]}"#;
    dcgan_artifacts::write_atomic(&fixture.path("run.json"), run.as_bytes()).unwrap();
    fixture.succeed(&args);
    let html = text(&fixture, "out/report.html");
    for (key, value) in [("lr", "0.1"), ("train", "3"), ("betas", "[0.5,0.9]")] {
        let pair = format!("<dt>{key}</dt><dd>{value}</dd>");
        assert!(html.contains(&pair), "{pair}");
    }
}

#[test]
fn settings_of_another_seed_than_the_checkpoint_are_said_to_be() {
    let fixture = with_inputs();
    let run = |seed: u64| {
        let run = format!(r#"{{"train":{{"seed":{seed}}}}}"#);
        dcgan_artifacts::write_atomic(&fixture.path("r"), run.as_bytes()).unwrap();
        fixture.warnings(&[&ARGS[..], &["--run", "r"]].concat())
    };
    assert!(!run(5).contains("`r`"));
    let said = run(8);
    let warning = "warning: `r` is of a training with seed 8, but `c` of one with seed 5";
    assert!(said.contains(warning), "{said}");
}

#[test]
fn what_is_no_run_is_named() {
    let fixture = with_inputs();
    let args = [&ARGS[..], &["--run", "r"]].concat();
    insta::assert_snapshot!(fixture.fail(&args), @r"
    exit code 3
    error: run `r` does not exist
    hint: leave `--run` out, or give the `run.json` that the training wrote
    ");
    let put = |text: &[u8]| dcgan_artifacts::write_atomic(&fixture.path("r"), text).unwrap();
    put(b"{\"train\":");
    insta::assert_snapshot!(fixture.fail(&args), @r"
    exit code 3
    error: run `r` is damaged: its JSON does not fit the format
    caused by: EOF while parsing a value at line 1 column 9
    hint: leave `--run` out, or give the `run.json` that the training wrote
    ");
    put(b"[3]");
    assert!(fixture.fail(&args).contains("run `r` is damaged"));
    put(&vec![b' '; (1 << 20) + 1]);
    assert!(
        fixture
            .fail(&args)
            .contains("expected at most 1048576 bytes, got 1048577")
    );
}

#[test]
fn the_curves_are_those_of_the_table() {
    let fixture = with_inputs();
    let mut table =
        String::from("step,epoch,d_loss,g_loss_1,g_loss_2,d_real_mean,d_fake_mean,d_accuracy\n");
    for step in 1..=400 {
        let accuracy = u8::from(step % 200 < 100);
        writeln!(table, "{step},1,1.4,0.7,0.7,0.5,0.5,{accuracy}").unwrap();
    }
    // As from a killed process: every cell is there, and the last one is truncated.
    table += "401,1,9,9,9,0.5,0.5,0.";
    dcgan_artifacts::write_atomic(&fixture.path("m"), table.as_bytes()).unwrap();
    fixture.succeed(&[&ARGS[..], &["--metrics", "m"]].concat());
    assert!(text(&fixture, "out/report.html").contains("Losses"));
    let chart = text(&fixture, "out/loss.svg");
    assert!(chart.starts_with("<svg xmlns="));
    // The step of the last complete row is at the end of the axis.
    assert!(
        chart.contains("468.0,") && !chart.contains(">401<"),
        "{chart}"
    );
    let alarm = &fixture.json("out/metrics.json")["alarms"]["oscillation"];
    assert_eq!(alarm["raised"], 1);
    assert!(alarm["value"].as_f64().unwrap() > 0.4);
}

/// Scores of a generator and its average; the average is best at step 4.
const SCORES: &str = "\
step,epoch,class_accuracy,frechet_distance,ema_class_accuracy,ema_frechet_distance
2,1,0.5,40,0.25,60
4,1,0.75,30,0.5,10
6,2,0.625,20,0.5,20
";

fn with_scores(table: &[u8]) -> Fixture {
    let fixture = with_inputs();
    dcgan_artifacts::write_atomic(&fixture.path("s"), table).unwrap();
    fixture
}

fn with_table() -> Vec<&'static str> {
    [&ARGS[..], &["--scores", "s"]].concat()
}

#[test]
fn the_scores_are_drawn_and_the_best_checkpoint_is_marked() {
    let fixture = with_scores(SCORES.as_bytes());
    fixture.tell_best("c", "ema_frechet_distance", 10.0, 4);
    fixture.succeed(&with_table());
    let chart = text(&fixture, "out/scores.svg");
    assert!(chart.starts_with("<svg xmlns="));
    // Two panels of two lines with a dot for each row; the best step in both, its score in one.
    assert_eq!(chart.matches("<polyline class=\"l k0\"").count(), 2);
    assert_eq!(chart.matches("<polyline class=\"l k1\"").count(), 2);
    assert_eq!(chart.matches("r=\"2.5\"").count(), 12);
    assert_eq!(chart.matches("class=\"o b\"").count(), 2);
    assert_eq!(chart.matches("r=\"6\"").count(), 1);
    let label = "aria-label=\"Scores on the validation part: Class accuracy (generator) 0.6250 at step 6, \
                 Class accuracy (averaged) 0.5000 at step 6, Fréchet distance (generator) 20.0000 at step 6, \
                 Fréchet distance (averaged) 20.0000 at step 6; best checkpoint: step 4, Fréchet distance (averaged) 10.0000\"";
    assert!(chart.contains(label), "{chart}");
    // The greatest distance is at the top of its panel, the best (lowest) at the bottom.
    let line = chart.rsplit("<polyline class=\"l k1\" points=\"").next();
    let points = line.unwrap().split('"').next().unwrap();
    assert_eq!(points, "52.0,206.0 260.0,316.0 468.0,294.0");
    let html = text(&fixture, "out/report.html");
    assert!(html.contains(label) && html.contains("best checkpoint: step 4</text>"));
    let inputs = fixture.json("out/manifest.json")["inputs"].to_string();
    assert!(inputs.contains("\"name\":\"s\""), "{inputs}");
    // Another row is another input.
    let longer = format!("{SCORES}8,2,0.5,20,0.5,20\n");
    dcgan_artifacts::write_atomic(&fixture.path("s"), longer.as_bytes()).unwrap();
    let stdout = fixture.succeed(&with_table());
    assert!(!stdout.contains("up to date"), "{stdout}");
}

#[test]
fn scores_without_a_best_checkpoint_bear_no_mark() {
    // Data without labels, from a trainer killed in the middle of its third row.
    let table = "step,epoch,frechet_distance\n2,1,30\n4,1,NaN\n6,2";
    let fixture = with_scores(table.as_bytes());
    fixture.succeed(&with_table());
    let chart = text(&fixture, "out/scores.svg");
    assert_eq!(chart.matches("<polyline").count(), 1);
    assert_eq!(chart.matches("r=\"2.5\"").count(), 1);
    assert!(!chart.contains("best") && !chart.contains("accuracy"));
    assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
    // A best step beyond the table is not marked.
    fixture.tell_best("c", "frechet_distance", 1.0, 9);
    fixture.succeed(&with_table());
    assert!(!text(&fixture, "out/scores.svg").contains("best"));
    // A checkpoint doesn't know scores after its own step, 7: a better one there removes the mark,
    // an equal one or none does not.
    for (metric, value, later, is_marked) in [
        ("frechet_distance", 30.0, "8,2,29.5,0.5", false),
        ("frechet_distance", 30.0, "8,2,30,0.75", true),
        ("frechet_distance", 30.0, "8,2,NaN,0.75", true),
        ("class_accuracy", 0.5, "8,2,29.5,0.75", false),
        ("class_accuracy", 0.5, "8,2,29.5,0.25", true),
    ] {
        let table = format!("step,epoch,frechet_distance,class_accuracy\n4,1,30,0.5\n{later}\n");
        let fixture = with_scores(table.as_bytes());
        fixture.tell_best("c", metric, value, 4);
        fixture.succeed(&with_table());
        let chart = text(&fixture, "out/scores.svg");
        assert_eq!(chart.contains("best"), is_marked, "{metric}, {later}");
    }
}

#[test]
fn a_table_of_other_columns_gives_no_scores() {
    for table in [
        "",
        "step,epoch\n2,1\n",
        "step,frechet_distance\n",
        "a,b\n1,2\n",
    ] {
        let fixture = with_scores(table.as_bytes());
        fixture.succeed(&with_table());
        assert!(!fixture.path("out/scores.svg").exists(), "{table}");
        assert!(!text(&fixture, "out/report.html").contains("Scores on"));
    }
}

#[test]
fn damaged_or_missing_scores_are_named() {
    let fixture = with_scores(b"step,epoch,frechet_distance\n2,1,\xff\n");
    insta::assert_snapshot!(fixture.fail(&with_table()), @r"
    exit code 3
    error: table `s` does not fit: expected a CSV table, got CSV parse error: record 1 (line 2, field: 2, byte: 28): invalid utf-8: invalid UTF-8 in field 2 near byte index 0
    hint: give another file; `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere
    ");
    std::fs::remove_file(fixture.path("s")).unwrap();
    insta::assert_snapshot!(fixture.fail(&with_table()), @r"
    exit code 3
    error: table `s` does not exist
    hint: `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere; or give another path
    ");
}

#[test]
fn the_timing_stands_on_a_page_of_its_own_outside_the_manifest() {
    let fixture = with_inputs();
    let mut table = String::from("step,iteration_ms,data_ms,images_per_second\n");
    for step in 1..=100 {
        writeln!(table, "{step},{},0.5,64", 1000 + step).unwrap();
    }
    dcgan_artifacts::write_atomic(&fixture.path("t"), table.as_bytes()).unwrap();
    fixture.succeed(&ARGS);
    let manifest = text(&fixture, "out/manifest.json");
    // A finished evaluation gets the page without being repeated.
    let with_timing = [&ARGS[..], &["--timing", "t"]].concat();
    let stdout = fixture.succeed(&with_timing);
    assert!(stdout.contains("up to date"), "{stdout}");
    let page = text(&fixture, "out/timing.html");
    // It is written under the lock like all else.
    std::fs::remove_file(fixture.path("out/timing.html")).unwrap();
    let lock = RunLock::acquire(&fixture.path("out")).unwrap();
    let outcome = fixture.run(&with_timing);
    assert_eq!(outcome.code, 5, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("is locked by process"),
        "{}",
        outcome.stderr
    );
    assert!(!fixture.path("out/timing.html").exists());
    // A dry run, and one that has nothing to write, need no lock.
    for args in [[&with_timing[..], &["--dry-run"]].concat(), ARGS.to_vec()] {
        let stdout = fixture.succeed(&args);
        assert!(stdout.contains("up to date"), "{stdout}");
    }
    drop(lock);
    fixture.succeed(&with_timing);
    assert_eq!(text(&fixture, "out/timing.html"), page);
    // The median of 1,001 to 1,100 ms, and their sum.
    for figure in ["1050.5", "105.0 s", "Time of an iteration"] {
        assert!(page.contains(figure), "{figure}");
    }
    assert_eq!(text(&fixture, "out/manifest.json"), manifest);
    fixture.succeed(&[&with_timing[..], &["--force"]].concat());
    assert_eq!(text(&fixture, "out/timing.html"), page);
    // It is removed with the evaluation that it was made with.
    fixture.succeed(&[&ARGS[..], &["--force"]].concat());
    assert!(!fixture.path("out/timing.html").exists());
}

fn grid(fixture: &Fixture, step: u32, side: usize) {
    let shade = u8::try_from(step % 256).unwrap();
    let picture = Picture::new(side, side, 1, vec![shade; side * side]).unwrap();
    let path = fixture.path(&format!("g/step-{step:08}.png"));
    dcgan_artifacts::write_atomic(&path, &encode_png(&picture).unwrap()).unwrap();
}

#[test]
fn the_film_starts_with_the_last_grid_and_shows_the_others_in_order() {
    let fixture = with_inputs();
    std::fs::create_dir(fixture.path("g")).unwrap();
    // More grids than frames; without zeros their names would sort differently.
    for step in 0..70 {
        grid(&fixture, step, 4);
    }
    let args = [&ARGS[..], &["--grids", "g"]].concat();
    fixture.succeed(&args);
    let bytes = std::fs::read(fixture.path("out/film.gif")).unwrap();
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes.as_slice()).unwrap();
    let mut shades = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        shades.push(frame.buffer[0]);
    }
    let (held, others) = shades.split_at(6);
    assert_eq!(held, [69; 6]);
    assert_eq!((others.len(), others[0]), (29, 0));
    assert!(others.is_sorted() && others[28] < 69);
    let html = text(&fixture, "out/report.html");
    assert!(html.contains("data:image/gif;base64,R0lGOD"));
    // A new grid is a new input.
    grid(&fixture, 70, 4);
    let stdout = fixture.succeed(&args);
    assert!(!stdout.contains("up to date"), "{stdout}");
}

#[test]
fn grids_of_two_trainings_or_none_are_named() {
    let fixture = with_inputs();
    std::fs::create_dir(fixture.path("g")).unwrap();
    let args = [&ARGS[..], &["--grids", "g"]].concat();
    insta::assert_snapshot!(fixture.fail(&args), @r"
    exit code 3
    error: `g` has no grids, expected files `step-NNNNNNNN.png`
    hint: give the folder `train/samples` of a run, or leave `--grids` out
    ");
    grid(&fixture, 0, 4);
    grid(&fixture, 1, 5);
    insta::assert_snapshot!(fixture.fail(&args), @r"
    exit code 3
    error: `g/step-00000001.png` has another size than `g/step-00000000.png`, expected grids of one training
    hint: give the folder `train/samples` of a run, or leave `--grids` out
    ");
    dcgan_artifacts::write_atomic(&fixture.path("g/step-00000001.png"), b"no picture").unwrap();
    let message = fixture.fail(&args);
    assert!(
        message.contains("cannot decode `g/step-00000001.png`"),
        "{message}"
    );
}

#[test]
fn a_missing_table_is_named() {
    let fixture = with_inputs();
    let message = fixture.fail(&[&ARGS[..], &["--metrics", "m"]].concat());
    insta::assert_snapshot!(message, @r"
    exit code 3
    error: table `m` does not exist
    hint: `make train` makes that of a run, `dcgan-train --out FOLDER` one elsewhere; or give another path
    ");
}

#[test]
fn an_alarm_is_raised_at_its_bound() {
    let fixture = with_inputs();
    fixture.succeed(&ARGS);
    let value =
        fixture.json("out/metrics.json")["alarms"]["discriminator_saturated"]["value"].clone();
    let raised = |bound: &str| {
        let setting = format!("eval.alarms.discriminator_saturated={bound}");
        let stdout = fixture.succeed(&[&ARGS[..], &["--set", &setting]].concat());
        let raised =
            fixture.json("out/metrics.json")["alarms"]["discriminator_saturated"]["raised"].clone();
        assert_eq!(
            stdout.contains("alarm: discriminator saturated"),
            raised == 1
        );
        raised
    };
    assert_eq!(raised(&value.to_string()), 1);
    assert_eq!(raised("1"), 0);
}
