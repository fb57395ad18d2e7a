//! Levels, aggregators and retrievers.
//!
//! A [`Datastore`] is a pyramid of variables: level 0 is the base, and an [`Aggregator`] makes each
//! cell of a coarser level from the base cells that it stands for. [`Datastore::read`] retrieves a
//! window at the resolution that is asked, from the level that suits it best.

mod aggregate;
mod build;
mod datastore;
pub mod resample;
pub mod time;

pub use aggregate::{Aggregator, packing};
pub use datastore::{
    Bounds, Chunk, ChunkData, Datastore, Factors, Grid, Level, Levels, Member, Options, Request,
    Size,
};
