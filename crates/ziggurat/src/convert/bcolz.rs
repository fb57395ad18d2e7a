//! Directories of bcolz.

use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};
use ziggurat_codecs::bcolz::{Carray, Storage, Stored, chunk_rows, write_carray};
use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::{Blosc, Shuffle, bcolz};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::progress::Progress;
use ziggurat_core::{ElementType, Error, Result, Scalar};

use super::elements::with_elements;
use super::input::{Description, Input};
use super::linear::{Linear, Sequence};
use super::{Options, shapes};

/// Opens the array in the directory `path`.
pub(super) fn open(path: &Path) -> Result<Box<dyn Input>> {
    match bcolz::open(path)? {
        Stored::Carray(carray) => Ok(Box::new(array(path, carray))),
        Stored::Ctable(_) => {
            let what = "a table; convert its columns, each a directory in it";
            Err(Error::unsupported(path.display().to_string(), what))
        }
    }
}

/// A carray as something to read from.
fn array(path: &Path, carray: Carray) -> Linear<Rows> {
    let (shape, storage) = (carray.shape(), carray.storage());
    let size = storage.dtype.size();
    let chunk = shapes::of_rows(shape, size, storage.chunk_rows);
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

/// The codec that is most like `blosc` among those that are written.
pub(super) fn codec(blosc: &Blosc) -> CodecSpec {
    let shuffle = match blosc.shuffle {
        Shuffle::None => "noshuffle",
        Shuffle::Bytes => "shuffle",
        Shuffle::Bits => "bitshuffle",
    };
    CodecSpec::Blosc {
        compressor: match blosc.compressor.as_str() {
            known @ ("lz4" | "lz4hc" | "zlib" | "zstd") => known.to_owned(),
            _ => "lz4".to_owned(),
        },
        level: blosc.level.min(9).into(),
        shuffle: shuffle.to_owned(),
    }
}

/// The bytes of the value that new rows hold, unless it is zero.
fn fill(value: &Value, dtype: &DType) -> Option<Vec<u8>> {
    let element = match dtype {
        DType::Number { element, .. } => *element,
        DType::Time { .. } => ElementType::Int64,
        _ => return None,
    };
    let bytes = match value {
        Value::Bool(value) => Scalar::Int((*value).into()).to_element(element),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Scalar::Int(n).to_element(element),
            (_, Some(n)) => Scalar::UInt(n).to_element(element),
            _ => Scalar::Float(n.as_f64()?).to_element(element),
        },
        // What JSON has not is read as text.
        Value::String(text) => Scalar::Float(text.parse().ok()?).to_element(element),
        _ => None,
    }?;
    bytes.iter().any(|&byte| byte != 0).then_some(bytes)
}

/// Writes `input` as a carray in the directory `path`.
pub(super) fn write(
    input: &dyn Input,
    path: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let of = input.description();
    let storage = storage(of, options);
    with_elements(input, progress, |elements| {
        write_carray(path, &storage, &of.shape, &of.attributes, elements)
    })
}

fn storage(of: &Description, options: &Options) -> Storage {
    let size = of.dtype.size() as u64;
    let row = of
        .shape
        .iter()
        .skip(1)
        .product::<u64>()
        .saturating_mul(size);
    let rows = of.shape.first().copied().unwrap_or(0);
    // Chunks of whole rows stay as they are.
    let whole = of.chunk.iter().zip(&of.shape).skip(1).all(|(c, n)| c >= n);
    let chunk = match whole && rows > 0 {
        true => of.chunk[0],
        false => chunk_rows(rows.saturating_mul(row), row),
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

/// Blosc 1 that is most like `codec`; every bcolz reads it.
fn blosc(codec: &CodecSpec) -> Blosc {
    let (compressor, level, shuffle) = match codec {
        CodecSpec::None => ("lz4", 0, Shuffle::None),
        CodecSpec::Zstd(level) => (
            "zstd",
            (level / 2).clamp(1, 9).unsigned_abs(),
            Shuffle::Bytes,
        ),
        CodecSpec::Gzip(level) => ("zlib", *level, Shuffle::Bytes),
        CodecSpec::Blosc {
            compressor,
            level,
            shuffle,
        } => {
            let shuffle = match shuffle.as_str() {
                "noshuffle" => Shuffle::None,
                "bitshuffle" => Shuffle::Bits,
                _ => Shuffle::Bytes,
            };
            (compressor.as_str(), *level, shuffle)
        }
    };
    Blosc {
        compressor: compressor.to_owned(),
        level: u8::try_from(level.min(9)).unwrap_or(9),
        shuffle,
    }
}
