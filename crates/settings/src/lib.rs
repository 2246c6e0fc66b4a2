//! Pipeline settings: YAML, defaults, overrides, resolved values.
