//! A palette of at most 256 colours for a set of pictures.
//!
//! Up to 256 colours are kept exactly. More are reduced by Heckbert's median cut (Color image
//! quantization for frame buffer display, SIGGRAPH 1982) on a histogram with 5 bits per channel.
//! Every choice is ordered, so the result depends only on the pixels.

use crate::Picture;
use std::collections::BTreeSet;

/// Maximum number of colours in a GIF palette.
const COLOURS: usize = 256;
/// Bits kept per channel if there are too many colours.
const BITS: usize = 5;

/// The colours, and the mapping from a pixel to the index of its colour.
pub(crate) struct Palette {
    colours: Vec<[u8; 3]>,
    lookup: Lookup,
}

enum Lookup {
    /// The colours are sorted and include every pixel's.
    Exact,
    /// Colour index by histogram cell.
    Cells(Vec<u8>),
}

impl Palette {
    /// The palette of all pixels of `pictures`.
    pub(crate) fn of(pictures: &[Picture]) -> Self {
        if let Some(colours) = few_colours(pictures) {
            Self {
                colours,
                lookup: Lookup::Exact,
            }
        } else {
            median_cut(pictures)
        }
    }

    /// Red, green, blue of each colour in turn.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.colours.as_flattened()
    }

    /// The colour index of each pixel.
    pub(crate) fn indices(&self, picture: &Picture) -> Vec<u8> {
        colours_of(picture)
            .map(|colour| match &self.lookup {
                Lookup::Exact => {
                    let at = self.colours.partition_point(|known| *known < colour);
                    u8::try_from(at).unwrap_or(u8::MAX)
                }
                Lookup::Cells(numbers) => numbers[cell_of(colour)],
            })
            .collect()
    }
}

fn colours_of(picture: &Picture) -> impl Iterator<Item = [u8; 3]> {
    let channels = picture.channels();
    picture.pixels().chunks_exact(channels).map(move |pixel| {
        if channels == 1 {
            [pixel[0]; 3]
        } else {
            [pixel[0], pixel[1], pixel[2]]
        }
    })
}

/// All colours in ascending order, or `None` if there are more than a palette can hold.
fn few_colours(pictures: &[Picture]) -> Option<Vec<[u8; 3]>> {
    let mut colours = BTreeSet::new();
    let mut last = None;
    for colour in pictures.iter().flat_map(colours_of) {
        // Neighbours are often equal; comparing with the last one saves most look-ups.
        if last != Some(colour) && colours.insert(colour) && colours.len() > COLOURS {
            return None;
        }
        last = Some(colour);
    }
    Some(colours.into_iter().collect())
}

/// The histogram cell of a colour: the upper bits of red, green, blue.
fn cell_of([red, green, blue]: [u8; 3]) -> usize {
    let upper = |value: u8| usize::from(value >> (8 - BITS));
    upper(red) << (2 * BITS) | upper(green) << BITS | upper(blue)
}

/// The pixels that fell into one histogram cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    id: usize,
    pixels: u64,
    sums: [u64; 3],
}

impl Cell {
    fn mean(&self, channel: usize) -> u64 {
        self.sums[channel] / self.pixels.max(1)
    }
}

fn median_cut(pictures: &[Picture]) -> Palette {
    let mut histogram = vec![Cell::default(); 1 << (3 * BITS)];
    for colour in pictures.iter().flat_map(colours_of) {
        let id = cell_of(colour);
        let cell = &mut histogram[id];
        cell.id = id;
        cell.pixels += 1;
        for (sum, value) in cell.sums.iter_mut().zip(colour) {
            *sum += u64::from(value);
        }
    }
    histogram.retain(|cell| cell.pixels > 0);

    let mut boxes = vec![histogram];
    while boxes.len() < COLOURS {
        // The box whose widest channel, weighted by its pixels, has the largest error; the first on
        // a tie.
        let Some(chosen) = (0..boxes.len())
            .filter(|at| boxes[*at].len() > 1)
            .max_by_key(|at| (weight(&boxes[*at]), std::cmp::Reverse(*at)))
        else {
            break;
        };
        let upper = split(&mut boxes[chosen]);
        boxes.push(upper);
    }

    let mut numbers = vec![0; 1 << (3 * BITS)];
    let colours = boxes
        .iter()
        .enumerate()
        .map(|(number, cells)| {
            for cell in cells {
                numbers[cell.id] = u8::try_from(number).unwrap_or(u8::MAX);
            }
            mean(cells)
        })
        .collect();
    Palette {
        colours,
        lookup: Lookup::Cells(numbers),
    }
}

/// The channel with the widest spread of cell means, and that spread; the first on a tie.
fn widest(cells: &[Cell]) -> (usize, u64) {
    let spread = |channel: usize| {
        let means = || cells.iter().map(|cell| cell.mean(channel));
        means().max().unwrap_or(0) - means().min().unwrap_or(0)
    };
    (0..3)
        .map(|channel| (channel, spread(channel)))
        .max_by_key(|(channel, spread)| (*spread, std::cmp::Reverse(*channel)))
        .unwrap_or((0, 0))
}

fn weight(cells: &[Cell]) -> u64 {
    let (_, spread) = widest(cells);
    cells
        .iter()
        .map(|cell| cell.pixels)
        .sum::<u64>()
        .saturating_mul(spread)
}

/// Leaves the pixels below the median in `cells` and returns the others.
fn split(cells: &mut Vec<Cell>) -> Vec<Cell> {
    let (channel, _) = widest(cells);
    cells.sort_by_key(|cell| (cell.mean(channel), cell.id));
    let total: u64 = cells.iter().map(|cell| cell.pixels).sum();
    let mut below = 0;
    let middle = cells
        .iter()
        .position(|cell| {
            below += cell.pixels;
            2 * below >= total
        })
        .unwrap_or(0);
    // Both halves keep at least one cell.
    cells.split_off((middle + 1).clamp(1, cells.len() - 1))
}

fn mean(cells: &[Cell]) -> [u8; 3] {
    let pixels = cells.iter().map(|cell| cell.pixels).sum::<u64>().max(1);
    [0, 1, 2].map(|channel| {
        let sum: u64 = cells.iter().map(|cell| cell.sums[channel]).sum();
        u8::try_from((sum + pixels / 2) / pixels).unwrap_or(u8::MAX)
    })
}
