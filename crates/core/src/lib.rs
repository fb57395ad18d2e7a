//! The base of ziggurat: stores, superchunks of blocks, dimensions and conventions.
//!
//! * [`store`]: keys to bytes. Fetching is asynchronous and knows no format.
//! * [`Array`], [`layout`], [`shard`], [`codec`]: elements by region, in superchunks that are Zarr
//!   shards, of blocks that are decoded alone. Decoding knows no store.
//! * [`Table`], [`dtype`], [`attributes`]: arrays side by side as columns; types of records; values with types.
//! * [`Variable`], [`Dimension`], [`Affine`], [`Crs`], [`time`]: what an array means.
//! * [`conventions`], [`hierarchy`]: the attributes and documents that say it to other readers.
//!
//! Nothing here knows an aggregator or a file format other than Zarr.

mod affine;
mod any;
mod array;
pub mod attributes;
mod cache;
pub mod codec;
pub mod conventions;
pub mod crs;
mod dimension;
pub mod dtype;
pub mod element;
mod error;
pub mod exec;
pub mod hierarchy;
pub mod layout;
mod memory;
pub mod ned;
pub mod progress;
pub mod region;
mod scalar;
mod selection;
pub mod shard;
pub mod store;
pub mod table;
pub mod time;
mod variable;
mod writer;

pub use affine::Affine;
pub use any::{AnyArray, Elements, OtherArray};
pub use array::{
    Array, ArrayMetadata, Cleaned, Compacted, CreateOptions, InPlace, KeyEncoding, ReadOptions,
    Selected, SuperchunkWriter, Updates, ZIGGURAT,
};
pub use cache::BlockCache;
pub use crs::Crs;
pub use dimension::{Axis, Coordinate, Dimension};
pub use element::{Element, ElementType};
pub use error::{Error, Result};
pub use region::Region;
pub use scalar::Scalar;
pub use selection::{Pick, Selection};
pub use table::{Rows, Table};
pub use variable::{Attributes, Variable};
pub use writer::{Writer, WriterOptions};
