//! C-Blosc2, to compare with: chunks that it or `ziggurat-codecs` encodes, and what it decodes from them.
//!
//! A `Chunk` can only be made from elements. That is on purpose: the version of C-Blosc2 that is
//! used here reads beyond its buffers when a chunk is damaged.
#![cfg(feature = "c-blosc2")]

mod c;
mod chunk;

pub use chunk::{Chunk, Failed, Settings};
