//! Chunks of both sides, decoded by both.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests"
)]

mod inputs;
mod ours;
mod theirs;
