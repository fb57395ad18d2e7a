//! Reads and writes the formats before Zarr, for those who want to see what other programs make of them.
//!
//! ```text
//! legacy write bloscpack FILE DTYPE SHAPE [KEY=VALUE...] < elements
//! legacy write carray    ROOT DTYPE SHAPE [KEY=VALUE...] < elements
//! legacy write ctable    ROOT NAME:DTYPE:SHAPE...        < elements of one column after the other
//! legacy read  bloscpack FILE                            > elements
//! legacy read  carray    ROOT                            > elements
//! legacy read  ctable    ROOT COLUMN                     > elements
//! ```
//!
//! A shape is `3x4`, or `-` for a single element. Keys are `chunk` (elements, or rows of a carray),
//! `compressor`, `level`, `checksum`, `offsets=no` and `order=F`. Reading says type and shape on stderr.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _, stdin, stdout};
use std::path::Path;

use serde_json::{Map, json};
use ziggurat_codecs::Blosc;
use ziggurat_codecs::bcolz::{Carray, Ctable, Storage, write_carray};
use ziggurat_codecs::bloscpack::{
    self, Array, Checksum, Metadata, MetadataOptions, Options, Reader,
};
use ziggurat_codecs::dtype::DType;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", "bloscpack", file, dtype, shape, options @ ..] => {
            write_bloscpack(file, DType::parse(dtype)?, sizes(shape)?, options)
        }
        ["write", "carray", root, dtype, shape, options @ ..] => {
            let storage = storage(DType::parse(dtype)?, options)?;
            let input = &mut stdin().lock();
            Ok(write_carray(
                Path::new(root),
                &storage,
                &sizes(shape)?,
                &Map::new(),
                input,
            )?)
        }
        ["write", "ctable", root, columns @ ..] => write_ctable(root, columns),
        ["read", "bloscpack", file] => {
            let mut reader = Reader::new(*file, BufReader::new(File::open(file)?))?;
            let array = reader.array()?;
            let order = if array.fortran { "F" } else { "C" };
            put(
                &array.dtype,
                &array.shape,
                order,
                &reader.read(0..reader.len())?,
            )
        }
        ["read", "carray", root] => put_carray(&Carray::open(Path::new(root))?),
        ["read", "ctable", root, column] => {
            let table = Ctable::open(Path::new(root))?;
            put_carray(table.column(column).ok_or("there is no such column")?)
        }
        _ => Err("see the head of examples/legacy.rs for what can be asked".into()),
    }
}

fn write_bloscpack(file: &str, dtype: DType, shape: Vec<u64>, options: &[&str]) -> Result<()> {
    let fortran = value(options, "order") == Some("F");
    let array = Array {
        dtype,
        shape,
        fortran,
    };
    let size = array.dtype.size().max(1);
    let checksum = value(options, "checksum").unwrap_or("adler32");
    let checksum = Checksum::ALL.into_iter().find(|c| c.name() == checksum);
    let checksum = checksum.ok_or("there is no such checksum")?;
    let chunk = number(options, "chunk")?.unwrap_or(1 << 16) * size as u64;
    let metadata = MetadataOptions {
        checksum,
        ..MetadataOptions::default()
    };
    let options = Options {
        checksum,
        offsets: value(options, "offsets") != Some("no"),
        chunk_size: chunk.try_into()?,
        typesize: array.dtype.shuffle_size().try_into()?,
        blosc: blosc(options)?,
        metadata: Some(Metadata {
            value: array.to_metadata()?,
            options: metadata,
        }),
        ..Options::default()
    };
    let mut out = BufWriter::new(File::create(file)?);
    bloscpack::write(file, &mut out, &options, array.bytes(), &mut stdin().lock())?;
    Ok(())
}

fn write_ctable(root: &str, columns: &[&str]) -> Result<()> {
    let mut attributes = Map::new();
    attributes.insert("title".to_owned(), json!("a table"));
    let mut parsed = Vec::new();
    for column in columns {
        let [name, dtype, shape] = column.split(':').collect::<Vec<_>>()[..] else {
            return Err("a column is NAME:DTYPE:SHAPE".into());
        };
        parsed.push((name, storage(DType::parse(dtype)?, &[])?, sizes(shape)?));
    }
    let input = &mut stdin().lock();
    Ctable::create(Path::new(root), &attributes, |table| {
        for (name, storage, shape) in &parsed {
            table.column(name, storage, shape, &Map::new(), input)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn put_carray(carray: &Carray) -> Result<()> {
    let elements = carray.read(0..carray.rows())?;
    put(&carray.storage().dtype, carray.shape(), "C", &elements)
}

fn put(dtype: &DType, shape: &[u64], order: &str, elements: &[u8]) -> Result<()> {
    let dtype = dtype.to_literal();
    writeln!(
        io::stderr(),
        "{}",
        json!({"dtype": dtype, "shape": shape, "order": order})
    )?;
    Ok(stdout().write_all(elements)?)
}

fn storage(dtype: DType, options: &[&str]) -> Result<Storage> {
    let mut storage = Storage::new(dtype, number(options, "chunk")?.unwrap_or(1000));
    storage.blosc = blosc(options)?;
    Ok(storage)
}

fn blosc(options: &[&str]) -> Result<Blosc> {
    let mut blosc = Blosc::default();
    if let Some(compressor) = value(options, "compressor") {
        compressor.clone_into(&mut blosc.compressor);
    }
    if let Some(level) = number(options, "level")? {
        blosc.level = level.try_into()?;
    }
    Ok(blosc)
}

fn value<'a>(options: &[&'a str], key: &str) -> Option<&'a str> {
    options
        .iter()
        .find_map(|option| option.strip_prefix(key)?.strip_prefix('='))
}

fn number(options: &[&str], key: &str) -> Result<Option<u64>> {
    Ok(value(options, key).map(str::parse).transpose()?)
}

fn sizes(shape: &str) -> Result<Vec<u64>> {
    match shape {
        "-" => Ok(Vec::new()),
        shape => Ok(shape
            .split('x')
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?),
    }
}
