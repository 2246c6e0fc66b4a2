//! The order of the axes of images.

/// Where the axis of channels is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelAxis {
    /// After the number of images.
    First,
    /// At the end.
    Last,
}

/// Order of the axes of images.
pub(super) struct Layout {
    /// Images, height, width, channels.
    pub(super) sizes: [usize; 4],
    pub(super) channels_first: bool,
}

impl Layout {
    /// Inferred from the expected size, or else from the axis of length 1 or 3. `None` if no axis
    /// or several may be the channels.
    pub(super) fn infer(shape: &[usize], size: Option<[usize; 3]>) -> Option<Self> {
        let (n, [a, b, c]) = match *shape {
            [n, height, width] => (n, [height, width, 1]),
            [n, a, b, c] => (n, [a, b, c]),
            _ => return None,
        };
        let last = Some(Self {
            sizes: [n, a, b, c],
            channels_first: false,
        });
        let first = Some(Self {
            sizes: [n, b, c, a],
            channels_first: true,
        });
        if let Some([height, width, channels]) = size {
            if [a, b, c] == [height, width, channels] {
                return last;
            }
            if [a, b, c] == [channels, height, width] {
                return first;
            }
        }
        match (matches!(a, 1 | 3), matches!(c, 1 | 3)) {
            (_, true) if shape.len() == 3 => last,
            (false, true) => last,
            (true, false) => first,
            _ => None,
        }
    }

    /// With the channels, 1 or 3, where the caller says, or inferred. Rows of a square number of
    /// values are grey squares.
    pub(super) fn of(shape: &[usize], channels: Option<ChannelAxis>) -> Option<Self> {
        let (sizes, channels_first) = match (shape, channels) {
            (&[n, pixels], _) => {
                let side = pixels.isqrt();
                ([n, side, pixels / side.max(1), 1], false)
            }
            (&[n, a, b, c], Some(ChannelAxis::Last)) => ([n, a, b, c], false),
            (&[n, a, b, c], Some(ChannelAxis::First)) => ([n, b, c, a], true),
            _ => return Self::infer(shape, None),
        };
        let is_square = shape.len() != 2 || sizes[1] * sizes[1] == shape[1];
        (is_square && matches!(sizes[3], 1 | 3)).then_some(Self {
            sizes,
            channels_first,
        })
    }
}

/// Converts from channels first to channels last, image by image.
pub(super) fn channels_last(bytes: &mut [u8], channels: usize, pixels: usize) {
    let mut moved = vec![0; channels * pixels];
    for image in bytes.chunks_exact_mut(channels * pixels) {
        for (channel, plane) in image.chunks_exact(pixels).enumerate() {
            for (value, to) in plane.iter().zip(moved.chunks_exact_mut(channels)) {
                to[channel] = *value;
            }
        }
        image.copy_from_slice(&moved);
    }
}
