//! Encodings of arrays that are not Zarr's own.

pub mod b2nd;
pub mod bcolz;
mod blosc1;
pub mod blosc2;
pub mod bloscpack;
pub mod carray;
mod directory;
pub mod npy;
pub mod superchunk;

pub use blosc1::{Blosc, Shuffle};
pub use ziggurat_core::dtype;

/// Makes the codecs and framings of this crate known to arrays and to zarrs.
///
/// A program calls it once before it opens arrays; again does no harm.
pub fn register() {
    b2nd::register();
    superchunk::register();
}
