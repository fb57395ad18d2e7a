//! `meta/attributes` and `meta/shape`: what users noted, and how large the array is.

use std::path::Path;

use serde_json::{Map, Value, json};
use ziggurat_core::{Error, Result};

use super::storage::sizes;
use super::yaml;
use crate::directory::place;
use crate::dtype::DType;

/// An attribute: a value, and the type in which it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// A number, text, or a list of them.
    pub value: Value,
    /// Type of each.
    pub dtype: DType,
}

impl Attribute {
    /// `scalar` or `array`.
    const fn kind(&self) -> &'static str {
        match self.value {
            Value::Array(_) => "array",
            _ => "scalar",
        }
    }
}

/// The attributes in the file `path`; none if there is no file.
pub(super) fn read_attributes(path: &Path) -> Result<Vec<(String, Attribute)>> {
    let place = place(path);
    let entries = match yaml::read(path) {
        Ok(Value::Object(entries)) => entries,
        Ok(_) => return Err(Error::data(place, "is no mapping of attributes")),
        Err(e) if e.is_not_found() => Map::new(),
        Err(e) => return Err(e),
    };
    let mut attributes = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let dtype = entry["dtype"]
            .as_str()
            .ok_or_else(|| Error::data(&place, format!("attribute '{name}' has no dtype")))?;
        let attribute = Attribute {
            value: entry["value"].clone(),
            dtype: DType::parse(dtype).map_err(|e| e.at(&place))?,
        };
        if entry["type"] != attribute.kind() {
            let what = format!(
                "attribute '{name}' is of type {} and has the value {}",
                entry["type"], entry["value"]
            );
            return Err(Error::data(&place, what));
        }
        attributes.push((name, attribute));
    }
    Ok(attributes)
}

/// The text of `meta/attributes`: JSON, which is YAML, so that any text can be a value.
pub(super) fn attributes_text(attributes: &[(String, Attribute)]) -> String {
    let entry = |(name, attribute): &(String, Attribute)| {
        let Attribute { value, dtype } = attribute;
        let entry = json!({"value": value, "type": attribute.kind(), "dtype": dtype.to_string()});
        (name.clone(), entry)
    };
    let entries: Map<String, Value> = attributes.iter().map(entry).collect();
    format!("{}\n", Value::Object(entries))
}

/// The shape in `meta/shape`, or in `meta/sizes` of the later draft.
pub(super) fn read_shape(root: &Path) -> Result<Vec<u64>> {
    let path = root.join("meta/shape");
    let (path, value) = match yaml::read(&path) {
        Err(e) if e.is_not_found() => {
            let path = root.join("meta/sizes");
            let value = yaml::read(&path).map_err(|e| match e.is_not_found() {
                true => Error::data(place(root), "has no meta/shape: writing it was interrupted"),
                false => e,
            })?;
            (path, value["shape"].clone())
        }
        found => (path, found?),
    };
    sizes(&value).ok_or_else(|| Error::data(place(&path), format!("the shape is {value}")))
}
