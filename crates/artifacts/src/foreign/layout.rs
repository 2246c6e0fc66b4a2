//! The order of the axes of images.

/// Order of the axes of images.
pub(super) struct Layout {
    /// Images, height, width, channels.
    pub(super) sizes: [usize; 4],
    pub(super) channels_first: bool,
}

impl Layout {
    /// Inferred from the expected size, or else from the axis of length 1 or 3. `None` if no axis
    /// or several may be the channels.
    pub(super) fn told_by(shape: &[usize], size: Option<[usize; 3]>) -> Option<Self> {
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
