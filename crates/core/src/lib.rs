//! The base of ziggurat: stores, superchunks of blocks, dimensions and conventions.

pub mod crs;
pub mod element;
mod error;
pub mod region;
mod scalar;
pub mod time;
mod variable;

pub use crs::Crs;
pub use element::{Element, ElementType};
pub use error::{Error, Result};
pub use region::Region;
pub use variable::{Affine, Attributes, Axis, Coordinate, Dimension, Scalar, Variable};
