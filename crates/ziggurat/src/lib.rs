//! ziggurat: multi-resolution gridded data on Zarr v3.

pub mod convert;
pub mod digest;
pub mod export;
mod geokeys;
pub mod import;
mod partial;
mod relay;
pub mod source;

pub use ziggurat_codecs as codecs;
pub use ziggurat_core as core;
pub use ziggurat_pyramid as pyramid;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
