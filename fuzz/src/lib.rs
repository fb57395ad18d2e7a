//! The targets, which the tests of `ziggurat-codecs` run on damaged samples, too.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "tests")]

#[path = "../../crates/codecs/tests/damage/targets.rs"]
mod targets;

pub use targets::*;
