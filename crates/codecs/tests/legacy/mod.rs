//! The formats before Zarr: files that the original software wrote, what it read in them, and damage.

mod bcolz;
mod bloscpack;
mod carray;
mod damage;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::ElementType;

/// A file of `tests/samples`.
fn sample(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/samples")
        .join(path)
}

/// What the original software read in each sample of a family.
fn expected(family: &str) -> Map<String, Value> {
    let text = std::fs::read_to_string(sample(family).join("expected.json")).unwrap();
    let mut expected: Map<String, Value> = serde_json::from_str(&text).unwrap();
    // Long values that samples share are written once.
    let again = expected.clone();
    for entry in expected.values_mut() {
        for key in ["values", "values_C_order"] {
            if let Some(other) = entry[key].as_str() {
                entry[key] = again[other][key].clone();
            }
        }
    }
    expected
}

/// That elements have the expected values, nested in any way.
fn assert_values(name: &str, dtype: &DType, bytes: &[u8], expected: &Value) {
    let mut native = bytes.to_vec();
    dtype.swap_to_native(&mut native);
    let mut found = Vec::new();
    for element in native.chunks_exact(dtype.size()) {
        scalars(&dtype.to_native(), element, &mut found);
    }
    let mut wanted = Vec::new();
    flatten(expected, &mut wanted);
    assert_eq!(found, wanted, "{name}");
}

/// The scalars of an element in native byte order, as Python would write them to JSON.
fn scalars(dtype: &DType, bytes: &[u8], out: &mut Vec<Value>) {
    macro_rules! number {
        ($t:ty) => {
            <$t>::from_ne_bytes(bytes.try_into().unwrap())
        };
    }
    let real = |x: f64| match x {
        _ if x.is_nan() => Value::Null,
        _ if x.is_infinite() => json!(if x > 0.0 { "inf" } else { "-inf" }),
        _ => json!(x),
    };
    match dtype {
        DType::Number { element, .. } => match element {
            ElementType::Bool => out.push(json!(bytes[0] != 0)),
            ElementType::Int8 => out.push(json!(number!(i8))),
            ElementType::Int16 => out.push(json!(number!(i16))),
            ElementType::Int32 => out.push(json!(number!(i32))),
            ElementType::Int64 => out.push(json!(number!(i64))),
            ElementType::UInt8 => out.push(json!(number!(u8))),
            ElementType::UInt16 => out.push(json!(number!(u16))),
            ElementType::UInt32 => out.push(json!(number!(u32))),
            ElementType::UInt64 => out.push(json!(number!(u64))),
            ElementType::Float16 => out.push(real(half::f16::from_bits(number!(u16)).to_f64())),
            ElementType::Float32 => out.push(real(f64::from(number!(f32)))),
            ElementType::Float64 => out.push(real(number!(f64))),
            ElementType::Complex64 | ElementType::Complex128 => {
                let part = DType::number(match element {
                    ElementType::Complex64 => ElementType::Float32,
                    _ => ElementType::Float64,
                });
                for half in bytes.chunks_exact(bytes.len() / 2) {
                    scalars(&part, half, out);
                }
            }
        },
        DType::Time { .. } => out.push(json!(number!(i64))),
        DType::Bytes(_) | DType::Void(_) => {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            out.push(json!(text.trim_end_matches('\0')));
        }
        DType::Text { .. } => {
            let points = bytes
                .chunks_exact(4)
                .map(|c| u32::from_ne_bytes(c.try_into().unwrap()));
            let text: String = points.map(|c| char::from_u32(c).unwrap()).collect();
            out.push(json!(text.trim_end_matches('\0')));
        }
        DType::Record { fields, .. } => {
            for field in fields {
                let part = &bytes[field.offset..][..field.size()];
                for value in part.chunks_exact(field.dtype.size()) {
                    scalars(&field.dtype, value, out);
                }
            }
        }
    }
}

fn flatten(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, out)),
        other => out.push(other.clone()),
    }
}
