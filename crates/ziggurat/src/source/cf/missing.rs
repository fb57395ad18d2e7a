//! The stored value that means "missing", and the sign of stored integers.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use ziggurat_core::{Attributes, ElementType, Scalar};

use super::text;

/// The type that the stored integers have once `_Unsigned` is heeded.
///
/// NetCDF-3 has no unsigned types, so an attribute `_Unsigned = "true"` says so; the bits stay.
pub(crate) fn element(stored: ElementType, attributes: &Attributes) -> ElementType {
    use ElementType as T;
    let unsigned = text(attributes, "_Unsigned").map(str::to_ascii_lowercase);
    match (unsigned.as_deref(), stored) {
        (Some("true"), T::Int8) => T::UInt8,
        (Some("true"), T::Int16) => T::UInt16,
        (Some("true"), T::Int32) => T::UInt32,
        (Some("true"), T::Int64) => T::UInt64,
        (Some("false"), T::UInt8) => T::Int8,
        (Some("false"), T::UInt16) => T::Int16,
        (Some("false"), T::UInt32) => T::Int32,
        (Some("false"), T::UInt64) => T::Int64,
        _ => stored,
    }
}

/// The missing value of elements that are stored as `stored` and read as `element`.
///
/// `_FillValue` goes before `fill` (what the format itself declares), and that before
/// `missing_value`; NaN gives way to a number, because NaN is missing anyway. Values that no
/// element can have mean nothing and are left out.
pub(crate) fn nodata(
    attributes: &Attributes,
    stored: ElementType,
    element: ElementType,
    fill: Option<Scalar>,
) -> Option<Scalar> {
    let get = |key| attributes.get(key).and_then(|v| scalar(v, stored));
    let candidates = [get("_FillValue"), fill, get("missing_value")];
    let mut fitting = candidates
        .into_iter()
        .filter_map(|c| fit(c?, stored, element));
    let first = fitting.next()?;
    let number = |s: &Scalar| !s.as_f64().is_nan();
    Some(if number(&first) {
        first
    } else {
        fitting.find(number).unwrap_or(first)
    })
}

/// `value` as an `element`, if it is one once its bits are taken from a `stored`.
pub(crate) fn fit(value: Scalar, stored: ElementType, element: ElementType) -> Option<Scalar> {
    let bits = value
        .to_element(stored)
        .or_else(|| value.to_element(element))?;
    Scalar::from_element(&bits, element)
}

/// A number as attributes hold it: a number, `"NaN"`, the first of a list, or, for floats, the
/// base64 of a little-endian double, which is how xarray writes `_FillValue` to Zarr v3.
pub(crate) fn scalar(value: &Value, element: ElementType) -> Option<Scalar> {
    match value {
        Value::Number(n) => n
            .as_i64()
            .map(Scalar::Int)
            .or_else(|| n.as_u64().map(Scalar::UInt))
            .or_else(|| n.as_f64().map(Scalar::Float)),
        Value::Bool(b) => Some(Scalar::UInt(u64::from(*b))),
        Value::Array(items) => scalar(items.first()?, element),
        Value::String(s) => match s.as_str() {
            "NaN" => Some(Scalar::Float(f64::NAN)),
            "Infinity" => Some(Scalar::Float(f64::INFINITY)),
            "-Infinity" => Some(Scalar::Float(f64::NEG_INFINITY)),
            _ if element.is_float() => Some(Scalar::Float(f64::from_le_bytes(base64(s)?))),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

/// The eight bytes that padded standard base64 stands for.
fn base64(text: &str) -> Option<[u8; 8]> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(json: &Value, stored: ElementType, fill: Option<Scalar>) -> Option<Scalar> {
        let attributes = json.as_object().unwrap();
        nodata(attributes, stored, element(stored, attributes), fill)
    }

    #[test]
    fn reads_every_way_to_say_it() {
        use ElementType as T;
        // base64.standard_b64encode(struct.pack("<d", -9999.0))
        let cases = [
            (
                json!({"_FillValue": "AAAAAICHw8A="}),
                T::Float32,
                None,
                Some(Scalar::Float(-9999.0)),
            ),
            (
                json!({"_FillValue": [-32767]}),
                T::Int16,
                None,
                Some(Scalar::Int(-32767)),
            ),
            (
                json!({"_FillValue": -1, "_Unsigned": "true"}),
                T::Int8,
                None,
                Some(Scalar::UInt(255)),
            ),
            (
                json!({"_FillValue": 255, "_Unsigned": "true"}),
                T::Int8,
                None,
                Some(Scalar::UInt(255)),
            ),
            (
                json!({"_FillValue": 200, "_Unsigned": "false"}),
                T::UInt8,
                None,
                Some(Scalar::Int(-56)),
            ),
            (json!({"_FillValue": "NaN"}), T::Int16, None, None),
            (
                json!({"_FillValue": 70000, "missing_value": 7}),
                T::Int16,
                None,
                Some(Scalar::Int(7)),
            ),
            (
                json!({"missing_value": -999.0}),
                T::Int32,
                None,
                Some(Scalar::Int(-999)),
            ),
            (
                json!({"missing_value": -999}),
                T::Float64,
                Some(Scalar::Float(f64::NAN)),
                Some(Scalar::Float(-999.0)),
            ),
            (
                json!({"_FillValue": 1}),
                T::UInt8,
                Some(Scalar::UInt(2)),
                Some(Scalar::UInt(1)),
            ),
            (
                json!({}),
                T::UInt8,
                Some(Scalar::UInt(2)),
                Some(Scalar::UInt(2)),
            ),
            (json!({"_FillValue": "not base64!"}), T::Float64, None, None),
            (json!({"_FillValue": {"a": 1}}), T::Float64, None, None),
        ];
        for (attributes, stored, fill, expected) in cases {
            assert_eq!(of(&attributes, stored, fill), expected, "{attributes}");
        }
        let nan = of(&json!({"_FillValue": "AAAAAAAA+H8="}), T::Float64, None);
        assert!(nan.unwrap().as_f64().is_nan());
        // The nearest single of a declared decimal.
        let rounded = of(&json!({"_FillValue": -1e34}), T::Float32, None);
        assert_eq!(rounded, Some(Scalar::Float(-9.999_999_790_214_768e33)));
    }
}
