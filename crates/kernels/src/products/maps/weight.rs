//! The gradient of the weight between small and big maps.

use super::Maps;
use super::bordered::Bordered;
use crate::matmul::Target;
use crate::products::gradient::Gradient;
use crate::products::layout::Unit;

impl Maps {
    /// Writes or adds the gradient. Samples are paired, so that a map of an odd number of positions
    /// leaves no pair half empty.
    pub(super) fn gradient<U: Unit>(
        &self,
        small: &[f32],
        big: &[f32],
        mode: Target,
        dw: &mut [f32],
    ) {
        let g = &self.geometry;
        let map = self.big_bordered();
        let big = map.units::<U>(big, g.big);
        let flat = Bordered {
            size: g.small,
            channels: self.small,
            border: [0, 0],
        };
        let units;
        let small = if U::NUMBERS == 1 {
            bytemuck::cast_slice(small)
        } else {
            units = flat.units::<U>(small, g.small);
            &units
        };
        let n = small.len() / (2 * self.small);
        let gradient = Gradient {
            big: &big,
            small,
            width: self.small,
            rows: self.weight_places(&map),
            positions: self.positions(&map, n, 2).collect(),
        };
        let taps = dw.chunks_exact_mut(self.rows * self.columns);
        let rows: Vec<&mut [f32]> = taps
            .flat_map(|tap| tap.chunks_exact_mut(self.columns).take(self.big))
            .collect();
        gradient.write::<U>(rows, mode);
    }

    /// The place of each row's element for the first position, tap by tap, in halves.
    fn weight_places(&self, map: &Bordered) -> Vec<usize> {
        let [height, width] = self.geometry.kernel;
        let taps = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        taps.flat_map(|(row, column)| {
            let first = map.at(0, row, column);
            (first..first + self.big).map(|at| 2 * at)
        })
        .collect()
    }
}
