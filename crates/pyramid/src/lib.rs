//! Levels, aggregators and retrievers.

mod aggregate;
mod build;
mod datastore;
pub mod resample;

pub use aggregate::{Aggregator, packing};
pub use datastore::{
    Bounds, Chunk, ChunkData, Datastore, Factors, Grid, Level, Levels, Member, Options, Request,
    Size,
};
