//! ziggurat: multi-resolution gridded data on Zarr v3.

pub mod digest;
pub mod export;
pub mod source;
