//! The numbers that mean black and white.

/// How far rounded numbers may exceed their range.
const TOLERANCE: f64 = 1e-4;

/// The numbers for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRange {
    /// 0 and 1.
    Unit,
    /// -1 and 1.
    Signed,
    /// 0 and 255.
    Bytes,
}

impl ValueRange {
    /// Every range.
    pub const ALL: [Self; 3] = [Self::Unit, Self::Signed, Self::Bytes];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Signed => "signed",
            Self::Bytes => "bytes",
        }
    }

    /// Both ends.
    pub(super) fn ends(self) -> (f64, f64) {
        match self {
            Self::Unit => (0.0, 1.0),
            Self::Signed => (-1.0, 1.0),
            Self::Bytes => (0.0, 255.0),
        }
    }

    /// The range for numbers between `low` and `high`. If it begins below 0, it ends at 1. If it
    /// ends at 1, it is [0, 1], because grey values up to 255 that are all 0 or 1 are not pictures.
    pub(super) fn infer(low: f64, high: f64) -> Option<Self> {
        let fits = |range: &Self| {
            let (black, white) = range.ends();
            low >= black - TOLERANCE && high <= white + TOLERANCE
        };
        [Self::Unit, Self::Signed, Self::Bytes]
            .into_iter()
            .find(fits)
    }

    /// The nearest byte, clamped to the range.
    pub(super) fn byte(self, value: f64) -> u8 {
        let (black, white) = self.ends();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates, which is the cut that is meant"
        )]
        (((value - black) / (white - black) * 255.0).round() as u8)
    }
}
