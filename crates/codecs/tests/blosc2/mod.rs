//! Blosc2: chunks, frames and arrays.

mod arrays;
mod chunks;
mod damage;
mod frames;
mod samples;
pub(crate) mod support;
