//! Attributes with a type: what JSON does not say of a value is noted beside it.
//!
//! JSON has one kind of number. Here the value is stored as plain JSON, as any Zarr reader shows it, and
//! its data type in the member `attribute_types` of the attribute [`ZIGGURAT`] (`spec/table.md`, T14 to
//! T17). A value that somebody changed to another kind is read as JSON.

use serde_json::{Map, Value, json};

use crate::array::fill::{fill_from_json, fill_to_json};
use crate::{Attributes, ElementType, Error, Region, Result, ZIGGURAT};

/// The member that holds the types, by the names of attributes.
const TYPES: &str = "attribute_types";

/// The value of an attribute.
///
/// ```
/// use ziggurat_core::{Attributes, ElementType, attributes::{self, Attribute}};
/// let mut all = Attributes::new();
/// let missing = Attribute::scalar(ElementType::Float32, f32::NAN.to_ne_bytes());
/// attributes::set(&mut all, "missing", &missing)?;
/// assert_eq!(all["missing"], "NaN");
/// assert_eq!(attributes::get(&all, "missing"), Some(missing));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Any JSON, which has no other type.
    Json(Value),
    /// A number, or an array of numbers.
    Numbers {
        /// Type of each.
        element: ElementType,
        /// Shape of the array; `None` for a single number.
        shape: Option<Vec<u64>>,
        /// Native-endian bytes in C order.
        bytes: Vec<u8>,
    },
}

impl Attribute {
    /// A single number of native-endian `bytes`.
    #[must_use]
    pub fn scalar(element: ElementType, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Numbers {
            element,
            shape: None,
            bytes: bytes.into(),
        }
    }

    /// An array of numbers of native-endian `bytes` in C order.
    #[must_use]
    pub fn array(element: ElementType, shape: &[u64], bytes: impl Into<Vec<u8>>) -> Self {
        Self::Numbers {
            element,
            shape: Some(shape.to_vec()),
            bytes: bytes.into(),
        }
    }
}

/// Sets the attribute `name`, and notes its type.
///
/// # Errors
/// [`Error::Caller`] if the bytes do not fill the shape, and for the name [`ZIGGURAT`].
pub fn set(attributes: &mut Attributes, name: &str, attribute: &Attribute) -> Result<()> {
    if name == ZIGGURAT {
        let what = "this name holds what ziggurat notes; use another one";
        return Err(Error::caller(format!("attribute {name:?}"), what));
    }
    let (value, kind) = match attribute {
        Attribute::Json(value) => (value.clone(), None),
        Attribute::Numbers {
            element,
            shape,
            bytes,
        } => {
            let sizes = shape.as_deref().unwrap_or(&[]);
            let count = sizes.iter().try_fold(1_u64, |n, &size| n.checked_mul(size));
            let need = count.and_then(|n| n.checked_mul(element.size() as u64));
            if need != Some(bytes.len() as u64) {
                let what = format!("{} bytes for shape {sizes:?} of {element}", bytes.len());
                return Err(Error::caller(format!("attribute {name:?}"), what));
            }
            let kind = match shape {
                None => json!({"type": "scalar", "dtype": element.name()}),
                Some(shape) => {
                    json!({"type": "array", "dtype": element.name(), "shape": shape})
                }
            };
            (to_json(sizes, *element, bytes), Some(kind))
        }
    };
    attributes.insert(name.to_owned(), value);
    set_type(attributes, name, kind);
    Ok(())
}

/// The attribute `name`, with its type where that is noted and fits.
#[must_use]
pub fn get(attributes: &Attributes, name: &str) -> Option<Attribute> {
    let value = attributes.get(name)?;
    let typed = member(attributes, TYPES).and_then(|types| numbers(value, &types[name]));
    Some(typed.unwrap_or_else(|| Attribute::Json(value.clone())))
}

/// Removes the attribute `name` and its type.
pub fn remove(attributes: &mut Attributes, name: &str) -> Option<Value> {
    set_type(attributes, name, None);
    attributes.shift_remove(name)
}

fn set_type(attributes: &mut Attributes, name: &str, kind: Option<Value>) {
    let mut types = match member(attributes, TYPES) {
        Some(Value::Object(types)) => types.clone(),
        _ => Map::new(),
    };
    types.shift_remove(name);
    if let Some(kind) = kind {
        types.insert(name.to_owned(), kind);
    }
    let types = (!types.is_empty()).then_some(Value::Object(types));
    set_member(attributes, TYPES, types);
}

fn numbers(value: &Value, kind: &Value) -> Option<Attribute> {
    let element: ElementType = kind["dtype"].as_str()?.parse().ok()?;
    let shape = match kind["type"].as_str()? {
        "scalar" => None,
        "array" => {
            let sizes = kind["shape"].as_array()?.iter().map(Value::as_u64);
            Some(sizes.collect::<Option<Vec<u64>>>()?)
        }
        _ => return None,
    };
    let mut bytes = Vec::new();
    let sizes = shape.as_deref().unwrap_or(&[]);
    let is_empty = sizes.contains(&0) && value.as_array().is_some_and(Vec::is_empty);
    if !is_empty {
        from_json(value, sizes, element, &mut bytes)?;
    }
    Some(Attribute::Numbers {
        element,
        shape,
        bytes,
    })
}

/// Nested lists of numbers; `[]` for an array without elements, whatever its shape.
fn to_json(shape: &[u64], element: ElementType, bytes: &[u8]) -> Value {
    let Some((_, inner)) = shape.split_first() else {
        return number(bytes, element);
    };
    let step = usize::try_from(Region::whole(inner).len()).unwrap_or(0) * element.size();
    let rows = bytes.chunks_exact(step.max(1));
    rows.map(|row| to_json(inner, element, row)).collect()
}

/// As a fill value is written, with the bits of a NaN that is not the usual one.
fn number(bytes: &[u8], element: ElementType) -> Value {
    let value = fill_to_json(bytes, element);
    if !element.is_float() || fill_from_json(&value, element).as_deref() == Some(bytes) {
        return value;
    }
    let mut bits = bytes.to_vec();
    if cfg!(target_endian = "little") {
        bits.reverse();
    }
    let digits: Vec<String> = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    json!(format!("0x{}", digits.concat()))
}

fn from_json(value: &Value, shape: &[u64], element: ElementType, out: &mut Vec<u8>) -> Option<()> {
    let Some((&size, inner)) = shape.split_first() else {
        out.extend(fill_from_json(value, element)?);
        return Some(());
    };
    let rows = value.as_array().filter(|rows| rows.len() as u64 == size)?;
    let mut rows = rows.iter();
    rows.try_for_each(|row| from_json(row, inner, element, out))
}

/// The member `name` of the attribute [`ZIGGURAT`].
pub(crate) fn member<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a Value> {
    attributes.get(ZIGGURAT)?.get(name)
}

/// Sets a member of the attribute [`ZIGGURAT`], or takes it away, and leaves the others as they are.
///
/// The attribute is there as long as it has members.
pub(crate) fn set_member(attributes: &mut Attributes, name: &str, value: Option<Value>) {
    match (attributes.get_mut(ZIGGURAT), value) {
        (Some(Value::Object(ours)), Some(value)) => {
            ours.insert(name.to_owned(), value);
        }
        (_, Some(value)) => {
            attributes.insert(ZIGGURAT.to_owned(), json!({name: value}));
        }
        (Some(Value::Object(ours)), None) => {
            ours.shift_remove(name);
            if ours.is_empty() {
                attributes.shift_remove(ZIGGURAT);
            }
        }
        (_, None) => {}
    }
}
