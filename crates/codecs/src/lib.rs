//! Encodings of arrays that are not Zarr's own.

pub mod dtype;
mod literal;
pub mod npy;
