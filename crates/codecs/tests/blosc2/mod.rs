//! Blosc2: chunks, frames and arrays.

mod arrays;
mod chunks;
mod crash;
mod damage;
mod frames;
mod reads;
mod samples;
pub(crate) mod support;
