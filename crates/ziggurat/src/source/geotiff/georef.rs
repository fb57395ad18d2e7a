//! Where a `GeoTIFF` lies: its affine map and its coordinate reference system.
//!
//! [OGC `GeoTIFF` 1.1](https://docs.ogc.org/is/19-008r4/19-008r4.html), with GDAL's reading where
//! files in the wild leave room.

use ziggurat_core::{Affine, Crs, Result};

use super::ifd::{Ifd, Input};
use crate::geokeys::{
    CITATION, GEODETIC_CRS, MODEL_TYPE, PROJECTED_CITATION, PROJECTED_CRS, RASTER_TYPE,
};

/// The `GeoKey` directory: keys with one number, and keys with text.
#[derive(Debug, Default)]
pub(super) struct GeoKeys {
    numbers: Vec<(u64, u64)>,
    texts: Vec<(u64, String)>,
}

impl GeoKeys {
    pub(super) fn read(ifd: &Ifd<'_>) -> Result<Self> {
        let directory = ifd.integers(34735)?.unwrap_or_default();
        let ascii = ifd.text(34737)?.unwrap_or_default();
        let mut keys = Self::default();
        for entry in directory.chunks_exact(4).skip(1) {
            let [key, location, count, value] = *entry else {
                continue;
            };
            let range = usize::try_from(value)
                .ok()
                .zip(usize::try_from(value + count).ok());
            match (location, range) {
                (0, _) => keys.numbers.push((key, value)),
                (34737, Some((from, to))) => {
                    let text = ascii.get(from..to.min(ascii.len())).unwrap_or_default();
                    keys.texts
                        .push((key, text.trim_end_matches(['|', '\0']).to_owned()));
                }
                _ => {}
            }
        }
        Ok(keys)
    }

    fn number(&self, key: u16) -> Option<u64> {
        let found = self.numbers.iter().find(|(k, _)| *k == u64::from(key));
        found.map(|(_, v)| *v)
    }

    /// The CRS by EPSG code, or by the WKT that some programs put into a citation.
    pub(super) fn crs(&self, place: &str) -> Option<Crs> {
        // A user-defined CRS is 32767, an undefined one 0; codes above are private.
        let epsg = |key| self.number(key).filter(|n| (1..32767).contains(n));
        let projected = self.number(MODEL_TYPE) == Some(1) || self.number(PROJECTED_CRS).is_some();
        let code = if projected {
            epsg(PROJECTED_CRS)
        } else {
            epsg(GEODETIC_CRS)
        };
        if let Some(code) = code {
            return Some(Crs::new(Some(format!("EPSG:{code}")), None));
        }
        if self.numbers.is_empty() && self.texts.is_empty() {
            return None;
        }
        let cited = [PROJECTED_CITATION, CITATION].into_iter().find_map(|key| {
            let (_, text) = self.texts.iter().find(|(k, _)| *k == u64::from(key))?;
            Crs::from_wkt(wkt(text)?).ok()
        });
        if cited.is_none() {
            tracing::warn!(
                "{place}: its coordinate reference system has no EPSG code: give it with --crs"
            );
        }
        cited
    }

    /// The map of cell corners to the CRS; `None` without georeference.
    #[allow(
        clippy::many_single_char_names,
        reason = "the coefficients of an affine map"
    )]
    pub(super) fn transform(&self, ifd: &Ifd<'_>, input: &Input) -> Result<Option<Affine>> {
        let scale = ifd.floats(33550)?.unwrap_or_default();
        let ties = ifd.floats(33922)?.unwrap_or_default();
        let matrix = ifd.floats(34264)?.unwrap_or_default();
        let affine = match (&*scale, &*ties, &*matrix) {
            ([sx, sy, ..], [i, j, _, x, y, _, ..], _) if *sx != 0.0 && *sy != 0.0 => {
                let (a, e) = (*sx, -sy.abs());
                Affine([a, 0.0, x - i * a, 0.0, e, y - j * e])
            }
            (_, _, [a, b, _, c, d, e, _, f, ..]) => Affine([*a, *b, *c, *d, *e, *f]),
            (_, [_, _, _, _, _, _, _, ..], _) => {
                tracing::warn!(
                    "{}: placed by control points only, which are ignored: rectify it with gdalwarp",
                    input.place
                );
                return Ok(None);
            }
            _ => return Ok(None),
        };
        let [a, b, c, d, e, f] = affine.0;
        if affine.0.iter().any(|v| !v.is_finite()) || affine.invert(c, f).is_none() {
            return Err(input.damaged(format!("its affine map is degenerate: {:?}", affine.0)));
        }
        // With PixelIsPoint the map is that of cell centres.
        let point = self.number(RASTER_TYPE) == Some(2);
        let half = if point { 0.5 } else { 0.0 };
        Ok(Some(Affine([
            a,
            b,
            c - half * (a + b),
            d,
            e,
            f - half * (d + e),
        ])))
    }
}

/// The WKT within a citation, such as `ESRI PE String = PROJCS[...]`.
fn wkt(citation: &str) -> Option<&str> {
    const STARTS: [&str; 7] = [
        "PROJCS[",
        "GEOGCS[",
        "COMPD_CS[",
        "PROJCRS[",
        "GEOGCRS[",
        "COMPOUNDCRS[",
        "BOUNDCRS[",
    ];
    let start = STARTS.iter().filter_map(|s| citation.find(s)).min()?;
    let text = &citation[start..];
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(&text[..=i]),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::wkt;

    #[test]
    fn wkt_is_cut_out_of_a_citation() {
        let pe = r#"ESRI PE String = PROJCS["x",GEOGCS["y",DATUM["z"]]]|Units = m"#;
        assert_eq!(wkt(pe), Some(r#"PROJCS["x",GEOGCS["y",DATUM["z"]]]"#));
        assert_eq!(wkt("WGS 84 / UTM zone 18N"), None);
        assert_eq!(wkt("PROJCS[unfinished"), None);
    }
}
