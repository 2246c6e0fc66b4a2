//! The networks' sizes, from the shapes of their variables.

use crate::Error;
use crate::layout::{positions, reduction};
use crate::names::Names;
use dcgan::{Config, Kind};
use std::path::Path;

/// A configuration, and what had to be assumed for it.
pub(crate) struct Sizes {
    pub(crate) config: Config,
    pub(crate) assumed: Option<String>,
}

/// Shapes with as many axes as needed; what lacks them is noted.
struct Shapes<'a, 'b> {
    names: &'a Names<'b>,
    problems: Vec<String>,
}

impl Shapes<'_, '_> {
    /// The sizes of a variable; zeros if it is unfit.
    fn of<const N: usize>(&mut self, name: &str) -> [usize; N] {
        let saved = self.names.saved(name);
        let Some((shape, _)) = self.names.get(name) else {
            self.problems.push(format!("`{saved}` is missing"));
            return [0; N];
        };
        shape.as_slice().try_into().unwrap_or_else(|_| {
            let problem = format!("`{saved}`: expected {N} axes, got shape {shape:?}");
            self.problems.push(problem);
            [0; N]
        })
    }
}

/// The sizes of the networks in a checkpoint. Of the images it tells only how many positions the
/// smallest map has: `size` is their height and width, by default the largest square that fits.
pub(crate) fn sizes(
    path: &Path,
    names: &Names<'_>,
    size: Option<[usize; 2]>,
) -> Result<Sizes, Error> {
    let problems = Vec::new();
    let mut shapes = Shapes { names, problems };
    let (mut config, map) = match names.kind {
        Kind::Labelled => labelled(&mut shapes),
        Kind::Unlabelled => unlabelled(&mut shapes),
    };
    if !shapes.problems.is_empty() {
        return Err(Error::Unfit {
            path: path.to_owned(),
            problems: shapes.problems,
        });
    }
    let ([height, width], assumed) = match size {
        Some(size) => (given_size(path, names.kind, map, size)?, None),
        None => square(path, names.kind, map)?,
    };
    (config.height, config.width) = (height, width);
    config.validate().map_err(|source| Error::Network {
        path: path.to_owned(),
        source,
    })?;
    Ok(Sizes { config, assumed })
}

/// The sizes but for the image's, and the number of positions of the smallest map.
fn labelled(shapes: &mut Shapes<'_, '_>) -> (Config, usize) {
    let [inputs, gfc_dim] = shapes.of("generator/g_h0_lin/Matrix");
    let [_, flat] = shapes.of("generator/g_h1_lin/Matrix");
    let [_, _, gf2, with_labels] = shapes.of("generator/g_h2/w");
    let [_, _, channels, _] = shapes.of("generator/g_h3/w");
    let [_, _, _, second] = shapes.of("discriminator/d_h1_conv/w");
    let [_, dfc_dim] = shapes.of("discriminator/d_h2_lin/Matrix");
    if gf2 % 2 == 1 || gf2 >= with_labels {
        shapes.problems.push(format!(
            "`{}`: expected shape [5, 5, 2n, 2n + classes], got [.., {gf2}, {with_labels}]",
            shapes.names.saved("generator/g_h2/w")
        ));
    }
    let classes = with_labels.saturating_sub(gf2);
    let config = Config {
        z_dim: inputs.saturating_sub(classes),
        gf_dim: gf2 / 2,
        df_dim: second.saturating_sub(classes),
        gfc_dim,
        dfc_dim,
        ..Config::labelled(0, 0, channels, classes)
    };
    (config, flat.checked_div(gf2).unwrap_or(0))
}

fn unlabelled(shapes: &mut Shapes<'_, '_>) -> (Config, usize) {
    let [z_dim, flat] = shapes.of("generator/g_h0_lin/Matrix");
    let [_, _, channels, gf_dim] = shapes.of("generator/g_h4/w");
    let [_, _, _, df_dim] = shapes.of("discriminator/d_h0_conv/w");
    let config = Config {
        z_dim,
        gf_dim,
        df_dim,
        ..Config::unlabelled(0, 0, channels)
    };
    (
        config,
        flat.checked_div(gf_dim.saturating_mul(8)).unwrap_or(0),
    )
}

fn given_size(path: &Path, kind: Kind, map: usize, size: [usize; 2]) -> Result<[usize; 2], Error> {
    const MOST: usize = 1 << 16;
    let needed = positions(kind, size.map(|side| side.min(MOST)));
    if needed == map {
        return Ok(size);
    }
    Err(Error::Size {
        path: path.to_owned(),
        size,
        expected: format!("its smallest map has {map} positions, such images need {needed}"),
    })
}

/// The largest square that fits the smallest map, and that it was assumed.
fn square(path: &Path, kind: Kind, map: usize) -> Result<([usize; 2], Option<String>), Error> {
    let side = map.isqrt();
    if side * side != map {
        return Err(Error::SizeUnknown {
            path: path.to_owned(),
            map: format!("its smallest map has {map} positions, which is no square"),
        });
    }
    let side = side.saturating_mul(reduction(kind));
    let assumed = format!(
        "images are taken to be {side}x{side}, which the checkpoint does not tell: `--size` names \
         another size"
    );
    Ok(([side; 2], Some(assumed)))
}
