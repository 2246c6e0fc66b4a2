//! One picture in memory.

use crate::Error;

/// An 8-bit picture, grey or RGB, row by row from the top, channels innermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// Makes a picture of `pixels`, laid out `[height, width, channels]`.
    ///
    /// # Errors
    /// [`Error::Empty`] for a side of zero, [`Error::Channels`] unless `channels` is 1 or 3,
    /// [`Error::Pixels`] if their number doesn't match the shape.
    pub fn new(
        height: usize,
        width: usize,
        channels: usize,
        pixels: Vec<u8>,
    ) -> Result<Self, Error> {
        check(pixels.len(), [1, height, width, channels])?;
        Ok(Self {
            height,
            width,
            channels,
            pixels,
        })
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// 1 (grey) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The pixels, `[height, width, channels]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// Checks that the shape `[n, height, width, channels]` needs `got` bytes.
pub(crate) fn check(got: usize, shape: [usize; 4]) -> Result<(), Error> {
    let [n, height, width, channels] = shape;
    if channels != 1 && channels != 3 {
        return Err(Error::Channels { got: channels });
    }
    if n == 0 || height == 0 || width == 0 {
        return Err(Error::Empty { n, height, width });
    }
    let expected = shape
        .iter()
        .fold(1usize, |bytes, side| bytes.saturating_mul(*side));
    if got == expected {
        Ok(())
    } else {
        Err(Error::Pixels {
            shape,
            expected,
            got,
        })
    }
}
