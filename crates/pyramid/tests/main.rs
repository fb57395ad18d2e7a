//! Integration tests, one binary.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::needless_range_loop,
    clippy::too_many_lines,
    reason = "tests"
)]

mod bins;
mod failures;
mod globe;
mod levels;
mod navigation;
mod reading;
mod rebuilding;
mod reference;
mod support;
mod thinning;
mod world;
