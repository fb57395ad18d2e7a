//! Integration tests, one binary.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "tests"
)]

mod b2nd;
mod blosc2;
mod damage;
mod legacy;
mod superchunk;
#[global_allocator]
static MEMORY: damage::memory::Counting = damage::memory::Counting;
