//! The formats before Zarr.
