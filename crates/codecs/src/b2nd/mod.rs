//! The Zarr v3 codec `b2nd`: the elements of a Zarr chunk as one Blosc2 chunk of N-dimensional blocks.
//!
//! Each block is filtered and compressed alone, so that a small part of a Zarr chunk costs a few blocks
//! instead of all of it. The format is in `spec/b2nd.md`; whoever knows Blosc2 reads the payload.
//!
//! * [`Configuration`]: what `zarr.json` says.
//! * [`Codec`]: encodes and decodes chunks of one shape and data type, whole or by [`Parts`]. It knows
//!   no store and no other library of Zarr.
//! * [`register`](crate::register): arrays of this project and those of zarrs know the codec by its name;
//!   partial reads of zarrs take blocks, synchronous and asynchronous ones.
//!
//! Refused by name: data types that are not of a fixed size of at most 255 bytes, more than 15
//! dimensions, chunks beyond 2 GiB.

mod automatic;
mod codec;
mod configuration;
mod encode;
mod index;
mod parts;
mod requests;
mod short;
mod zarrs_023;

use std::sync::Arc;

use serde_json::Value;
use ziggurat_core::codec::Extension;
use ziggurat_core::{ElementType, Result};

pub use automatic::{automatic_block, chain};
pub use codec::Codec;
pub use configuration::Configuration;
pub use parts::Parts;

/// The name in `zarr.json`.
pub const NAME: &str = "b2nd";

/// Makes the codec known to arrays of this project and of zarrs.
pub(crate) fn register() {
    ziggurat_core::codec::register(NAME, make);
    ziggurat_core::codec::register_short(NAME, short::FORM);
    zarrs_023::register();
}

fn make(
    place: &str,
    configuration: &Value,
    element: ElementType,
    shape: &[u64],
) -> Result<Arc<dyn Extension>> {
    let codec = Configuration::parse(configuration)
        .and_then(|configuration| Codec::new(&configuration, shape, element.name(), element.size()))
        .map_err(|e| e.map_place(|codec| format!("{place}: {codec}")))?;
    Ok(Arc::new(codec))
}
