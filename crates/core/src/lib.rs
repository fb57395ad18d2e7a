//! The base of ziggurat: stores, superchunks of blocks, dimensions and conventions.

mod array;
pub mod codec;
pub mod conventions;
pub mod crs;
pub mod element;
mod error;
pub mod exec;
pub mod hierarchy;
pub mod layout;
pub mod progress;
pub mod region;
mod scalar;
pub mod shard;
pub mod store;
pub mod time;
mod variable;

pub use array::{Array, ArrayMetadata, KeyEncoding, SuperchunkWriter, ZIGGURAT};
pub use crs::Crs;
pub use element::{Element, ElementType};
pub use error::{Error, Result};
pub use region::Region;
pub use variable::{Affine, Attributes, Axis, Coordinate, Dimension, Scalar, Variable};
