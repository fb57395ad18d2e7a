//! Arrays: reading rows.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use ziggurat_core::{Error, Result};

use super::Storage;
use crate::blosc1::{buffer, in_memory};
use crate::bloscpack::{Reader, Version};
use crate::directory::{place, read_json};

/// An array, open for reading; no chunk is read before its rows are asked for.
#[derive(Debug)]
pub struct Carray {
    root: PathBuf,
    shape: Vec<u64>,
    /// Bytes of a row.
    row: u64,
    storage: Storage,
    attributes: Map<String, Value>,
}

impl Carray {
    /// Opens the array in the directory `root`.
    ///
    /// # Errors
    /// [`Error::Data`] for a directory that is half-written or contradicts itself;
    /// [`Error::Unsupported`] for object arrays; [`Error::NotFound`] if `root` is no array.
    pub fn open(root: &Path) -> Result<Self> {
        let storage = Storage::read(&root.join("meta/storage"))?;
        let path = root.join("meta/sizes");
        let sizes = read_json(&path).map_err(|e| match e.is_not_found() {
            true => Error::data(place(root), "has no meta/sizes: writing it was interrupted"),
            false => e,
        })?;
        let damaged = |what: String| Error::data(place(&path), what);
        let shape: Option<Vec<u64>> = sizes["shape"]
            .as_array()
            .and_then(|sizes| sizes.iter().map(Value::as_u64).collect());
        let shape = shape
            .filter(|shape| !shape.is_empty())
            .ok_or_else(|| damaged(format!("'shape' is {}", sizes["shape"])))?;
        let product = |sizes: &[u64]| {
            let size = storage.dtype.size() as u64;
            sizes.iter().try_fold(size, |n, &s| n.checked_mul(s))
        };
        let too_large = || Error::limit(place(&path), format!("an array of shape {shape:?}"));
        let row = product(&shape[1..]).ok_or_else(too_large)?;
        let bytes = product(&shape).ok_or_else(too_large)?;
        // The one number that says twice how long the array is; cbytes counts memory, not files.
        if sizes["nbytes"].as_u64().is_some_and(|n| n != bytes) {
            let what = format!(
                "says {} bytes, and shape {shape:?} has {bytes}",
                sizes["nbytes"]
            );
            return Err(damaged(what));
        }
        row.checked_mul(storage.chunk_rows).ok_or_else(too_large)?;
        Ok(Self {
            attributes: read_attributes(root)?,
            root: root.to_owned(),
            shape,
            row,
            storage,
        })
    }

    /// Size of each dimension; at least one.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Number of rows, the size of the first dimension.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.shape[0]
    }

    /// How it is stored.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What users noted.
    #[must_use]
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// The elements of some rows in C order, as they are stored; only the chunks that hold them are read.
    ///
    /// The byte order is that of the type; see [`swap_to_native`](crate::dtype::DType::swap_to_native).
    ///
    /// # Errors
    /// [`Error::Caller`] for rows beyond the end; [`Error::Data`] for a chunk that is damaged, of another
    /// size or not there, naming its file.
    pub fn read(&self, rows: Range<u64>) -> Result<Vec<u8>> {
        let total = self.rows();
        if rows.start > rows.end || rows.end > total {
            let what = format!("rows {rows:?} were asked of {total}");
            return Err(Error::caller(place(&self.root), what));
        }
        let mut out = buffer(&place(&self.root), (rows.end - rows.start) * self.row)?;
        let length = self.storage.chunk_rows;
        let mut at = rows.start;
        while at < rows.end && self.row > 0 {
            let chunk = at / length;
            let start = chunk * length;
            let end = start.saturating_add(length).min(rows.end);
            out.extend(self.read_chunk(chunk, at - start..end - start)?);
            at = end;
        }
        Ok(out)
    }

    /// Some rows of one chunk.
    fn read_chunk(&self, chunk: u64, rows: Range<u64>) -> Result<Vec<u8>> {
        let path = chunk_path(&self.root, chunk);
        let file = File::open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::data(place(&path), "this chunk is missing"),
            _ => Error::io(&path, "read", e),
        })?;
        let mut reader = Reader::new(place(&path), file)?;
        let whole = self.storage.chunk_rows;
        let expected = (self.rows() - chunk * whole).min(whole);
        let is_last = chunk == (self.rows() - 1) / whole;
        let found = reader.len();
        // Rows that were appended but not counted yet may follow those of the last chunk.
        let fits = found == expected * self.row
            || is_last && (expected * self.row..=whole * self.row).contains(&found);
        let is_single = reader.header().version == Version::V1 && reader.chunks().count() == 1;
        if !fits || !is_single {
            let what = format!(
                "holds {found} bytes, and {expected} rows of {} were expected",
                self.row
            );
            return Err(Error::data(place(&path), what));
        }
        in_memory(&place(&path), found)?;
        reader.read(rows.start * self.row..rows.end * self.row)
    }
}

/// The file of a chunk.
pub(super) fn chunk_path(root: &Path, chunk: u64) -> PathBuf {
    root.join("data").join(format!("__{chunk}.blp"))
}

/// The attributes of an array or table; none if there is no file.
pub(super) fn read_attributes(root: &Path) -> Result<Map<String, Value>> {
    let path = root.join(super::writer::ATTRIBUTES);
    match read_json(&path) {
        Ok(Value::Object(attributes)) => Ok(attributes),
        Ok(_) => Err(Error::data(place(&path), "is no JSON object")),
        Err(e) if e.is_not_found() => Ok(Map::new()),
        Err(e) => Err(e),
    }
}
