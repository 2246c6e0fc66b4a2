//! The tables of a run: names of the files and of their columns.
//!
//! Every table of steps begins with [`STEP`]; all but `timing.csv` and `events.csv` have [`EPOCH`]
//! next.

/// File name of the table of everything that an iteration measured.
pub const METRICS: &str = "metrics.csv";
/// File name of the table of histograms of D(x) and D(G(z)).
pub const HISTOGRAMS: &str = "histograms.csv";
/// File name of the table of everything that a clock measured.
pub const TIMING: &str = "timing.csv";
/// File name of the table of scores.
pub const SCORES: &str = "scores.csv";
/// File name of the table of divergences.
pub const EVENTS: &str = "events.csv";

/// The step, from 1.
pub const STEP: &str = "step";
/// The epoch, from 1.
pub const EPOCH: &str = "epoch";

/// `metrics.csv`: the discriminator's loss on real and generated images together.
pub const D_LOSS: &str = "d_loss";
/// `metrics.csv`: means of D(x) and of D(G(z)).
pub const D_MEANS: [&str; 2] = ["d_real_mean", "d_fake_mean"];
/// `metrics.csv`: the share of images that the discriminator tells apart.
pub const D_ACCURACY: &str = "d_accuracy";

/// `metrics.csv`: the generator's losses in the first two updates of an iteration. Further updates
/// go on counting.
pub const G_LOSSES: [&str; 2] = ["g_loss_1", "g_loss_2"];

/// The columns of `metrics.csv` after step and epoch. There are always two generator losses, the
/// second empty where there is but one update, so that a reader need not know the schedule.
pub fn metrics_columns(generator_updates: usize, readouts: bool) -> Vec<String> {
    let mut names = [D_LOSS, "d_loss_real", "d_loss_fake"]
        .map(String::from)
        .to_vec();
    names.extend(G_LOSSES.map(String::from));
    names.extend((3..=generator_updates).map(|n| format!("g_loss_{n}")));
    names.extend(D_MEANS.map(String::from));
    names.extend([D_ACCURACY, "d_grad_norm", "g_grad_norm"].map(String::from));
    if readouts {
        let readouts = [
            "readout_d_loss_fake",
            "readout_d_loss_real",
            "readout_g_loss",
        ];
        names.extend(readouts.map(String::from));
    }
    names
}

/// Bins of `histograms.csv` between 0 and 1, enough for a discriminator that is never sure.
pub const BINS: usize = 50;
/// `histograms.csv`: what the columns of the bins of D(x) and of D(G(z)) begin with; the bin's
/// lower edge follows, as in `d_real_0.98`.
pub const BINS_OF: [&str; 2] = ["d_real_", "d_fake_"];

/// The columns of `histograms.csv` after step and epoch.
pub fn histogram_columns() -> Vec<String> {
    let bins =
        |of: &'static str| (0..BINS).map(move |bin| format!("{of}{:.2}", bin as f64 / BINS as f64));
    BINS_OF.into_iter().flat_map(bins).collect()
}

/// `timing.csv`: milliseconds of an iteration, and of waiting for its data.
pub const TIMES: [&str; 2] = ["iteration_ms", "data_ms"];
/// `timing.csv`: training images that passed in a second.
pub const SPEED: &str = "images_per_second";
/// All columns of `timing.csv`.
pub const TIMING_COLUMNS: [&str; 4] = [STEP, TIMES[0], TIMES[1], SPEED];

/// `scores.csv`: the share of images that the classifier takes for their class.
pub const CLASS_ACCURACY: &str = "class_accuracy";
/// `scores.csv`: Fréchet distance to the validation part in the classifier's features.
pub const FRECHET_DISTANCE: &str = "frechet_distance";
/// `scores.csv`: what the columns of the averaged generator begin with.
pub const OF_AVERAGE: &str = "ema_";

/// All columns of `events.csv`.
pub const EVENT_COLUMNS: [&str; 5] = [STEP, "event", "back_to", "attempt", "detail"];
