//! The CF conventions: from named arrays with attributes to variables that know their place.
//!
//! `NetCDF` files and Zarr groups hold the same thing, arrays that refer to each other by name; this
//! module tells the roles apart. A one-dimensional array named as its dimension is the coordinate
//! of that dimension, the arrays that `bounds` and `grid_mapping` name are neither, and what is
//! left are the variables. See <https://cfconventions.org>.

use std::collections::HashMap;

use serde_json::Value;
use ziggurat_core::{Attributes, Axis, ElementType, Error, Result, Scalar, Variable};

mod axis;
mod coordinate;
mod crs;
mod dataset;
mod missing;
mod variable;

use dataset::Dataset;

/// An array of a file, before its role is known.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    /// Name, after the names of the groups it is in: `group/name`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Name and size of each dimension.
    pub(crate) dims: Vec<(String, u64)>,
    /// Attributes as the file has them.
    pub(crate) attributes: Attributes,
    /// Attributes about the place on the earth that it has from its groups.
    pub(crate) inherited: Attributes,
    /// Missing value that the format declares outside of the attributes.
    pub(crate) fill: Option<Scalar>,
}

/// What an array holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Numbers, of the type in which they are stored.
    Number(ElementType),
    /// Text.
    Text,
    /// Something that is no block of numbers: why, and what to do.
    Other(String),
}

/// All values of an array, as the file has them.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// Native-endian bytes of the stored type.
    Bytes(Vec<u8>),
    /// Text.
    Text(Vec<String>),
}

/// Reads the whole of the array with this number.
pub(crate) type Read<'a> = &'a dyn Fn(usize) -> Result<Raw>;

/// Variables and what was left out.
#[derive(Debug, Default)]
pub(crate) struct Interpreted {
    /// The variables, in the order of the arrays.
    pub(crate) variables: Vec<Variable>,
    /// For each variable the array it is made from.
    pub(crate) arrays: Vec<usize>,
    /// Arrays that are neither variables nor have another role, with the reason.
    pub(crate) skipped: Vec<(String, String)>,
}

impl Interpreted {
    /// Index of the variable `name`.
    pub(crate) fn find(&self, place: &str, name: &str) -> Result<usize> {
        if let Some(at) = self.variables.iter().position(|v| v.name == name) {
            return Ok(at);
        }
        if let Some((_, why)) = self.skipped.iter().find(|(n, _)| n == name) {
            return Err(Error::unsupported(place, format!("variable {name}: {why}")));
        }
        let names: Vec<&str> = self.variables.iter().map(|v| v.name.as_str()).collect();
        let what = format!("no variable {name}; there are {}", names.join(", "));
        Err(Error::not_found(place, what))
    }

    /// An error unless there is a variable.
    pub(crate) fn check(self, place: &str) -> Result<Self> {
        if !self.variables.is_empty() {
            return Ok(self);
        }
        let why: Vec<String> = self
            .skipped
            .iter()
            .map(|(n, w)| format!("{n}: {w}"))
            .collect();
        let mut what = "it holds no gridded variable that can be read".to_owned();
        if !why.is_empty() {
            what = format!("{what} ({})", why.join("; "));
        }
        Err(Error::unsupported(place, what))
    }
}

/// The text of an attribute.
pub(crate) fn text<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.get(key).and_then(Value::as_str)
}

/// The number in an attribute, alone or as the only one of a list.
fn number(attributes: &Attributes, key: &str) -> Option<f64> {
    match attributes.get(key)? {
        Value::Array(items) if items.len() == 1 => items[0].as_f64(),
        value => value.as_f64(),
    }
}

/// Dimensions that the data does not name: `y` and `x` are the last two, as in every image; the
/// others are `dim_0`, `dim_1`, ..., because their meaning is not known.
pub(crate) fn unnamed(rank: usize) -> Vec<(String, Axis)> {
    (0..rank)
        .map(|d| match rank - d {
            1 => ("x".to_owned(), Axis::X),
            2 => ("y".to_owned(), Axis::Y),
            _ => (format!("dim_{d}"), Axis::Other),
        })
        .collect()
}

/// Sorts `arrays` of the file `place` into variables; `read` gives the values of array number n.
pub(crate) fn interpret(place: &str, arrays: &[Array], read: Read<'_>) -> Result<Interpreted> {
    let dataset = Dataset::new(place, arrays);
    let mut coordinates = HashMap::new();
    let mut out = Interpreted::default();
    for (i, array) in arrays.iter().enumerate() {
        let scalar = array.dims.is_empty() && !matches!(array.kind, Kind::Other(_));
        if scalar || dataset.helpers.contains(&i) {
            continue;
        }
        match &array.kind {
            Kind::Number(stored) => {
                let variable = dataset.variable(array, *stored, read, &mut coordinates)?;
                out.variables.push(variable);
                out.arrays.push(i);
            }
            Kind::Text | Kind::Other(_) => {
                let why = match &array.kind {
                    Kind::Other(why) => why.clone(),
                    _ => "it holds text, not numbers".to_owned(),
                };
                tracing::warn!("{place}: {} is skipped: {why}", array.path);
                out.skipped.push((array.path.clone(), why));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
