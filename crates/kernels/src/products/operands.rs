//! The operands of a product over tiles, and what is known of a whole product.

use std::ops::Range;

/// Rows of a tile.
pub(super) const ROWS: usize = 6;
/// Columns of a vector of sums.
pub(super) const LANES: usize = 16;
/// Columns of a tile: with six rows, 24 vectors of sums, four of the right operand and one of the
/// left.
pub(super) const COLUMNS: usize = 4 * LANES;
/// Halves of a step of a panel: a unit for each column.
pub(super) const STEP: usize = 2 * COLUMNS;

/// The columns of a matrix of `columns` that are in a panel.
pub(super) fn columns_of(panel: usize, columns: usize) -> Range<usize> {
    panel * COLUMNS..columns.min((panel + 1) * COLUMNS)
}

/// Places in a slice, and the highest of them.
#[derive(Debug)]
pub(super) struct Offsets {
    values: Vec<usize>,
    highest: usize,
    /// For steps of a product: the number of steps in one sum; `None` means all.
    run: Option<usize>,
}

impl FromIterator<usize> for Offsets {
    fn from_iter<I: IntoIterator<Item = usize>>(values: I) -> Offsets {
        let values: Vec<usize> = values.into_iter().collect();
        let highest = values.iter().copied().max().unwrap_or(0);
        Offsets {
            values,
            highest,
            run: None,
        }
    }
}

impl Offsets {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The highest of them; 0 if there is none.
    pub(super) fn highest(&self) -> usize {
        self.highest
    }

    pub(super) fn values(&self) -> &[usize] {
        &self.values
    }

    /// These places as steps of a product whose sums are of `run` steps each and are added in
    /// order, which rounds less than a single long sum.
    pub(super) fn in_runs(self, run: usize) -> Offsets {
        Offsets {
            run: Some(run),
            ..self
        }
    }

    /// Whether there may be several sums.
    pub(super) fn are_in_runs(&self) -> bool {
        self.run.is_some()
    }

    /// The steps of each sum.
    pub(super) fn runs(&self) -> std::slice::Chunks<'_, usize> {
        self.values.chunks(self.run.unwrap_or(usize::MAX))
    }
}

/// The right operand: the units of a step are adjacent, column by column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels<'a> {
    pub(super) data: &'a [u16],
    /// Halves from a step to the next.
    pub(super) step: usize,
    /// Halves from a panel of 64 columns to the next.
    pub(super) panel: usize,
}

/// The left operand: the unit of a row and a step is at the sum of both offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left<'a> {
    pub(super) data: &'a [u16],
    pub(super) rows: &'a Offsets,
    pub(super) steps: &'a Offsets,
}

/// Memory that is needed soon: a product prefetches one line of it per step of its tiles.
///
/// A prefetch reads and writes nothing, so that any address is allowed.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Runs of memory, the last first.
    runs: Vec<Range<*const f32>>,
}

/// Numbers in a line of the cache.
const LINE: usize = 16;

impl Ahead {
    /// Nothing.
    pub(super) fn nothing() -> Ahead {
        Ahead::default()
    }

    /// Those runs, in that order.
    pub(super) fn of<'a>(runs: impl Iterator<Item = &'a [f32]>) -> Ahead {
        let mut runs: Vec<_> = runs.map(<[f32]>::as_ptr_range).collect();
        runs.reverse();
        Ahead { runs }
    }

    /// The next line.
    #[inline]
    pub(super) fn next(&mut self) -> Option<*const f32> {
        let run = self.runs.last_mut()?;
        let line = run.start;
        run.start = line.wrapping_add(LINE);
        if run.start >= run.end {
            self.runs.pop();
        }
        Some(line)
    }
}

/// A product whose operands fit together and are inside their slices.
pub(super) struct Product<'a> {
    pub(super) columns: usize,
    pub(super) lhs: Left<'a>,
    pub(super) rhs: Panels<'a>,
    /// Whether results are added to the target.
    pub(super) add: bool,
}
