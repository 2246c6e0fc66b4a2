//! Progress with an estimate of the time left.

use crate::stderr;
use dcgan_hints::printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Faster tasks show nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two updates of the bar.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Progress on stderr: a bar if stderr is a terminal, otherwise a plain line about every ten
/// seconds; nothing if quiet or done within two seconds.
///
/// It may be shared between threads. If dropped without [`Progress::finish`], as on an error, it
/// removes its bar and prints nothing.
#[derive(Debug)]
pub struct Progress {
    label: String,
    total: u64,
    form: Form,
    begin: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Silent,
    Bar,
    Lines,
}

#[derive(Debug)]
struct State {
    /// `done` and time of the first call: a resumed run does not begin at 0.
    origin: Option<(u64, Instant)>,
    done: u64,
    drawn: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts a task of `total` steps, called `label`.
    pub fn new(label: &str, total: u64, quiet: bool) -> Self {
        let form = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Form::Silent,
            (false, true) => Form::Bar,
            (false, false) => Form::Lines,
        };
        let begin = Instant::now();
        let state = Mutex::new(State {
            origin: None,
            done: 0,
            drawn: begin,
            bar: None,
        });
        Self {
            label: printable(label).into_owned(),
            total,
            form,
            begin,
            state,
        }
    }

    /// Sets the number of steps done and a message to show after it. The first call may start at
    /// any number (a resumed run): the estimate uses only later steps.
    pub fn set(&self, done: u64, message: &str) {
        if self.form == Form::Silent {
            return;
        }
        let now = Instant::now();
        let mut state = self.state();
        state.done = done;
        let &mut (first, since) = state.origin.get_or_insert((done, now));
        let interval = if self.form == Form::Bar {
            BAR_INTERVAL
        } else {
            LINE_INTERVAL
        };
        if now - self.begin < PATIENCE || now - state.drawn < interval {
            return;
        }
        state.drawn = now;
        let left = estimate(
            done.saturating_sub(first),
            self.total.saturating_sub(done),
            now - since,
        );
        let message = printable(message);
        let message = match left {
            Some(left) => format!("ETA {}  {message}", duration(left)),
            None => message.into_owned(),
        };
        match self.form {
            Form::Bar => {
                let bar = state
                    .bar
                    .get_or_insert_with(|| show_bar(&self.label, self.total));
                bar.set_message(message);
                bar.set_position(done);
            }
            _ => stderr::write_line(&line(&self.label, done, self.total, &message)),
        }
    }

    /// Ends the display with a line that shows the time taken.
    pub fn finish(mut self) {
        self.take_down();
        let elapsed = self.begin.elapsed();
        if self.form != Form::Silent && elapsed >= PATIENCE {
            let took = format!("in {}", duration(elapsed));
            stderr::write_line(&line(&self.label, self.state().done, self.total, &took));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_down(&mut self) {
        if let Some(bar) = self.state().bar.take() {
            *stderr::shown() = None;
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.take_down();
    }
}

fn show_bar(label: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    // The message is last and is cut at the terminal's edge.
    let style = ProgressStyle::with_template("{prefix} [{bar:24}] {pos}/{len} {wide_msg}")
        .expect("the template is constant and names known fields");
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(label.to_owned());
    *stderr::shown() = Some(bar.clone());
    bar
}

fn line(label: &str, done: u64, total: u64, message: &str) -> String {
    format!("{label}: {done}/{total}  {message}")
        .trim_end()
        .to_owned()
}

/// The time left when `done` steps took `elapsed` and `left` remain; `None` before the first.
fn estimate(done: u64, left: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 {
        return None;
    }
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * left as f64 / done as f64).ok()
}

/// As `45s`, `3m 20s`, `2h 05m`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, estimate, line};
    use std::time::Duration;

    #[test]
    fn the_estimate_is_the_mean_pace() {
        let ten = Duration::from_secs(10);
        assert_eq!(estimate(5, 20, ten), Some(Duration::from_secs(40)));
        assert_eq!(estimate(5, 0, ten), Some(Duration::ZERO));
        assert_eq!(estimate(0, 20, ten), None);
        assert_eq!(
            estimate(1, u64::MAX, Duration::MAX),
            None,
            "beyond what a clock can hold"
        );
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let form = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([form(0), form(59)], ["0s", "59s"]);
        assert_eq!(
            [form(60), form(200), form(3599)],
            ["1m 00s", "3m 20s", "59m 59s"]
        );
        assert_eq!(
            [form(3600), form(7500), form(360_000)],
            ["1h 00m", "2h 05m", "100h 00m"]
        );
    }

    #[test]
    fn a_plain_line_says_it_all() {
        assert_eq!(
            line("train", 3, 10, "ETA 7s  d 0.7"),
            "train: 3/10  ETA 7s  d 0.7"
        );
        assert_eq!(line("train", 3, 10, ""), "train: 3/10");
    }
}
