//! Encodings of arrays that are not Zarr's own.

mod blosc1;
pub mod bloscpack;
pub mod dtype;
mod literal;
pub mod npy;

pub use blosc1::{Blosc, Shuffle};
