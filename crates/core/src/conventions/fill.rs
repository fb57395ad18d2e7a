//! How the missing value of an array is told to other readers.
//!
//! Found by trying (xarray 2026.9 with zarr-python 3.1 and 3.4, rioxarray 0.19 and 0.23):
//! * xarray reads the *attribute* `_FillValue` of a Zarr v3 array, not its `fill_value`. For floating
//!   point arrays it must be base64 of the little-endian `f64`: a plain number makes the array
//!   impossible to open. For integers it is a plain number.
//! * With only a plain `missing_value` xarray masks right, but rioxarray finds no nodata.
//! * With both, values are masked, `.rio.nodata` is right with and without masking, nothing warns,
//!   and those who do not know base64 have a number.
//! * NaN needs neither. GDAL takes the `fill_value` of the array for its nodata.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use crate::{Attributes, ElementType, Scalar};

const FILL: &str = "_FillValue";
const MISSING: &str = "missing_value";

/// Whether `key` is one of those that [`insert`] writes.
pub(super) fn is_key(key: &str) -> bool {
    key == FILL || key == MISSING
}

/// Writes `nodata` of an array of `element`; nothing for NaN, for complex numbers and booleans, and
/// for values that the type does not hold.
pub(super) fn insert(out: &mut Attributes, nodata: Option<Scalar>, element: ElementType) {
    // In the precision of the array, which is what readers compare with.
    let Some(stored) = nodata
        .and_then(|n| n.to_element(element))
        .and_then(|bytes| Scalar::from_element(&bytes, element))
    else {
        return;
    };
    let (fill, missing) = match stored {
        _ if element == ElementType::Bool => return,
        Scalar::Float(v) if v.is_nan() => return,
        Scalar::Float(v) => (
            BASE64_STANDARD.encode(v.to_le_bytes()).into(),
            Value::from(v),
        ),
        Scalar::Int(v) => (v.into(), v.into()),
        Scalar::UInt(v) => (v.into(), v.into()),
    };
    out.insert(FILL.into(), fill);
    // JSON has no infinity.
    if !missing.is_null() {
        out.insert(MISSING.into(), missing);
    }
}

/// The missing value that the attributes of an array of `element` tell of; `None` for NaN too,
/// for that is always missing.
pub(super) fn parse(attributes: &Attributes, element: ElementType) -> Option<Scalar> {
    let declared = |key| scalar(attributes.get(key)?, element);
    declared(FILL)
        .or_else(|| declared(MISSING))
        .filter(|v| !v.as_f64().is_nan())
}

fn scalar(value: &Value, element: ElementType) -> Option<Scalar> {
    match value {
        Value::Array(values) => scalar(values.first()?, element),
        Value::String(text) if element.is_float() => {
            let number = || {
                let bytes = BASE64_STANDARD.decode(text).ok()?;
                Some(f64::from_le_bytes(bytes.try_into().ok()?))
            };
            text.parse().ok().or_else(number).map(Scalar::Float)
        }
        Value::Number(n) if element.is_float() => n.as_f64().map(Scalar::Float),
        Value::Number(n) => {
            let whole = n.as_f64().map(Scalar::Float);
            n.as_i64()
                .map(Scalar::Int)
                .or_else(|| n.as_u64().map(Scalar::UInt))
                .or(whole)
        }
        _ => None,
    }
}
