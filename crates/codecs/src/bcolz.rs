//! Directories of bcolz: a [`Carray`] is an array in chunks of rows, a [`Ctable`] one carray per column.
//!
//! ```text
//! carray/meta/sizes      {"shape": [60, 7], "nbytes": 3360, "cbytes": 1371}
//!        meta/storage    {"dtype": "int64", "cparams": {...}, "chunklen": 16, "expectedlen": 60, "dflt": 0}
//!        data/__0.blp    rows 0 to 15: bloscpack version 1 with one chunk
//!        data/__3.blp    the rows that are left over
//!        __attrs__       {"temperature": 22.5}
//! ctable/__rootdirs__    {"names": ["id", "x"]}, the order of the columns
//!        __attrs__
//!        id/ x/          carrays of equal length
//! ```
//!
//! Chunks hold rows of the first dimension in C order. There are no checksums: damage is found where sizes
//! contradict one another or a stream cannot be decoded. Object arrays are pickles and refused.
//!
//! Source: `DISK_FORMAT_v1.rst` of bcolz, and directories that bcolz 1.2.1 and bcolz-zipline 1.13.0 wrote.

mod carray;
mod ctable;
mod storage;
mod writer;

use std::path::Path;

pub use carray::Carray;
pub use ctable::{Ctable, TableWriter};
pub use storage::Storage;
pub use writer::{chunk_rows, write_carray};

use ziggurat_core::{Error, Result};

/// What a directory holds.
#[derive(Debug)]
pub enum Stored {
    /// An array.
    Carray(Carray),
    /// A table.
    Ctable(Ctable),
}

/// Opens the array or the table in the directory `root`.
///
/// # Errors
/// [`Error::NotFound`] if it is neither; otherwise as [`Carray::open`] and [`Ctable::open`].
pub fn open(root: &Path) -> Result<Stored> {
    if root.join(ctable::NAMES).is_file() {
        return Ctable::open(root).map(Stored::Ctable);
    }
    if root.join("meta").is_dir() {
        return Carray::open(root).map(Stored::Carray);
    }
    let what = "a directory of bcolz, with __rootdirs__ (a table) or meta (an array)";
    Err(Error::not_found(root.display().to_string(), what))
}
