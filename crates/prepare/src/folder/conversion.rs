//! Converts the section `prepare.pictures` for the decoder.

use dcgan_pictures::{Alpha, Conversion, Crop, Filter};
use dcgan_settings::{AlphaChoice, CropChoice, FilterChoice, Pictures};

/// The conversion of the settings.
pub(super) fn conversion(settings: &Pictures) -> Conversion {
    Conversion {
        height: settings.height,
        width: settings.width,
        channels: settings.channels,
        crop: match settings.crop {
            CropChoice::Centre => Crop::Centre,
            CropChoice::Cover => Crop::Cover,
            CropChoice::Fit => Crop::Fit,
        },
        crop_box: settings.crop_box,
        filter: match settings.filter {
            FilterChoice::Box => Filter::Box,
            FilterChoice::Bilinear => Filter::Bilinear,
            FilterChoice::Bicubic => Filter::Bicubic,
            FilterChoice::Lanczos => Filter::Lanczos,
        },
        alpha: match settings.alpha {
            AlphaChoice::Blend => Alpha::Blend,
            AlphaChoice::Ignore => Alpha::Ignore,
        },
        background: settings.background,
        orientation: settings.orientation,
    }
}

#[cfg(test)]
mod tests {
    use super::conversion;
    use dcgan_pictures::Conversion;
    use dcgan_settings::Pictures;

    /// `dcgan-sample` and `dcgan-eval` use the decoder's defaults.
    #[test]
    fn the_defaults_are_the_decoders() {
        assert_eq!(conversion(&Pictures::default()), Conversion::default());
    }
}
