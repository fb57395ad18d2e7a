//! The tags that place a `GeoTIFF` on the earth.
//!
//! Source: OGC `GeoTIFF` 1.1 (19-008r4), chapter 7.

use ziggurat_core::{Affine, Crs};

use crate::geokeys::{
    CITATION, GEODETIC_CRS, MODEL_TYPE, PROJECTED_CITATION, PROJECTED_CRS, RASTER_TYPE,
};

/// `ModelPixelScale` and `ModelTiepoint` where they can say it, else `ModelTransformation`.
#[derive(Debug, PartialEq)]
pub(super) enum Placement {
    /// Cell size (x, y, z) and the corner of cell (0, 0): column, row, level, x, y, z.
    Scale([f64; 3], [f64; 6]),
    /// A 4 x 4 matrix, row by row.
    Matrix([f64; 16]),
}

impl From<Affine> for Placement {
    fn from(transform: Affine) -> Self {
        let [dx, _, x, _, dy, y] = transform.0;
        if transform.is_separable() && dx > 0.0 && dy < 0.0 {
            return Self::Scale([dx, -dy, 0.0], [0.0, 0.0, 0.0, x, y, 0.0]);
        }
        let mut matrix = [0.0; 16];
        for (row, terms) in transform.0.chunks_exact(3).enumerate() {
            let at = 4 * row;
            (matrix[at], matrix[at + 1], matrix[at + 3]) = (terms[0], terms[1], terms[2]);
        }
        matrix[15] = 1.0;
        Self::Matrix(matrix)
    }
}

const PROJECTED: u16 = 1;
const GEOGRAPHIC: u16 = 2;
const PIXEL_IS_AREA: u16 = 1;
const USER_DEFINED: u16 = 32767;
const ASCII_PARAMS: u16 = 34737;

/// The geo keys of a CRS: the key directory, and the text its keys refer to.
///
/// An EPSG code is written as such. A CRS without one is user-defined, with its WKT in the citation
/// in the form that GDAL and `ArcGIS` read (`ESRI PE String = ...`).
pub(super) fn geokeys(crs: &Crs) -> (Vec<u16>, String) {
    let mut keys = Keys::default();
    keys.short(RASTER_TYPE, PIXEL_IS_AREA);
    if let Some(code) = epsg(crs) {
        let (model, key) = if crs.is_geographic() {
            (GEOGRAPHIC, GEODETIC_CRS)
        } else {
            (PROJECTED, PROJECTED_CRS)
        };
        keys.short(MODEL_TYPE, model);
        keys.short(key, code);
        return keys.finish();
    }
    keys.short(MODEL_TYPE, USER_DEFINED);
    if let Some(code) = &crs.code {
        keys.text(CITATION, code);
    }
    if let Some(wkt) = crs.wkt() {
        let lines: Vec<&str> = wkt.lines().map(str::trim).collect();
        let citation = format!("ESRI PE String = {}", lines.concat());
        keys.text(PROJECTED_CITATION, &citation);
    }
    keys.finish()
}

/// The EPSG code, if a key can hold it.
fn epsg(crs: &Crs) -> Option<u16> {
    // GeoTIFF has x before y always, as CRS84 has.
    if crs.code.as_deref() == Some("OGC:CRS84") {
        return Some(4326);
    }
    let code = u16::try_from(crs.epsg()?).ok()?;
    (code < USER_DEFINED).then_some(code)
}

/// A key directory that is being written.
#[derive(Default)]
struct Keys {
    /// Key, tag that holds the value (0: the entry itself), count, value or position in the tag.
    entries: Vec<[u16; 4]>,
    text: String,
}

impl Keys {
    fn short(&mut self, key: u16, value: u16) {
        self.entries.push([key, 0, 1, value]);
    }

    /// Characters beyond ASCII become `?`; so does `|`, which ends a text.
    fn text(&mut self, key: u16, value: &str) {
        let plain = |c: char| if c.is_ascii() && c != '|' { c } else { '?' };
        let value: String = value.chars().map(plain).chain(['|']).collect();
        let start = self.text.len();
        if let (Ok(count), Ok(start)) = (u16::try_from(value.len()), u16::try_from(start)) {
            self.entries.push([key, ASCII_PARAMS, count, start]);
            self.text += &value;
        }
    }

    fn finish(mut self) -> (Vec<u16>, String) {
        self.entries.sort_unstable_by_key(|entry| entry[0]);
        let count = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        let header = [1, 1, 0, count];
        let directory = std::iter::once(header).chain(self.entries);
        (directory.flatten().collect(), self.text)
    }
}
