//! Which network, and how large.

use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Which of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The conditional network: the class joins every layer; images in `[0, 1]`, sigmoid output.
    Labelled,
    /// The network without labels, for images of any size in `[-1, 1]`, tanh output.
    Unlabelled,
}

impl Kind {
    /// The name that files and settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Labelled => "labelled",
            Self::Unlabelled => "unlabelled",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "labelled" => Ok(Self::Labelled),
            "unlabelled" => Ok(Self::Unlabelled),
            _ => Err(Error::Config {
                key: "kind",
                expected: "`labelled` or `unlabelled`".into(),
                got: text.into(),
            }),
        }
    }
}

/// Everything that fixes the shapes of a generator and its discriminator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which of the two networks.
    pub kind: Kind,
    /// Image height in pixels.
    pub height: usize,
    /// Image width in pixels.
    pub width: usize,
    /// Colours, 1 or 3.
    pub channels: usize,
    /// Classes of the labelled network, 1 to 256; 0 for the unlabelled one.
    pub classes: usize,
    /// Coordinates of the latent vector z.
    pub z_dim: usize,
    /// Filters of the generator's last hidden layer.
    pub gf_dim: usize,
    /// Filters of the discriminator's first layer (labelled: of its second convolution).
    pub df_dim: usize,
    /// Width of the generator's first layer; labelled network only.
    pub gfc_dim: usize,
    /// Width of the discriminator's fully connected layer; labelled network only.
    pub dfc_dim: usize,
    /// Strided levels, each of which halves the map: [`Self::LABELLED_DEPTH`] for the labelled
    /// network, 1 to 8 for the unlabelled one.
    pub depth: usize,
}

/// Bounds on a width and on a side, which keep every product of a shape far from overflow.
const MAX_WIDTH: usize = 1 << 16;
const MAX_SIDE: usize = 1 << 12;
const MAX_DEPTH: usize = 8;

impl Config {
    /// Levels of the labelled network.
    pub const LABELLED_DEPTH: usize = 2;
    /// Levels of the original's unlabelled network.
    pub const UNLABELLED_DEPTH: usize = 4;

    /// The original's widths for labelled `height` x `width` images: z 100, filters 64, fully
    /// connected 1024.
    pub fn labelled(height: usize, width: usize, channels: usize, classes: usize) -> Self {
        Self {
            kind: Kind::Labelled,
            height,
            width,
            channels,
            classes,
            z_dim: 100,
            gf_dim: 64,
            df_dim: 64,
            gfc_dim: 1024,
            dfc_dim: 1024,
            depth: Self::LABELLED_DEPTH,
        }
    }

    /// The original's widths for unlabelled `height` x `width` images: z 100, filters 64, four
    /// levels.
    pub fn unlabelled(height: usize, width: usize, channels: usize) -> Self {
        Self {
            kind: Kind::Unlabelled,
            classes: 0,
            gfc_dim: 0,
            dfc_dim: 0,
            depth: Self::UNLABELLED_DEPTH,
            ..Self::labelled(height, width, channels, 0)
        }
    }

    /// The original's levels of a kind of network, which its files don't mention.
    pub fn usual_depth(kind: Kind) -> usize {
        match kind {
            Kind::Labelled => Self::LABELLED_DEPTH,
            Kind::Unlabelled => Self::UNLABELLED_DEPTH,
        }
    }

    /// The levels that keep the smallest map of an unlabelled network small: the original's four,
    /// and one more for each whole doubling of the shorter side above the original's 64. So 64, 128
    /// and 256 all end at 4.
    pub fn depth_for(height: usize, width: usize) -> usize {
        let doublings = (height.min(width) / 64).checked_ilog2().unwrap_or(0);
        Self::UNLABELLED_DEPTH + doublings as usize
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] names the first field that no network can have: labelled images need sides
    /// divisible by 4 and 1 to 256 classes, unlabelled ones sides that their levels can halve: at
    /// least 16 for the original's four.
    pub fn validate(&self) -> Result<()> {
        let depth = self.depth;
        match self.kind {
            Kind::Labelled => check("depth", depth, depth == Self::LABELLED_DEPTH, "2")?,
            Kind::Unlabelled => check("depth", depth, (1..=MAX_DEPTH).contains(&depth), "1 to 8")?,
        }
        for (key, side) in [("height", self.height), ("width", self.width)] {
            match self.kind {
                Kind::Labelled => {
                    check(
                        key,
                        side,
                        side >= 4 && side.is_multiple_of(4) && side <= MAX_SIDE,
                        "a multiple of 4, at most 4096, for the labelled network",
                    )?;
                }
                Kind::Unlabelled => {
                    let least = 1 << depth;
                    check(
                        key,
                        side,
                        (least..=MAX_SIDE).contains(&side),
                        &format!("{least} to 4096 for the unlabelled network of depth {depth}"),
                    )?;
                }
            }
        }
        check(
            "channels",
            self.channels,
            matches!(self.channels, 1 | 3),
            "1 or 3",
        )?;
        let mut widths = vec![
            ("z_dim", self.z_dim),
            ("gf_dim", self.gf_dim),
            ("df_dim", self.df_dim),
        ];
        match self.kind {
            Kind::Labelled => {
                let classes = self.classes;
                check("classes", classes, (1..=256).contains(&classes), "1 to 256")?;
                widths.extend([("gfc_dim", self.gfc_dim), ("dfc_dim", self.dfc_dim)]);
            }
            Kind::Unlabelled => {
                let classes = self.classes;
                check(
                    "classes",
                    classes,
                    classes == 0,
                    "0 for the unlabelled network",
                )?;
            }
        }
        for (key, width) in widths {
            check(key, width, (1..=MAX_WIDTH).contains(&width), "1 to 65536")?;
        }
        Ok(())
    }

    /// The spatial sizes of the maps, the image first, each half of the one before, rounded up:
    /// 28, 14, 7 (labelled) or h, h2, h4, h8, h16 and so on (unlabelled).
    pub fn sizes(&self) -> Vec<[usize; 2]> {
        let halve = |size: &[usize; 2]| Some(size.map(|side| side.div_ceil(2)));
        std::iter::successors(Some([self.height, self.width]), halve)
            .take(self.depth + 1)
            .collect()
    }
}

fn check(key: &'static str, got: usize, holds: bool, expected: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::Config {
        key,
        expected: expected.into(),
        got: got.to_string(),
    })
}
