//! Every variant of the kernels that this machine can run.

/// Runs `check` once for each, with its name.
pub(crate) fn each_variant(check: impl Fn(&str)) {
    check("default");
}
