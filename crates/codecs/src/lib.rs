//! Encodings of arrays that are not Zarr's own.

pub mod npy;
