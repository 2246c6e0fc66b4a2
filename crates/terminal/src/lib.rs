//! Exit codes, errors with hints, progress with ETA, signals, common options.
