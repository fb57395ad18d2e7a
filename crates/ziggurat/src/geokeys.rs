//! Geo keys of GeoTIFF, as read and as written.
//!
//! Source: OGC GeoTIFF 1.1 (19-008r4), chapter 7.

/// Whether the CRS is projected or geographic.
pub(crate) const MODEL_TYPE: u16 = 1024;
/// Whether the map is that of cells or of points.
pub(crate) const RASTER_TYPE: u16 = 1025;
pub(crate) const CITATION: u16 = 1026;
pub(crate) const GEODETIC_CRS: u16 = 2048;
pub(crate) const PROJECTED_CRS: u16 = 3072;
pub(crate) const PROJECTED_CITATION: u16 = 3073;
