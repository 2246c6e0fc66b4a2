//! Where the maps of a layer are zero, and which terms of its weight gradient that leaves.
//!
//! A transform mixes the pixels of a tile, so that the filtered gradient of a weight is rounding
//! noise where every term of it is zero, and less exact than the direct sum where most are. Adam
//! divides a gradient by its size and would still move the weight. So sums of few terms are
//! computed by the direct product, for whole layers or for single channels, and a gradient without
//! a term is set to zero.

use rayon::prelude::*;

use super::Subpixel;
use crate::isa::Isa;
use crate::products::has_few_rows;
use crate::real::Real;
use crate::wide::wide;

/// Fewest terms of a sum for which the error of filtering is at most three times the direct one.
const TERMS: usize = 256;
/// Smallest share of all positions that these terms must be: zeros make the direct product more
/// exact, but not filtering.
const SHARE: [usize; 2] = [2, 5];
/// Positions counted at once.
const BLOCK: usize = 256;

/// Where maps `[positions, channels]` are not zero.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Active positions, by channel.
    counts: Vec<usize>,
    positions: usize,
    /// Positions that are zero in every channel, in order.
    idle: Vec<usize>,
}

impl Activity {
    fn of<T: Real>(maps: &[T], channels: usize, isa: Isa) -> Activity {
        let blocks: Vec<(Vec<u32>, Vec<usize>)> = maps
            .par_chunks(BLOCK * channels)
            .map(|maps| wide(isa, || count(maps, channels)))
            .collect();
        let mut activity = Activity {
            counts: vec![0; channels],
            positions: maps.len() / channels,
            idle: Vec::new(),
        };
        for (block, (counts, idle)) in blocks.into_iter().enumerate() {
            for (total, count) in activity.counts.iter_mut().zip(counts) {
                *total += count as usize;
            }
            let idle = idle.into_iter().map(|at| block * BLOCK + at);
            activity.idle.extend(idle);
        }
        activity
    }

    /// The largest number of active positions of a channel.
    fn most(&self) -> usize {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// Whether no channel is active in enough places to be filtered.
    pub(crate) fn is_sparse(&self) -> bool {
        SHARE[1] * self.most() < SHARE[0] * self.positions
    }
}

/// Active positions by channel, and idle positions.
#[expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]
#[inline(always)]
fn count<T: Real>(maps: &[T], channels: usize) -> (Vec<u32>, Vec<usize>) {
    let (mut counts, mut idle) = (vec![0; channels], Vec::new());
    for (at, map) in maps.chunks_exact(channels).enumerate() {
        for (count, &x) in counts.iter_mut().zip(map) {
            *count += u32::from(x != T::ZERO);
        }
        if map.iter().all(|&x| x == T::ZERO) {
            idle.push(at);
        }
    }
    (counts, idle)
}

/// One side of a layer.
#[derive(Debug)]
struct Side {
    /// Zeros of each channel; `None` for a channel that is not filtered.
    zeros: Vec<Option<usize>>,
    /// Channels that use the direct product, in order.
    direct: Vec<usize>,
}

impl Side {
    /// Splits channels by their active positions into filtered ones, direct ones, and those without
    /// any.
    fn new(activity: &Activity, is_filtered: impl Fn(usize) -> bool) -> Side {
        let counts = activity.counts.iter();
        Side {
            zeros: counts
                .clone()
                .map(|&count| is_filtered(count).then(|| activity.positions - count))
                .collect(),
            direct: counts
                .enumerate()
                .filter(|&(_, &count)| count > 0 && !is_filtered(count))
                .map(|(channel, _)| channel)
                .collect(),
        }
    }

    /// The largest number of zeros of a filtered channel.
    fn most_zeros(&self) -> usize {
        self.zeros.iter().flatten().copied().max().unwrap_or(0)
    }
}

/// Which weights' gradients have terms, and which have few.
#[derive(Debug)]
pub(crate) struct Support {
    small: Side,
    big: Side,
}

impl Support {
    /// The channels of the small and of the big side that use the direct product.
    pub(crate) fn direct(&self) -> [&[usize]; 2] {
        [&self.small.direct, &self.big.direct]
    }
}

impl Subpixel {
    /// Where `maps` of one side are not zero.
    pub(crate) fn activity<T: Real>(&self, maps: &[T], is_small: bool) -> Activity {
        let channels = if is_small { self.small } else { self.big };
        Activity::of(maps, channels, self.isa)
    }

    /// The support of the weight gradient; `None` if all of it uses the direct product.
    pub(crate) fn support(&self, of_small: &Activity, of_big: &Activity) -> Option<Support> {
        // With few rows the direct product adds the sums of shorter runs.
        let positions = of_small.positions;
        if positions < TERMS || has_few_rows(25 * self.big) {
            return None;
        }
        // Terms of a channel whose partner is the most active one of the other side.
        let is_filtered = |count: usize, of_partner: &Activity, all: usize| {
            let terms = count * of_partner.most() / of_partner.positions * positions / all;
            terms >= TERMS && SHARE[1] * terms >= SHARE[0] * positions
        };
        let small = Side::new(of_small, |count| is_filtered(count, of_big, positions));
        let big = Side::new(of_big, |count| {
            is_filtered(count, of_small, of_big.positions)
        });
        let pays = |side: &Side| 2 * side.direct.len() <= side.zeros.iter().flatten().count();
        (pays(&small) && pays(&big)).then_some(Support { small, big })
    }

    /// Sets the input's gradient to zero where it has no term: where the output's gradient is zero
    /// at every position that the input reaches.
    pub(super) fn clear_idle<T: Real>(&self, of_dy: &Activity, dx: &mut [T]) {
        if of_dy.idle.is_empty() {
            return;
        }
        let mut active = vec![true; of_dy.positions];
        for &at in &of_dy.idle {
            active[at] = false;
        }
        let (small, channels) = if self.transposed {
            (dx.len() / self.small, self.small)
        } else {
            (of_dy.positions, self.big)
        };
        let mut reached = vec![false; dx.len() / channels];
        for position in 0..small {
            for at in (0..25).filter_map(|tap| self.meets(tap, position)) {
                if self.transposed {
                    reached[position] |= active[at];
                } else {
                    reached[at] |= active[position];
                }
            }
        }
        for (dx, reached) in dx.chunks_exact_mut(channels).zip(reached) {
            if !reached {
                dx.fill(T::ZERO);
            }
        }
    }

    /// Replaces the channels of a tap's gradient `[big, small]` that filtering does not compute by
    /// the direct parts: `[big, direct small channels]` and `[direct big channels, small]`.
    pub(super) fn correct<T: Real>(
        &self,
        tap: usize,
        maps: [&[T]; 2],
        support: &Support,
        [of_small, of_big]: [&[T]; 2],
        gradient: &mut [T],
    ) {
        if self.terms(tap) == 0 {
            return gradient.fill(T::ZERO);
        }
        let unfiltered = |side: &Side| -> Vec<usize> {
            let all = side.zeros.iter().enumerate();
            all.filter(|(_, zeros)| zeros.is_none())
                .map(|(channel, _)| channel)
                .collect()
        };
        for i in unfiltered(&support.small) {
            for row in gradient.chunks_exact_mut(self.small) {
                row[i] = T::ZERO;
            }
        }
        for o in unfiltered(&support.big) {
            gradient[o * self.small..][..self.small].fill(T::ZERO);
        }
        let direct = &support.small.direct;
        for (row, of_small) in gradient
            .chunks_exact_mut(self.small)
            .zip(of_small.chunks_exact(direct.len().max(1)))
        {
            for (&i, &value) in direct.iter().zip(of_small) {
                row[i] = value;
            }
        }
        for (&o, row) in support
            .big
            .direct
            .iter()
            .zip(of_big.chunks_exact(self.small))
        {
            gradient[o * self.small..][..self.small].copy_from_slice(row);
        }
        for [o, i] in self.disjoint(tap, maps, support) {
            gradient[o * self.small + i] = T::ZERO;
        }
    }

    /// Pairs of filtered channels of the big and the small side that are never active together.
    fn disjoint<T: Real>(
        &self,
        tap: usize,
        [small, big]: [&[T]; 2],
        support: &Support,
    ) -> Vec<[usize; 2]> {
        let n = small.len() / self.small;
        let terms = n / (self.axes[0].small * self.axes[1].small) * self.terms(tap);
        // Each zero removes at most one term.
        let may_be = |of_small: usize, of_big: usize| terms <= of_small + of_big;
        if !may_be(support.small.most_zeros(), support.big.most_zeros()) {
            return Vec::new();
        }
        let mut pairs = Vec::new();
        for (o, &of_big) in support.big.zeros.iter().enumerate() {
            for (i, &of_small) in support.small.zeros.iter().enumerate() {
                if let (Some(of_small), Some(of_big)) = (of_small, of_big)
                    && may_be(of_small, of_big)
                {
                    pairs.push([o, i]);
                }
            }
        }
        // 64 positions at a time: nearly all pairs meet among the first.
        for first in (0..n).step_by(64) {
            if pairs.is_empty() {
                break;
            }
            let (mut of_small, mut of_big) = (vec![0; self.small], vec![0; self.big]);
            for (bit, position) in (first..n.min(first + 64)).enumerate() {
                if let Some(at) = self.meets(tap, position) {
                    let small = &small[position * self.small..];
                    wide(self.isa, || mark(bit, small, &mut of_small));
                    wide(self.isa, || mark(bit, &big[at * self.big..], &mut of_big));
                }
            }
            pairs.retain(|&[o, i]| of_big[o] & of_small[i] == 0);
        }
        pairs
    }

    /// Positions of a sample whose tap is inside the map.
    fn terms(&self, tap: usize) -> usize {
        let of_axis = |axis: super::Axis, tap: usize| {
            let inside = |at: &usize| (axis.pad..axis.pad + axis.big).contains(&(2 * at + tap));
            (0..axis.small).filter(inside).count()
        };
        of_axis(self.axes[0], tap / 5) * of_axis(self.axes[1], tap % 5)
    }

    /// The position on the big side that a tap of a small position meets, counted over all samples.
    fn meets(&self, tap: usize, position: usize) -> Option<usize> {
        let [rows, columns] = self.axes;
        let (row, column) = (position / columns.small, position % columns.small);
        let (sample, row) = (row / rows.small, row % rows.small);
        let row = (2 * row + tap / 5).checked_sub(rows.pad)?;
        let column = (2 * column + tap % 5).checked_sub(columns.pad)?;
        let inside = row < rows.big && column < columns.big;
        inside.then(|| (sample * rows.big + row) * columns.big + column)
    }
}

/// Sets a bit for every channel that is not zero.
#[expect(
    clippy::inline_always,
    reason = "what is not inlined into `wide` is compiled for the baseline"
)]
#[inline(always)]
fn mark<T: Real>(bit: usize, map: &[T], words: &mut [u64]) {
    for (word, &x) in words.iter_mut().zip(map) {
        *word |= u64::from(x != T::ZERO) << bit;
    }
}
