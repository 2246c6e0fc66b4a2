//! How a picture becomes an image of a given size.

/// Which part of a picture is used, before resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crop {
    /// A box around the centre, [`Conversion::crop_box`] pixels high; the largest that fits in a
    /// smaller picture.
    Centre,
    /// As much as possible around the centre: resizes the short side and cuts the long one.
    Cover,
    /// The whole picture; bars of [`Conversion::background`] fill the rest.
    Fit,
}

/// The filter for resizing. Each is antialiased: it is widened when a picture shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Mean of the pixels covered.
    Box,
    /// Triangle, 2 pixels wide.
    Bilinear,
    /// Cubic with a = -0.5, 4 pixels wide.
    Bicubic,
    /// Sinc in a window of 6 pixels.
    Lanczos,
}

/// How to treat transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpha {
    /// Blend the picture with [`Conversion::background`].
    Blend,
    /// Drop it and keep the colours.
    Ignore,
}

/// The size of an image, and how a picture is fitted into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
    /// Colours: 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// Which part of a picture is used.
    pub crop: Crop,
    /// Height of the box in pixels of the picture, for [`Crop::Centre`]; its width follows the
    /// image's ratio.
    pub crop_box: usize,
    /// Filter for resizing.
    pub filter: Filter,
    /// How to treat transparency.
    pub alpha: Alpha,
    /// Red, green and blue behind transparent pictures and of the bars of [`Crop::Fit`].
    pub background: [u8; 3],
    /// Whether pictures are rotated by their EXIF orientation.
    pub orientation: bool,
}

impl Default for Conversion {
    /// 64 by 64 pixels in colour, covered by the picture, by a bilinear filter, on white.
    fn default() -> Self {
        Self {
            height: 64,
            width: 64,
            channels: 3,
            crop: Crop::Cover,
            crop_box: 108,
            filter: Filter::Bilinear,
            alpha: Alpha::Blend,
            background: [255; 3],
            orientation: true,
        }
    }
}
