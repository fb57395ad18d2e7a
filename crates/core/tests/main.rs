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
    reason = "tests"
)]

mod appending;
mod arrays;
mod caching;
mod carrays;
mod codecs;
mod counting;
mod crash;
mod documents;
mod foreign;
mod growing;
mod in_place;
mod layouts;
mod ned;
mod parts;
mod reading;
mod regions;
mod requests;
mod resizing;
mod selections;
mod shards;
mod stores;
mod support;
mod table_faults;
mod tables;
mod writing;
mod zarrs_reads;
