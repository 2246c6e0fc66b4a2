//! Networks out of files and into them; images from (model, seed, index, class).
