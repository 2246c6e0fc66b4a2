//! Going up: the transposed convolution of small maps, class by class of big positions.

use rayon::prelude::*;

use super::classes::Class;
use super::parts::{Part, add_parts};
use super::{BLOCK, Maps};
use crate::products::layout::Unit;
use crate::products::operands::{COLUMNS, STEP, columns_of};
use crate::scratch::Scratch;
use crate::tasks::CoarseTasks as _;

impl Maps {
    /// Every pair of classes with every row of its taps, and the number of pairs in that row.
    fn up_parts<U: Unit>(&self) -> impl Iterator<Item = ([&Class; 2], usize, usize)> {
        let [ys, xs] = &self.classes;
        let classes = ys.iter().flat_map(move |y| xs.iter().map(move |x| [y, x]));
        classes.flat_map(|[y, x]| {
            let pairs = (x.taps.len() * self.small).div_ceil(U::NUMBERS);
            (0..y.taps.len()).map(move |row| ([y, x], row, pairs))
        })
    }

    /// The weight `[kh, kw, rows, columns]` for [`Maps::up`].
    fn pack_up<U: Unit>(&self, w: &[f32]) -> Scratch<u16> {
        let panels = self.big.div_ceil(COLUMNS);
        let len = self
            .up_parts::<U>()
            .map(|(_, _, pairs)| panels * pairs * STEP);
        let mut packed = Scratch::take(len.sum());
        let mut tasks = Vec::new();
        let mut rest = &mut packed[..];
        for ([y, x], row, pairs) in self.up_parts::<U>() {
            let part;
            (part, rest) = std::mem::take(&mut rest).split_at_mut(panels * pairs * STEP);
            if pairs > 0 {
                let panels = part.chunks_exact_mut(pairs * STEP).enumerate();
                tasks.extend(panels.map(|(panel, to)| (y.taps[row], &x.taps, panel, to)));
            }
        }
        tasks
            .into_par_iter()
            .one_task_per_steal()
            .for_each(|(tap_row, taps, panel, to)| {
                let inner = U::HALVES * taps.len() * self.small;
                let mut run = Scratch::<u16>::take(inner.next_multiple_of(2));
                let channels = columns_of(panel, self.big);
                for step in to.chunks_exact_mut(STEP) {
                    step[2 * channels.len()..].fill(0);
                }
                for (number, channel) in channels.enumerate() {
                    run[inner..].fill(0);
                    for (tap, run) in taps
                        .iter()
                        .zip(run.chunks_exact_mut(U::HALVES * self.small))
                    {
                        let tap = tap_row * self.geometry.kernel[1] + tap;
                        U::row(self.weight_row(w, tap, channel), run);
                    }
                    for (step, pair) in to.chunks_exact_mut(STEP).zip(run.chunks_exact(2)) {
                        step[2 * number..2 * number + 2].copy_from_slice(pair);
                    }
                }
            });
        packed
    }

    pub(super) fn go_up<U: Unit>(&self, w: &[f32], small: &[f32], big: &mut [f32]) {
        let w = &self.pack_up::<U>(w);
        let g = &self.geometry;
        let map = self.small_bordered();
        let panels = self.big.div_ceil(COLUMNS);
        let mut parts: Vec<([&Class; 2], Vec<Part>)> = Vec::new();
        let mut first = 0;
        for (classes, row, pairs) in self.up_parts::<U>() {
            let [y, x] = classes;
            if row == 0 {
                parts.push((classes, Vec::new()));
            }
            let start = U::HALVES * map.at(0, y.start + row, x.start);
            let part = Part {
                steps: (0..pairs).map(|step| start + 2 * step).collect(),
                first,
            };
            first += panels * pairs * STEP;
            if let Some((_, parts)) = parts.last_mut() {
                parts.push(part);
            }
        }
        big.par_chunks_mut(BLOCK * self.big_len())
            .zip(small.par_chunks(BLOCK * self.small_len()))
            .one_task_per_steal()
            .for_each(|(big, small)| {
                let small = map.rounded::<U>(small, g.small);
                let mut pixels: Vec<Option<&mut [f32]>> =
                    big.chunks_exact_mut(self.big).map(Some).collect();
                let samples = pixels.len() / g.big_len();
                for ([y, x], parts) in &parts {
                    let mut target = Vec::with_capacity(samples * y.count * x.count);
                    let mut rows = Vec::with_capacity(samples * y.count * x.count);
                    for sample in 0..samples {
                        for row in 0..y.count {
                            for column in 0..x.count {
                                let at =
                                    (sample * g.big[0] + row * g.stride + y.remainder) * g.big[1];
                                let pixel = pixels[at + column * g.stride + x.remainder].take();
                                target.extend(pixel);
                                rows.push(U::HALVES * map.at(sample, row, column));
                            }
                        }
                    }
                    let rows = rows.into_iter().collect();
                    add_parts::<U>(&mut target, self.big, &small, &rows, parts, w);
                }
            });
    }
}
