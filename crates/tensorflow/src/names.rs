//! The names of variables in the versions of the original.

use dcgan::{Arrays, Kind};

/// The variables of a checkpoint under the names of the original's last version.
pub(crate) struct Names<'a> {
    floats: &'a Arrays,
    /// Whether names begin with `generator/` or `discriminator/`: since 2016-12-21.
    has_scopes: bool,
    /// Whether the unlabelled discriminator's last layer is `d_h3_lin`: until 2017-06-08.
    has_old_last: bool,
    pub(crate) kind: Kind,
}

/// The last layer of the unlabelled discriminator, and its name until 2017-06-08.
const LAST: [&str; 2] = ["discriminator/d_h4_lin/", "discriminator/d_h3_lin/"];

impl<'a> Names<'a> {
    /// Finds out which names the checkpoint uses; `None` if it is not of the original.
    pub(crate) fn find(floats: &'a Arrays) -> Option<Self> {
        let mut names = Self {
            floats,
            has_scopes: true,
            has_old_last: false,
            kind: Kind::Unlabelled,
        };
        if names.get("generator/g_h0_lin/Matrix").is_none() {
            names.has_scopes = false;
            names.get("generator/g_h0_lin/Matrix")?;
        }
        if names.get("generator/g_h1_lin/Matrix").is_some() {
            names.kind = Kind::Labelled;
        } else {
            names.has_old_last = names.get(&format!("{}Matrix", LAST[0])).is_none();
        }
        Some(names)
    }

    /// The name that the checkpoint has for ours.
    pub(crate) fn saved(&self, name: &str) -> String {
        let renamed = name.strip_prefix(LAST[0]).filter(|_| self.has_old_last);
        let name = renamed.map_or_else(|| name.into(), |of| format!("{}{of}", LAST[1]));
        match name.split_once('/') {
            Some((_, rest)) if !self.has_scopes => rest.into(),
            _ => name,
        }
    }

    /// The variable that has our `name` in the last version: its shape and values.
    pub(crate) fn get(&self, name: &str) -> Option<&'a (Vec<usize>, Vec<f32>)> {
        self.floats.get(&self.saved(name))
    }

    /// The variable of that name in the checkpoint.
    pub(crate) fn saved_array(&self, saved: &str) -> Option<&'a (Vec<usize>, Vec<f32>)> {
        self.floats.get(saved)
    }

    /// The names in the checkpoint that begin with that of our layer.
    pub(crate) fn below(&self, layer: &str) -> impl Iterator<Item = &'a str> {
        let start = format!("{}/", self.saved(layer));
        let names = self.floats.keys().map(String::as_str);
        names.filter(move |name| name.starts_with(&start))
    }

    /// Whether a name in the checkpoint belongs to one of the networks.
    pub(crate) fn is_of_networks(&self, saved: &str) -> bool {
        let starts = if self.has_scopes {
            ["generator/", "discriminator/"]
        } else {
            ["g_", "d_"]
        };
        starts.iter().any(|start| saved.starts_with(start))
    }
}

/// Whether a variable in a checkpoint was made without a name.
pub(crate) fn is_unnamed(saved: &str) -> bool {
    let last = saved.rsplit('/').next().unwrap_or_default();
    last == "Variable" || last.starts_with("Variable_")
}

/// Whether a name in a checkpoint is that of an optimiser's variable.
pub(crate) fn is_of_adam(saved: &str) -> bool {
    let last = saved.rsplit('/').next().unwrap_or_default();
    matches!(last, "Adam" | "Adam_1")
        || last.starts_with("beta1_power")
        || last.starts_with("beta2_power")
}
