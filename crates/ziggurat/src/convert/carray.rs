//! Directories of the proposal of 2012.

use std::path::Path;

use serde_json::{Map, Value, json};
use ziggurat_codecs::carray::{Attribute, Carray, Column, Filter, Storage};
use ziggurat_codecs::{Blosc, Shuffle};
use ziggurat_core::{Attributes, Error, Region, Result};

use super::bcolz::codec;
use super::input::{Description, Input};
use crate::source::npy::reverse_axes;

/// The attribute that keeps the types of the others.
const CARRAY: &str = "carray";

/// An array, or a column of a record.
struct Stored {
    place: String,
    description: Description,
    carray: Carray,
    column: Column,
}

/// Opens the array in the directory `path`.
pub(super) fn open(path: &Path) -> Result<Box<dyn Input>> {
    let place = path.display().to_string();
    let carray = Carray::open(path)?;
    let storage = carray.storage();
    let [column] = storage.columns.as_slice() else {
        let what = "a record that is stored by columns";
        return Err(Error::unsupported(place, what));
    };
    let column = column.clone();
    let description = Description {
        codec: codec(&blosc(storage)),
        attributes: attributes(carray.attributes()),
        ..Description::new(carray.shape(), &column.dtype, storage.chunk_shape.clone())
    };
    Ok(Box::new(Stored {
        place,
        description,
        carray,
        column,
    }))
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

/// The values of attributes, and in one more the types in which they were kept.
fn attributes(typed: &[(String, Attribute)]) -> Attributes {
    let values = typed
        .iter()
        .map(|(name, a)| (name.clone(), a.value.clone()));
    let mut attributes: Attributes = values.collect();
    if !typed.is_empty() {
        let dtypes = typed
            .iter()
            .map(|(name, a)| (name.clone(), json!(a.dtype.to_string())));
        let dtypes: Map<String, Value> = dtypes.collect();
        attributes.insert(CARRAY.to_owned(), json!({"attribute_dtypes": dtypes}));
    }
    attributes
}
