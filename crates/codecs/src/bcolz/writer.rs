//! Arrays: writing.

use std::fs::{self, File};
use std::io::{BufWriter, Read};
use std::path::Path;

use serde_json::{Map, Value, json};
use ziggurat_core::{Error, Result};

use super::Storage;
use super::carray::chunk_path;
use crate::bloscpack::{self, Checksum, Options, Version};
use crate::directory::{self, place, write_text};
use crate::dtype::DType;

/// The file of the attributes.
pub(super) const ATTRIBUTES: &str = "__attrs__";

/// Writes an array of `shape` to the directory `root`, which must not exist.
///
/// `from` gives its elements in C order, in the byte order of the type. One chunk is in memory at a time.
///
/// ```
/// use serde_json::Map;
/// use ziggurat_codecs::bcolz::{Carray, Storage, write_carray};
/// use ziggurat_codecs::dtype::DType;
///
/// # let dir = tempfile::tempdir()?;
/// let root = dir.path().join("squares");
/// let squares: Vec<u8> = (0..10_u16).flat_map(|n| (n * n).to_le_bytes()).collect();
/// let storage = Storage::new(DType::parse("<u2")?, 4);
/// write_carray(&root, &storage, &[10], &Map::new(), &mut squares.as_slice())?;
///
/// let array = Carray::open(&root)?;
/// assert_eq!(array.read(3..5)?, [9, 0, 16, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Conflict`] if `root` exists; [`Error::Unsupported`] for records, of which bcolz opens none: write
/// a [table](super::Ctable); [`Error::Caller`] if `from` is shorter. Nothing is left behind.
pub fn write_carray(
    root: &Path,
    storage: &Storage,
    shape: &[u64],
    attributes: &Map<String, Value>,
    from: &mut impl Read,
) -> Result<()> {
    directory::create(root, |staged| {
        fill_carray(staged, storage, shape, attributes, from)
    })
}

/// Writes an array to an empty directory.
pub(super) fn fill_carray(
    root: &Path,
    storage: &Storage,
    shape: &[u64],
    attributes: &Map<String, Value>,
    from: &mut impl Read,
) -> Result<()> {
    let wrong = |what: &str| Error::caller(place(root), what);
    if let DType::Record { .. } | DType::Void(_) = storage.dtype {
        let what = "bcolz opens no array of records; write a table, a column for each field";
        return Err(Error::unsupported(place(root), what));
    }
    let [rows, within @ ..] = shape else {
        return Err(wrong(
            "bcolz has no arrays without dimensions; write one row",
        ));
    };
    let size = storage.dtype.size() as u64;
    let row = within
        .iter()
        .try_fold(size, |n, &s| n.checked_mul(s))
        .filter(|&n| n > 0);
    let row = row.ok_or_else(|| wrong("a row without bytes, or too large"))?;
    let total = rows
        .checked_mul(row)
        .ok_or_else(|| wrong("too many rows"))?;
    let chunk = row
        .checked_mul(storage.chunk_rows)
        .and_then(|n| u32::try_from(n).ok());
    let chunk = chunk
        .filter(|&n| n > 0)
        .ok_or_else(|| wrong("a chunk without rows, or over 2 GiB"))?;
    for sub in ["meta", "data"] {
        fs::create_dir(root.join(sub)).map_err(|e| Error::io(root, "create", e))?;
    }
    let options = Options {
        version: Version::V1,
        checksum: Checksum::None,
        offsets: false,
        chunk_size: chunk,
        typesize: u8::try_from(storage.dtype.shuffle_size()).unwrap_or(1),
        blosc: storage.blosc.clone(),
        ..Options::default()
    };
    let mut stored = 0;
    for (i, start) in (0..total).step_by(chunk as usize).enumerate() {
        let path = chunk_path(root, i as u64);
        let io = |e| Error::io(&path, "write", e);
        let mut out = BufWriter::new(File::create(&path).map_err(io)?);
        let length = (total - start).min(u64::from(chunk));
        bloscpack::write(&place(&path), &mut out, &options, length, from)?;
        stored += out
            .into_inner()
            .map_err(|e| io(e.into_error()))?
            .metadata()
            .map_err(io)?
            .len();
    }
    write_text(&root.join("meta/storage"), &storage.to_text())?;
    write_text(&root.join(ATTRIBUTES), &format!("{}\n", json!(attributes)))?;
    let sizes = json!({"shape": shape, "nbytes": total, "cbytes": stored});
    write_text(&root.join("meta/sizes"), &format!("{sizes}\n"))
}

/// The rows of a chunk that bcolz takes for an array of `bytes` with rows of `row` bytes, at least 1.
///
/// Chunks are 16 KiB for the smallest arrays and 4 MiB for those over 10 000 MiB.
///
/// ```
/// use ziggurat_codecs::bcolz::chunk_rows;
/// assert_eq!(chunk_rows(30 * 4, 4), 8192);
/// assert_eq!(chunk_rows(1000 * 8, 8), 8192);
/// assert_eq!(chunk_rows(0, 1 << 40), 1);
/// ```
#[must_use]
pub fn chunk_rows(bytes: u64, row: u64) -> u64 {
    const SMALLEST: u64 = 16 << 10;
    // Powers of ten in MiB from 10^-4 on; the rule rounds their logarithms to 0, so that 10^0 is left out.
    const TWICE_AS_LONG: [u64; 8] = [
        105,
        1_049,
        10_486,
        104_858,
        10 << 20,
        100 << 20,
        1_000 << 20,
        10_000 << 20,
    ];
    let doublings = TWICE_AS_LONG
        .iter()
        .filter(|&&least| bytes >= least)
        .count();
    let rows = (SMALLEST << doublings).checked_div(row);
    rows.map_or(1, |rows| rows.max(1))
}
