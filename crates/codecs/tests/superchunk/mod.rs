//! Superchunks that are shards and frames at once.

mod faces;
mod refusals;
mod repairs;
mod support;
