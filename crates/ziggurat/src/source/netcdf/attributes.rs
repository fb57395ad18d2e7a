//! `NetCDF` attributes as JSON.

use netcdf_reader::{NcAttrValue, NcAttribute};
use serde_json::{Number, Value};
use ziggurat_core::Attributes;

/// Attributes in their order: one number alone, several as a list, text as text. Numbers that JSON
/// lacks become the text that Zarr has for them; values of user-defined types are left out.
pub(super) fn to_json(attributes: &[NcAttribute]) -> Attributes {
    attributes
        .iter()
        .filter_map(|a| Some((a.name.clone(), value(&a.value)?)))
        .collect()
}

fn value(attribute: &NcAttrValue) -> Option<Value> {
    Some(match attribute {
        NcAttrValue::Chars(s) => Value::from(s.trim_end_matches('\0')),
        NcAttrValue::Strings(v) => list(v, |s| Value::from(s.as_str())),
        NcAttrValue::Bytes(v) => list(v, |&n| n.into()),
        NcAttrValue::Shorts(v) => list(v, |&n| n.into()),
        NcAttrValue::Ints(v) => list(v, |&n| n.into()),
        NcAttrValue::Int64s(v) => list(v, |&n| n.into()),
        NcAttrValue::UBytes(v) => list(v, |&n| n.into()),
        NcAttrValue::UShorts(v) => list(v, |&n| n.into()),
        NcAttrValue::UInts(v) => list(v, |&n| n.into()),
        NcAttrValue::UInt64s(v) => list(v, |&n| n.into()),
        NcAttrValue::Floats(v) => list(v, |&n| float(n.into())),
        NcAttrValue::Doubles(v) => list(v, |&n| float(n)),
        NcAttrValue::UserDefined { .. } => return None,
    })
}

fn list<T>(values: &[T], json: impl Fn(&T) -> Value) -> Value {
    match values {
        [one] => json(one),
        many => many.iter().map(json).collect(),
    }
}

fn float(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}
