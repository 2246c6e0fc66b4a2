//! Animated GIF.

use crate::palette::Palette;
use crate::{Error, Picture};
use std::borrow::Cow;

/// Encodes frames as a GIF that loops forever and shows each for `delay_cs` hundredths of a second.
///
/// All frames share one palette, so that a still pixel keeps its colour. Grey frames, and frames
/// with at most 256 colours in all, are exact; others are quantised (see `palette`).
///
/// # Errors
/// [`Error::Empty`] without frames, [`Error::Frame`] if sizes differ, [`Error::Size`] for a side
/// over 65,535 pixels, [`Error::GifEncode`] if the encoder fails.
pub fn encode_gif(frames: &[Picture], delay_cs: u16) -> Result<Vec<u8>, Error> {
    let Some(first) = frames.first() else {
        return Err(Error::Empty {
            n: 0,
            height: 0,
            width: 0,
        });
    };
    let expected = [first.height(), first.width()];
    for (frame, picture) in frames.iter().enumerate() {
        let got = [picture.height(), picture.width()];
        if got != expected {
            return Err(Error::Frame {
                frame,
                expected,
                got,
            });
        }
    }
    let too_large = |_| Error::Size {
        height: first.height(),
        width: first.width(),
        limit: usize::from(u16::MAX),
    };
    let height = u16::try_from(first.height()).map_err(too_large)?;
    let width = u16::try_from(first.width()).map_err(too_large)?;

    let palette = Palette::of(frames);
    let failed = |source| Error::GifEncode { source };
    let mut bytes = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut bytes, width, height, palette.bytes()).map_err(failed)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(failed)?;
    for picture in frames {
        let frame = gif::Frame {
            delay: delay_cs,
            width,
            height,
            buffer: Cow::Owned(palette.indices(picture)),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).map_err(failed)?;
    }
    drop(encoder);
    Ok(bytes)
}
