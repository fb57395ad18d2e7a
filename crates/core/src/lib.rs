//! The base of ziggurat: stores, superchunks of blocks, dimensions and conventions.

mod affine;
mod array;
pub mod codec;
pub mod conventions;
pub mod crs;
mod dimension;
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

pub use affine::Affine;
pub use array::{Array, ArrayMetadata, KeyEncoding, SuperchunkWriter, ZIGGURAT};
pub use crs::Crs;
pub use dimension::{Axis, Coordinate, Dimension};
pub use element::{Element, ElementType};
pub use error::{Error, Result};
pub use region::Region;
pub use scalar::Scalar;
pub use variable::{Attributes, Variable};
