//! Stage 2: a dataset to checkpoints and metrics.csv.
