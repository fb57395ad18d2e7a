//! Fill values: between JSON and the bytes of one element.

use serde_json::{Value, json};

use crate::{ElementType, Scalar};

/// The JSON of a fill value, given as native-endian bytes.
pub(crate) fn fill_to_json(fill: &[u8], element: ElementType) -> Value {
    match element {
        ElementType::Bool => json!(fill != [0]),
        ElementType::Complex64 | ElementType::Complex128 => {
            let part = if element == ElementType::Complex64 {
                ElementType::Float32
            } else {
                ElementType::Float64
            };
            let (re, im) = fill.split_at(fill.len() / 2);
            json!([fill_to_json(re, part), fill_to_json(im, part)])
        }
        _ => match Scalar::from_element(fill, element) {
            Some(Scalar::Int(v)) => json!(v),
            Some(Scalar::UInt(v)) => json!(v),
            Some(Scalar::Float(v)) if v.is_nan() => json!("NaN"),
            Some(Scalar::Float(v)) if v.is_infinite() => {
                json!(if v > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Some(Scalar::Float(v)) => json!(v),
            None => Value::Null,
        },
    }
}

/// The native-endian bytes of a fill value; `None` if the JSON does not fit the type.
pub(crate) fn fill_from_json(value: &Value, element: ElementType) -> Option<Vec<u8>> {
    if element.word() != element.size() {
        let part = if element == ElementType::Complex64 {
            ElementType::Float32
        } else {
            ElementType::Float64
        };
        let [re, im] = value.as_array()?.as_slice() else {
            return None;
        };
        return Some([fill_from_json(re, part)?, fill_from_json(im, part)?].concat());
    }
    let scalar = match value {
        Value::Bool(v) if element == ElementType::Bool => Scalar::UInt(u64::from(*v)),
        Value::Number(_) if element == ElementType::Bool => return None,
        Value::Number(n) if element.is_float() => Scalar::Float(n.as_f64()?),
        Value::Number(n) => n
            .as_i64()
            .map(Scalar::Int)
            .or(n.as_u64().map(Scalar::UInt))?,
        Value::String(s) if element.is_float() => match s.as_str() {
            "NaN" => Scalar::Float(f64::NAN),
            "Infinity" => Scalar::Float(f64::INFINITY),
            "-Infinity" => Scalar::Float(f64::NEG_INFINITY),
            hex => return bit_pattern(hex, element.size()),
        },
        _ => return None,
    };
    scalar.to_element(element)
}

/// `0x7fc00000`: the bits of a float.
fn bit_pattern(hex: &str, size: usize) -> Option<Vec<u8>> {
    let digits = hex
        .strip_prefix("0x")
        .filter(|d| d.len() == size * 2 && d.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let bits = u64::from_str_radix(digits, 16).ok()?.to_be_bytes();
    let big_endian = &bits[8 - size..];
    Some(if cfg!(target_endian = "big") {
        big_endian.to_vec()
    } else {
        big_endian.iter().rev().copied().collect()
    })
}
