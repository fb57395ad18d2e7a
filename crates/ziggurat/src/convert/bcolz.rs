//! Directories of bcolz.

use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};
use ziggurat_codecs::bcolz;
use ziggurat_codecs::bcolz::{Carray, Storage, Stored, chunk_rows, write_carray};
use ziggurat_codecs::dtype::DType;
use ziggurat_core::progress::Progress;
use ziggurat_core::{ElementType, Result, Scalar};

use super::codec::{blosc, codec};
use super::elements::with_elements;
use super::input::{Description, Input};
use super::linear::{Linear, Sequence};
use super::table::{self, Columns};
use super::{Options, shapes};

/// Opens the array or the table in the directory `path`.
pub(super) fn open(path: &Path) -> Result<Box<dyn Input>> {
    let table = match bcolz::open(path)? {
        Stored::Carray(carray) => return Ok(Box::new(array(path, carray))),
        Stored::Ctable(table) => table,
    };
    let mut columns: Vec<(String, Box<dyn Input>)> = Vec::new();
    for (name, _) in table.columns() {
        let path = path.join(name);
        columns.push((name.clone(), Box::new(array(&path, Carray::open(&path)?))));
    }
    let place = path.display().to_string();
    let columns = Columns::new(place, &[table.rows()], columns)?;
    Ok(Box::new(
        columns.with_attributes(table.attributes().clone()),
    ))
}

/// A carray as something to read from.
fn array(path: &Path, carray: Carray) -> Linear<Rows> {
    let (shape, storage) = (carray.shape(), carray.storage());
    let size = storage.dtype.size();
    let chunk = shapes::of_sequence(shape, size, storage.chunk_rows);
    let description = Description {
        fill: fill(&storage.fill, &storage.dtype),
        codec: codec(&storage.blosc),
        attributes: carray.attributes().clone(),
        ..Description::new(shape, &storage.dtype, chunk)
    };
    Linear {
        place: path.display().to_string(),
        description,
        stored: storage.dtype.clone(),
        fortran: false,
        sequence: Rows(carray),
    }
}

/// The rows of a carray.
struct Rows(Carray);

impl Sequence for Rows {
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let row: u64 = self.0.shape()[1..].iter().product();
        let rows = range.start / row..range.end.div_ceil(row);
        let first = rows.start * row;
        let mut bytes = self.0.read(rows)?;
        // Within what was read.
        let at = |element: u64| {
            let bytes = (element - first) * self.0.storage().dtype.size() as u64;
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        bytes.truncate(at(range.end));
        bytes.drain(..at(range.start));
        Ok(bytes)
    }
}

/// The bytes of the value that new rows hold, unless it is zero.
fn fill(value: &Value, dtype: &DType) -> Option<Vec<u8>> {
    let element = match dtype {
        DType::Number { element, .. } => *element,
        DType::Time { .. } => ElementType::Int64,
        _ => return None,
    };
    number(value, element).filter(|bytes| bytes.iter().any(|&byte| byte != 0))
}

/// The bytes of a number in JSON, where text stands for what JSON has not.
pub(super) fn number(value: &Value, element: ElementType) -> Option<Vec<u8>> {
    match value {
        Value::Bool(value) => Scalar::Int((*value).into()),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Scalar::Int(n),
            (_, Some(n)) => Scalar::UInt(n),
            _ => Scalar::Float(n.as_f64()?),
        },
        Value::String(text) => Scalar::Float(text.parse().ok()?),
        _ => return None,
    }
    .to_element(element)
}

/// Writes `input` as a carray, or a ctable of records, in the directory `path`.
pub(super) fn write(
    input: &dyn Input,
    path: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let of = input.description();
    if let (DType::Record { .. }, [_]) = (&of.dtype, &of.shape[..]) {
        return table::write_bcolz(input, path, options, progress);
    }
    let storage = storage(of, options);
    with_elements(input, progress, |elements| {
        write_carray(path, &storage, &of.shape, &of.attributes, elements)
    })
}

/// How a carray is stored.
pub(super) fn storage(of: &Description, options: &Options) -> Storage {
    let row = shapes::row(&of.shape, of.dtype.size());
    let rows = of.shape.first().copied().unwrap_or(0);
    // Chunks of whole rows stay as they are, unless one has them all.
    let whole = of.chunk.iter().zip(&of.shape).skip(1).all(|(c, n)| c >= n);
    let chunk = match of.chunk.first() {
        Some(&chunk) if whole && chunk < rows => chunk,
        _ => chunk_rows(rows.saturating_mul(row), row),
    };
    let codec = options.codec.as_ref().unwrap_or(&of.codec);
    let mut storage = Storage::new(of.dtype.clone(), chunk);
    storage.blosc = blosc(codec);
    storage.expected_rows = rows;
    if let (Some(fill), DType::Number { element, .. }) = (&of.fill, &of.dtype) {
        storage.fill = match Scalar::from_element(fill, *element) {
            Some(_) if *element == ElementType::Bool => json!(true),
            Some(Scalar::Int(n)) => json!(n),
            Some(Scalar::UInt(n)) => json!(n),
            Some(Scalar::Float(x)) if x.is_nan() => json!("NaN"),
            Some(Scalar::Float(x)) if x.is_infinite() => {
                json!(if x > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Some(Scalar::Float(x)) => json!(x),
            None => storage.fill,
        };
    }
    storage
}
