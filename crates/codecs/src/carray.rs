//! The persistent carray as it was proposed in August 2012, before bcolz.
//!
//! ```text
//! root/meta/shape         (300, 200)
//!      meta/storage       dtype: float64            or, for a record stored by columns:
//!                         chunkshape: (30, 20)        dtype:
//!                         superchunksize: 10            col1: int8
//!                         endianness: little            col2: float32
//!                         order: C
//!                         compression:
//!                           library: blosclz
//!                           level: 5
//!                           filters: [shuffle, truncate]
//!      meta/attributes    temperature:
//!                           value: 23.5
//!                           type: scalar
//!                           dtype: float32
//!      data/__1__.bin     the first ten chunks: a superchunk, see `bloscpack::Version::Draft`
//!      data/__2__.bin     the next ten
//!      data/col1/...      of a record: the superchunks of each column, nested as the record is
//! ```
//!
//! The proposal was never released and leaves some things open. Here chunks are in C order of the grid of
//! chunks, `superchunksize` to a file; `order` is that of the elements in a chunk; those at the edge of the
//! array are filled up with zeros when written and may be cut off when read; the checksum follows the
//! chunk, and slack the checksum. `meta/sizes`, into which a later draft put the shape, is read as well,
//! and every file of `meta` may be JSON.
//!
//! Source: the revisions of `persistence.rst` of 16 to 19 August 2012 in the repository of bcolz.

mod meta;
mod reader;
mod storage;
mod writer;
mod yaml;

pub use meta::Attribute;
pub use reader::Carray;
pub use storage::{Column, Filter, Storage};
pub use writer::write;
