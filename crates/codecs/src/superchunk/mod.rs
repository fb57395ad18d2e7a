//! Superchunks that are Zarr shards and Blosc2 frames at once.
//!
//! One file has two faces over the same encoded blocks. As a Zarr shard it is read by its index at the end;
//! as a contiguous frame with the metalayer `b2nd` it is an array of Blosc2: the part of the superchunk that
//! lies within the array. What frames the blocks follows from their lengths alone, so that blocks which do
//! not change are never decoded. The format is in `spec/superchunk.md`.
//!
//! An array has it by [`ArrayMetadata::framing`](ziggurat_core::ArrayMetadata::framing), after
//! [`register`](crate::register):
//!
//! ```
//! use std::sync::Arc;
//! use ziggurat_codecs::{blosc2::B2nd, superchunk};
//! use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, exec::block_on, layout::Layout};
//! use ziggurat_core::store::{ObjectBackend, Store};
//! ziggurat_codecs::register();
//! let layout = Layout::sharded(&[64, 64], &[32, 32], &[16, 16])?;
//! let mut metadata = ArrayMetadata::new(&[64, 100], ElementType::UInt8, &[0], layout, &"zstd".parse()?);
//! metadata.framing = Some(superchunk::NAME.to_owned());
//! let store = Arc::new(ObjectBackend::memory());
//! let array = Array::create(store.clone(), "a", metadata)?;
//! array.write(&Region::new([5, 66], [2, 3]), &[1, 2, 3, 4, 5, 6])?;
//!
//! let file = block_on(store.get("a/c/0/1"))?.unwrap_or_default().to_vec();
//! let face = B2nd::open_source(file)?;
//! assert_eq!(face.layout().shape(), [64, 36]);
//! assert_eq!(face.read(&Region::new([6, 2], [1, 3]))?, [4, 5, 6]);
//! # Ok::<(), ziggurat_core::Error>(())
//! ```
//!
//! Other programs know one face only. What changes the Zarr face leaves no frame, and what changes the
//! Blosc2 face cuts the index off: [`verify`] finds both, and [`repair`] mends them.

mod face;
mod framing;
mod repair;
mod verify;

pub use repair::{Face, Repaired, repair};
pub use verify::verify;

/// The name of the framing in `zarr.json`.
pub const NAME: &str = "superchunk";

/// Makes the framing known to arrays.
pub(crate) fn register() {
    ziggurat_core::shard::register(NAME, framing::make);
}
