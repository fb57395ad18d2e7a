//! Integration tests, one binary: against files that other software made.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests"
)]

mod convert;
mod program;
mod source;
mod tiff;
