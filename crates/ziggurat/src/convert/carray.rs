//! Directories of the proposal of 2012.

use std::path::Path;

use serde_json::Value;
use ziggurat_codecs::carray::{Attribute, Carray, Column, Filter, Storage};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::{Attributes, Region, Result, attributes};

use super::bcolz::number;
use super::codec::codec;
use super::input::{Description, Input};
use super::table::Columns;
use crate::source::npy::reverse_axes;

/// An array, or a column of a record.
struct Stored {
    place: String,
    description: Description,
    carray: Carray,
    column: Column,
}

/// Opens the array in the directory `path`, or the record, whose columns are stored on their own.
pub(super) fn open(path: &Path) -> Result<Box<dyn Input>> {
    let place = path.display().to_string();
    let carray = Carray::open(path)?;
    let attributes = attributes(carray.attributes());
    if let [column] = carray.storage().columns.as_slice() {
        let column = column.clone();
        let mut stored = stored(&place, carray, column);
        stored.description.attributes = attributes;
        return Ok(Box::new(stored));
    }
    let mut columns: Vec<(String, Box<dyn Input>)> = Vec::new();
    for column in &carray.storage().columns {
        let stored = stored(&place, Carray::open(path)?, column.clone());
        columns.push((column.path.join("/"), Box::new(stored)));
    }
    let columns = Columns::new(place, carray.shape(), columns)?;
    Ok(Box::new(columns.with_attributes(attributes)))
}

fn stored(place: &str, carray: Carray, column: Column) -> Stored {
    let storage = carray.storage();
    let description = Description {
        codec: codec(&blosc(storage)),
        ..Description::new(carray.shape(), &column.dtype, storage.chunk_shape.clone())
    };
    Stored {
        place: place.to_owned(),
        description,
        carray,
        column,
    }
}

impl Input for Stored {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let mut bytes = self.carray.read(&self.column, region)?;
        if self.carray.storage().fortran {
            bytes = reverse_axes(&bytes, self.column.dtype.size(), &region.shape);
        }
        self.column.dtype.swap_to_native(&mut bytes);
        Ok(bytes)
    }
}

fn blosc(storage: &Storage) -> Blosc {
    Blosc {
        compressor: storage.library.clone(),
        level: storage.level,
        shuffle: match storage.filters.contains(&Filter::Shuffle) {
            true => Shuffle::Bytes,
            false => Shuffle::None,
        },
    }
}

/// Attributes with their types, where these are those of numbers.
fn attributes(typed: &[(String, Attribute)]) -> Attributes {
    let mut all = Attributes::new();
    for (name, attribute) in typed {
        let set = numbers(attribute).map(|numbers| attributes::set(&mut all, name, &numbers));
        if !matches!(set, Some(Ok(()))) {
            all.insert(name.clone(), attribute.value.clone());
        }
    }
    all
}

/// A number, or a list of them.
fn numbers(attribute: &Attribute) -> Option<attributes::Attribute> {
    let DType::Number { element, .. } = attribute.dtype else {
        return None;
    };
    match &attribute.value {
        Value::Array(items) => {
            let numbers = items.iter().map(|item| number(item, element));
            let bytes: Vec<Vec<u8>> = numbers.collect::<Option<_>>()?;
            let shape = [items.len() as u64];
            Some(attributes::Attribute::array(
                element,
                &shape,
                bytes.concat(),
            ))
        }
        value => Some(attributes::Attribute::scalar(
            element,
            number(value, element)?,
        )),
    }
}
