//! Stage 3: a generator to images.
