//! Data types that `zarrs` does not know, as types of the same size that it knows.
//!
//! A digest needs the bytes of the elements only, so byte strings of fixed length and structures are
//! decoded as raw bits, and the times of Zarr v2 as integers.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};
use ziggurat_core::{ElementType, Error, Result};

/// Replaces the data type and fill value in the metadata of an array, where needed; returns the data
/// type that was meant, as Zarr v3 metadata has it.
///
/// # Errors
/// If the type is one of these, but its bytes would not come out little-endian, or its fill value is
/// not known.
pub(super) fn substitute(place: &str, array: &mut Map<String, Value>) -> Result<Option<Value>> {
    let refuse = |what: &str| Err(Error::unsupported(place, what));
    let v2 = array.get("zarr_format") == Some(&json!(2));
    let key = if v2 { "dtype" } else { "data_type" };
    let declared = array.get(key).cloned().unwrap_or_default();
    let meant = if v2 {
        of_v2(&declared)
    } else {
        of_v3(&declared)
    };
    let Some(Type {
        name,
        size,
        big,
        known,
    }) = meant
    else {
        return Ok(None);
    };
    let fill = array.get("fill_value").cloned().unwrap_or_default();
    if let Some("numpy.datetime64" | "numpy.timedelta64") = name["name"].as_str() {
        if v2 {
            let order = if big { ">" } else { "<" };
            array.insert(key.into(), json!(format!("{order}i8")));
            if fill == json!("NaT") {
                array.insert("fill_value".into(), json!(i64::MIN));
            }
            return Ok(Some(name));
        }
        return Ok(None);
    }
    if known {
        return Ok(None);
    }
    let ordered = name["name"] == "structured" || name["name"] == "struct";
    let codecs = array.get("codecs").map(Value::to_string);
    if ordered && (big || codecs.is_some_and(|c| c.contains("\"big\""))) {
        return refuse("a big-endian structure; decode it by its own program");
    }
    let Some(fill) = fill_bytes(&fill, size) else {
        return refuse("the fill value of a structure");
    };
    let raw = if v2 {
        format!("|V{size}")
    } else {
        format!("r{}", size * 8)
    };
    array.insert(key.into(), json!(raw));
    array.insert("fill_value".into(), json!(fill));
    Ok(Some(name))
}

/// A data type of fixed size.
struct Type {
    /// As Zarr v3 metadata has it.
    name: Value,
    /// Bytes per element.
    size: usize,
    /// Whether it is, or holds, big-endian numbers.
    big: bool,
    /// Whether `zarrs` decodes it.
    known: bool,
}

impl Type {
    fn bytes(name: &str, size: usize, known: bool) -> Self {
        let name = json!({ "name": name, "configuration": { "length_bytes": size } });
        Self {
            name,
            size,
            big: false,
            known,
        }
    }
}

/// The type of a `NumPy` type string, or of a list of fields.
fn of_v2(dtype: &Value) -> Option<Type> {
    if let Some(fields) = dtype.as_array() {
        let (mut names, mut size, mut big) = (Vec::new(), 0usize, false);
        for field in fields {
            let [name, dtype] = field.as_array()?.as_slice() else {
                return None;
            };
            let of_field = of_v2(dtype)?;
            names.push(json!([name, of_field.name]));
            size = size.checked_add(of_field.size)?;
            big |= of_field.big;
        }
        let name = json!({ "name": "structured", "configuration": { "fields": names } });
        return Some(Type {
            name,
            size,
            big,
            known: false,
        });
    }
    let dtype = dtype.as_str()?;
    let (order, kind, rest) = (dtype.get(..1)?, dtype.get(1..2)?, dtype.get(2..)?);
    let (digits, unit) = rest.split_once('[').unwrap_or((rest, ""));
    let size: usize = digits.parse().ok()?;
    let big = order == ">" && size > 1;
    let element = |name: String| {
        let known = name.parse::<ElementType>().is_ok();
        known.then(|| Type {
            name: json!(name),
            size,
            big,
            known,
        })
    };
    match kind {
        "b" => element("bool".into()),
        "i" => element(format!("int{}", size * 8)),
        "u" => element(format!("uint{}", size * 8)),
        "f" => element(format!("float{}", size * 8)),
        "c" => element(format!("complex{}", size * 8)),
        "S" => Some(Type::bytes("null_terminated_bytes", size, false)),
        "V" => Some(Type::bytes("raw_bytes", size, false)),
        "U" => Some(Type {
            big: order == ">",
            ..Type::bytes("fixed_length_utf32", size.checked_mul(4)?, true)
        }),
        "M" | "m" => {
            let unit = unit.strip_suffix(']').unwrap_or("generic");
            let letters = unit.trim_start_matches(|c: char| c.is_ascii_digit());
            let scale: u32 = unit[..unit.len() - letters.len()].parse().unwrap_or(1);
            let name = if kind == "M" {
                "numpy.datetime64"
            } else {
                "numpy.timedelta64"
            };
            let configuration = json!({ "unit": letters, "scale_factor": scale });
            let name = json!({ "name": name, "configuration": configuration });
            Some(Type {
                name,
                size,
                big,
                known: true,
            })
        }
        _ => None,
    }
}

/// The type of a Zarr v3 data type, if it or a field of it needs [`substitute`].
fn of_v3(data_type: &Value) -> Option<Type> {
    let name = data_type.as_str().or_else(|| data_type["name"].as_str())?;
    let configuration = &data_type["configuration"];
    let whole = |size: usize, known| Type {
        name: data_type.clone(),
        size,
        big: false,
        known,
    };
    let length = || usize::try_from(configuration["length_bytes"].as_u64()?).ok();
    match name {
        "null_terminated_bytes" | "raw_bytes" => Some(whole(length()?, false)),
        "fixed_length_utf32" => Some(whole(length()?, true)),
        "numpy.datetime64" | "numpy.timedelta64" => Some(whole(8, true)),
        "struct" | "structured" => {
            let mut size = 0usize;
            for field in configuration["fields"].as_array()? {
                let of_field = field.get("data_type").or_else(|| field.get(1))?;
                size = size.checked_add(of_v3(of_field)?.size)?;
            }
            Some(whole(size, false))
        }
        name => Some(whole(name.parse::<ElementType>().ok()?.size(), true)),
    }
}

/// A fill value as bytes: `null` and zeros in any form, a list of bytes, or base64.
fn fill_bytes(fill: &Value, size: usize) -> Option<Vec<u8>> {
    fn is_zero(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(n) => n.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.iter().all(is_zero),
            Value::Object(fields) => fields.values().all(is_zero),
        }
    }
    if is_zero(fill) {
        return Some(vec![0; size]);
    }
    let mut bytes = match fill {
        Value::String(text) => BASE64_STANDARD.decode(text).ok()?,
        list => serde_json::from_value(list.clone()).ok()?,
    };
    (bytes.len() <= size).then(|| bytes.resize(size, 0))?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        let big = json!({ "zarr_format": 2, "dtype": [["a", ">i2"]], "fill_value": null });
        let fill = json!({ "zarr_format": 2, "dtype": "|S2", "fill_value": "QUJD" });
        for array in [big, fill] {
            assert!(
                substitute("x", array.clone().as_object_mut().unwrap()).is_err(),
                "{array}"
            );
        }
        let known = json!({ "zarr_format": 2, "dtype": "<f4", "fill_value": 1.0 });
        let mut array = known.as_object().unwrap().clone();
        assert_eq!(substitute("x", &mut array).unwrap(), None);
        assert_eq!(json!(array), known);
    }
}
