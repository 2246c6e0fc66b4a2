//! Figures as pages, charts, pictures, tables and text.

pub(crate) mod charts;
pub(crate) mod checkpoints;
mod copies;
pub(crate) mod film;
pub(crate) mod grids;
pub(crate) mod html;
pub(crate) mod names;
mod over_time;
pub(crate) mod page;
mod scores;
mod sets;
pub(crate) mod summary;
pub(crate) mod svg;
pub(crate) mod tables;
pub(crate) mod timing;
