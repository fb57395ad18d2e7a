//! Levels, aggregators and retrievers.

mod aggregate;
mod build;

pub use aggregate::{Aggregator, packing};
