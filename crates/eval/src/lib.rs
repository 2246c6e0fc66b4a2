//! Stage 4: a dataset and a model to figures of quality.
