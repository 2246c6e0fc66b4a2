//! Grids, PNG, GIF, charts: pixels and numbers in, bytes out.
