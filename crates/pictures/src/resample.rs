//! Antialiased resizing in integers: the same bytes on every machine.
//!
//! The method, including rounding, is Pillow's (`src/libImaging/Resample.c`): each output pixel is
//! a weighted mean of the input pixels under the filter, which is widened by the factor of
//! shrinking; weights are fixed-point numbers of 22 bits; columns are filtered first, then rows,
//! with 8 bits in between.

use crate::conversion::Filter;
use std::f64::consts::PI;

/// Fractional bits of a weight: 32 minus 8 for the pixel and 2 for overshoot.
const PRECISION: u32 = 22;

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane {
    /// `[height, width, channels]`.
    pub pixels: Vec<u8>,
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// 1 grey, 3 red, green and blue.
    pub channels: usize,
}

/// A box in a picture, in pixels from its upper left corner; edges may be fractional.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The upper edge.
    pub top: f64,
    /// The left edge.
    pub left: f64,
    /// From edge to edge.
    pub height: f64,
    /// From edge to edge.
    pub width: f64,
}

/// Resizes the part of `plane` in `area`, which must be inside it, to `[height, width, channels]`.
pub fn resample(plane: &Plane, area: Area, height: usize, width: usize, filter: Filter) -> Vec<u8> {
    let columns = weights(plane.width, area.left, area.width, width, filter);
    let rows = weights(plane.height, area.top, area.height, height, filter);
    let first = rows.first().map_or(0, |taps| taps.first);
    let end = rows
        .iter()
        .map(|taps| taps.first + taps.weights.len())
        .max()
        .unwrap_or(first);
    let (from, to) = (plane.width * plane.channels, width * plane.channels);
    let mut narrow = Vec::with_capacity((end - first) * to);
    for row in plane.pixels[first * from..end * from].chunks_exact(from) {
        match plane.channels {
            1 => across::<1>(row, &columns, &mut narrow),
            _ => across::<3>(row, &columns, &mut narrow),
        }
    }
    let mut resized = Vec::with_capacity(height * to);
    let mut sums = vec![0i32; to];
    for taps in &rows {
        sums.fill(1 << (PRECISION - 1));
        for (weight, row) in taps
            .weights
            .iter()
            .zip(narrow[(taps.first - first) * to..].chunks_exact(to))
        {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(*value);
            }
        }
        resized.extend(sums.iter().map(|sum| clip(*sum)));
    }
    resized
}

/// The input pixels under the filter of one output pixel.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// Filters one row horizontally.
fn across<const C: usize>(row: &[u8], columns: &[Taps], out: &mut Vec<u8>) {
    let (pixels, _) = row.as_chunks::<C>();
    for taps in columns {
        let mut sums = [1i32 << (PRECISION - 1); C];
        for (weight, pixel) in taps.weights.iter().zip(&pixels[taps.first..]) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += weight * i32::from(*value);
            }
        }
        out.extend(sums.map(clip));
    }
}

fn clip(sum: i32) -> u8 {
    u8::try_from((sum >> PRECISION).clamp(0, 255)).unwrap_or(u8::MAX)
}

/// Weights for `out` pixels from `length` of `input` pixels, starting at `start`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places lie within the picture, weights within a few units of 2^22"
)]
fn weights(input: usize, start: f64, length: f64, out: usize, filter: Filter) -> Vec<Taps> {
    let scale = length / out as f64;
    let widening = scale.max(1.0);
    let support = radius(filter) * widening;
    (0..out)
        .map(|at| {
            let centre = start + (at as f64 + 0.5) * scale;
            let first = ((centre - support + 0.5).max(0.0) as usize).min(input - 1);
            let end = ((centre + support + 0.5) as usize).clamp(first + 1, input);
            let exact: Vec<f64> = (first..end)
                .map(|x| value(filter, (x as f64 - centre + 0.5) / widening))
                .collect();
            let sum: f64 = exact.iter().sum();
            // If no pixel's centre is under the filter, use the nearest pixel.
            let sum = if sum == 0.0 { 1.0 } else { sum };
            let fixed = |weight: f64| (weight / sum * f64::from(1 << PRECISION)).round() as i32;
            Taps {
                first,
                weights: exact.into_iter().map(fixed).collect(),
            }
        })
        .collect()
}

/// Radius of the filter in pixels of the coarser side.
fn radius(filter: Filter) -> f64 {
    match filter {
        Filter::Box => 0.5,
        Filter::Bilinear => 1.0,
        Filter::Bicubic => 2.0,
        Filter::Lanczos => 3.0,
    }
}

fn value(filter: Filter, x: f64) -> f64 {
    let distance = x.abs();
    match filter {
        Filter::Box if x > -0.5 && x <= 0.5 => 1.0,
        Filter::Bilinear if distance < 1.0 => 1.0 - distance,
        // Keys (1981), equation 4 with a = -1/2.
        Filter::Bicubic if distance < 1.0 => (1.5 * distance - 2.5) * distance * distance + 1.0,
        Filter::Bicubic if distance < 2.0 => {
            ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
        }
        Filter::Lanczos if distance < 3.0 => sinc(x) * sinc(x / 3.0),
        _ => 0.0,
    }
}

/// `sin(πx) / πx` with `libm`, because the system's sine differs between machines.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        libm::sin(PI * x) / (PI * x)
    }
}

#[cfg(test)]
mod tests {
    use super::{Area, Plane, resample};
    use crate::conversion::Filter;

    const FILTERS: [Filter; 4] = [
        Filter::Box,
        Filter::Bilinear,
        Filter::Bicubic,
        Filter::Lanczos,
    ];

    fn plane(height: usize, width: usize, channels: usize) -> Plane {
        let value = |at: usize| u8::try_from(at * 37 % 256).unwrap();
        Plane {
            pixels: (0..height * width * channels).map(value).collect(),
            height,
            width,
            channels,
        }
    }

    fn whole(plane: &Plane) -> Area {
        Area {
            top: 0.0,
            left: 0.0,
            height: plane.height as f64,
            width: plane.width as f64,
        }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        for filter in FILTERS {
            for channels in [1, 3] {
                let plane = plane(5, 7, channels);
                let same = resample(&plane, whole(&plane), 5, 7, filter);
                assert_eq!(same, plane.pixels, "{filter:?}");
            }
        }
    }

    #[test]
    fn a_constant_stays_constant() {
        for filter in FILTERS {
            let plane = Plane {
                pixels: vec![201; 31 * 17 * 3],
                height: 31,
                width: 17,
                channels: 3,
            };
            for (height, width) in [(1, 1), (8, 8), (64, 50)] {
                let resized = resample(&plane, whole(&plane), height, width, filter);
                assert_eq!(resized, vec![201; height * width * 3], "{filter:?}");
            }
        }
    }

    /// Computed by hand: a box over 2 pixels; a triangle of radius 2 around the middle of 4.
    #[test]
    fn shrinking_takes_the_mean_under_the_filter() {
        let row = Plane {
            pixels: vec![0, 80, 160, 240],
            height: 1,
            width: 4,
            channels: 1,
        };
        let halved = |filter| resample(&row, whole(&row), 1, 2, filter);
        assert_eq!(halved(Filter::Box), [40, 200]);
        // Weights 3/4, 3/4 and 1/4 within the picture: (0*3 + 80*3 + 160) / 7 = 57.1.
        assert_eq!(halved(Filter::Bilinear), [57, 183]);
        let middle = Area {
            left: 1.0,
            width: 2.0,
            ..whole(&row)
        };
        assert_eq!(resample(&row, middle, 1, 1, Filter::Box), [120]);
    }
}
