//! Sources.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::many_single_char_names,
    reason = "the numbers of an affine map have these names"
)]
#![allow(clippy::float_cmp, reason = "exact values are expected")]

mod inputs;
mod netcdf;
mod npy;
mod zarr;
