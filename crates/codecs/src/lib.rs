//! Encodings of arrays that are not Zarr's own.

pub mod blosc2;
pub mod npy;
