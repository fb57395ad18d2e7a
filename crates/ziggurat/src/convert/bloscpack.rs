//! Files of bloscpack.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use ziggurat_codecs::bloscpack::{Array, Reader};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::{ElementType, Error, Result};

use super::input::{Description, Input};
use super::linear::{Linear, Sequence};
use super::shapes;

/// Members of metadata that describe an array.
const OF_ARRAY: [&str; 4] = ["dtype", "shape", "order", "container"];

/// Opens a file of an array, or of bytes, which are elements of `dtype` or bytes.
pub(super) fn open(path: &Path, dtype: Option<&DType>) -> Result<Box<dyn Input>> {
    let place = path.display().to_string();
    let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let reader = Reader::new(place.as_str(), BufReader::new(file))?;
    let metadata = reader.metadata().map(|m| m.value.clone());
    let metadata = metadata.unwrap_or_default();
    let is_array = Array::is_in(&metadata);
    let array = match is_array {
        true => reader.array()?,
        false => bytes(&reader, dtype)?,
    };
    let size = array.dtype.size();
    let chunk = reader.chunk(0).map_or(0, |range| range.end - range.start);
    let chunk = chunks(&array, chunk);
    let mut description = Description::new(&array.shape, &array.dtype, chunk);
    description.attributes = attributes(metadata, is_array);
    Ok(Box::new(Linear {
        place,
        description,
        stored: array.dtype,
        fortran: array.fortran,
        sequence: Stream {
            reader: Mutex::new(reader),
            size: size as u64,
        },
    }))
}

/// The boxes that chunks of so many bytes are about.
fn chunks(array: &Array, bytes: u64) -> Vec<u64> {
    let mut shape = array.shape.clone();
    if array.fortran {
        shape.reverse();
    }
    let size = array.dtype.size();
    let rows = bytes / shapes::row(&shape, size).max(1);
    let mut chunk = shapes::of_sequence(&shape, size, rows);
    if array.fortran {
        chunk.reverse();
    }
    chunk
}

/// What no metadata describe, as elements of `dtype`.
fn bytes(reader: &Reader<BufReader<File>>, dtype: Option<&DType>) -> Result<Array> {
    let byte = DType::number(ElementType::UInt8);
    let dtype = dtype.unwrap_or(&byte).clone();
    let (length, size) = (reader.len(), dtype.size().max(1) as u64);
    if length % size != 0 {
        let what = format!("{length} bytes are no whole elements of type {dtype}");
        return Err(Error::caller(reader.place(), what));
    }
    Ok(Array {
        shape: vec![length / size],
        dtype,
        fortran: false,
    })
}

/// Metadata of users: what they say besides the array.
fn attributes(metadata: Value, is_array: bool) -> Map<String, Value> {
    match metadata {
        Value::Object(mut members) => {
            members.retain(|name, _| !is_array || !OF_ARRAY.contains(&name.as_str()));
            members
        }
        Value::Null => Map::new(),
        other => Map::from_iter([("metadata".to_owned(), other)]),
    }
}

/// The elements of a file.
struct Stream {
    reader: Mutex<Reader<BufReader<File>>>,
    size: u64,
}

impl Sequence for Stream {
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.read(range.start * self.size..range.end * self.size)
    }
}
