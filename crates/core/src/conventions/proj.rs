//! The `proj` convention: the coordinate reference system of a group or an array.
//!
//! Source: <https://github.com/zarr-conventions/proj/blob/v0.1/README.md>. It takes a code or WKT
//! *version 2*, and no WKT is converted here: a system that is known by WKT 1 alone is written to
//! the CF grid mapping only.

use crate::{Attributes, Crs, Error, Result};

pub(super) const PREFIX: &str = "proj:";
const CODE: &str = "proj:code";
const WKT2: &str = "proj:wkt2";

/// `proj:code` and `proj:wkt2`, each if there is one.
pub(super) fn attributes(crs: Option<&Crs>) -> Attributes {
    let mut out = Attributes::new();
    let Some(crs) = crs else { return out };
    // The schema wants exactly one colon.
    let code = crs.code.as_ref().filter(|c| {
        let parts: Vec<_> = c.split(':').collect();
        parts.len() == 2 && !parts.contains(&"")
    });
    if let Some(code) = code {
        out.insert(CODE.into(), code.as_str().into());
    }
    if let Some(wkt) = crs.wkt2() {
        out.insert(WKT2.into(), wkt.into());
    }
    out
}

/// The system that `attributes` tell of, if any.
///
/// # Errors
/// [`Error::Data`] if a code or WKT is not a text.
pub(super) fn parse(attributes: &Attributes) -> Result<Option<Crs>> {
    let text = |key: &str| match attributes.get(key) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .map(|t| Some(t.to_owned()))
            .ok_or_else(|| Error::data(key, format!("{value} is not a text"))),
    };
    Ok(match (text(CODE)?, text(WKT2)?) {
        (None, None) => None,
        (None, Some(wkt)) => Some(Crs::from_wkt(&wkt)?),
        (code, wkt) => Some(Crs::new(code, wkt)),
    })
}
