//! Coordinate reference systems.

/// A coordinate reference system, by authority code, by WKT, or by both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crs {
    /// Authority and code, such as `EPSG:28992`.
    pub code: Option<String>,
    /// WKT, version 1 or 2.
    pub wkt: Option<String>,
}
impl Crs {
    /// stub
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        false
    }
}
