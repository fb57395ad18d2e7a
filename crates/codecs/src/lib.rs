//! Encodings of arrays that are not Zarr's own.

pub mod bcolz;
mod blosc1;
pub mod blosc2;
pub mod bloscpack;
pub mod carray;
mod directory;
pub mod dtype;
mod literal;
pub mod npy;

pub use blosc1::{Blosc, Shuffle};
