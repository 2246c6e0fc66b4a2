//! Stage 1: sources to dataset.safetensors.
