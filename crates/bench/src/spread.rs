//! Times as medians with their spread, and memory as counted by the operating system.

use std::fmt;
use std::time::Instant;

/// Sorted measurements of one quantity.
#[derive(Clone, Debug)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// From measurements in any order; at least one.
    pub fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        Spread(values)
    }

    /// Measures the milliseconds of `repeats` calls, after `warmups` others.
    ///
    /// # Errors
    /// The first error from a call.
    pub fn time<E>(
        warmups: usize,
        repeats: usize,
        mut call: impl FnMut() -> Result<(), E>,
    ) -> Result<Spread, E> {
        let mut times = Vec::with_capacity(repeats);
        for repeat in 0..warmups + repeats.max(1) {
            let start = Instant::now();
            call()?;
            if repeat >= warmups {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        Ok(Spread::of(times))
    }

    /// The value below which a quarter of the measurements are, half (`quarters` 2), or all (4),
    /// interpolated between neighbours.
    pub fn quartile(&self, quarters: usize) -> f64 {
        let (at, rest) = (
            (self.0.len() - 1) * quarters / 4,
            (self.0.len() - 1) * quarters % 4,
        );
        let low = self.0.get(at).copied().unwrap_or(f64::NAN);
        let high = self.0.get(at + 1).copied().unwrap_or(low);
        low + (high - low) * rest as f64 / 4.0
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.quartile(2)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "median {:.1} ms (quartiles {:.1} to {:.1}, fastest {:.1}) over {}",
            self.median(),
            self.quartile(1),
            self.quartile(3),
            self.quartile(0),
            self.0.len()
        )
    }
}

/// Peak memory of this process in megabytes (10^6 bytes): `VmHWM` on Linux, `None` elsewhere.
pub fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
