//! Converting arrays between Zarr and the formats that came before or stand beside it.
//!
//! | format | is | read | written |
//! |---|---|---|---|
//! | Zarr v3 | an array, or a group of the columns of a table | ✓ | ✓ |
//! | Blosc2 | an array in a frame (`.b2nd`, `.b2frame`) or a sparse directory; a frame without array is bytes | ✓ | ✓ |
//! | Caterva | the same without a type | ✓ | ✓ |
//! | bcolz | a directory: an array (carray) or a table (ctable) | ✓ | ✓ |
//! | carray | the directory that was proposed in 2012, before bcolz | ✓ | |
//! | bloscpack | a `.blp` file of version 1, 2 or 3 | ✓ | |
//! | NumPy | an `.npy` file of numbers | ✓ | ✓ |
//!
//! [`convert()`] reads box by box and holds two of them: superchunks of the target or, for targets without,
//! chunks or rows of them. Every chunk is read and thereby checked as far as its format can be. The target
//! gets its name when it is complete.
//!
//! Chunk and block shapes stay as they are where they nest, else a chunk grows to whole blocks; the codec stays
//! comparable. Byte order becomes that of Zarr or of this machine; values do not change.
//!
//! # Types
//! Numbers, times and texts of one length have a Zarr type that zarr-python reads. What Zarr lacks, the bytes
//! of an element of no type or of a record, is `uint8` with one more dimension, which all readers open, and the
//! attribute `numpy: {"dtype": ...}` says what they are. Records and tables of one dimension become a group
//! with an array for each column. Python objects are pickles and refused.
//!
//! # Attributes
//! Variable-length metalayers of Blosc2 are attributes if they are msgpack of what JSON can say, and come back as
//! the same bytes. All others, and metalayers of fixed length, are in the attribute `blosc2`. Attributes of bcolz
//! are those of Zarr, both JSON. See [`attributes`].

pub mod attributes;
mod bcolz;
mod blosc2;
mod bloscpack;
mod carray;
mod codec;
mod elements;
mod form;
mod format;
mod input;
mod linear;
mod msgpack;
mod npy;
mod shapes;
mod table;
mod zarr;

use std::path::Path;

use ziggurat_codecs::dtype::DType;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::progress::Progress;
use ziggurat_core::{Error, Result};
use ziggurat_pyramid::Size;

pub use format::Format;
pub use input::{Description, Input};

use crate::partial::Partial;

/// What is chosen when something is converted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What to make; by default the name of the target says it.
    pub to: Option<Format>,
    /// Type of the elements, where the source does not say it.
    pub dtype: Option<DType>,
    /// Codec; by default one like that of the source.
    pub codec: Option<CodecSpec>,
    /// Unit that is decoded alone; by default that of the source.
    pub block: Option<Size>,
    /// Unit that is fetched in one request; by default that of the source.
    pub chunk: Option<Size>,
    /// One object of a Zarr store.
    pub superchunk: Size,
    /// Whether each chunk of a Zarr store is an object of its own.
    pub unsharded: bool,
    /// The [framing](ziggurat_core::shard::Framing) of the superchunks of a Zarr store.
    pub framing: Option<String>,
    /// Whether a target that exists is replaced.
    pub overwrite: bool,
}

/// Makes `to` of the array or table in `from`.
///
/// ```
/// use ziggurat::convert::{Options, convert};
/// use ziggurat::core::progress::Silent;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = |name: &str| dir.path().join(name);
/// # let header = ziggurat::codecs::npy::encode_header(ziggurat::core::ElementType::UInt8, &[3]);
/// # std::fs::write(path("a.npy"), [&header[..], &[1, 2, 3]].concat())?;
/// convert(&path("a.npy"), &path("a.zarr"), &Options::default(), &Silent)?;
/// convert(&path("a.zarr"), &path("a.b2nd"), &Options::default(), &Silent)?;
/// convert(&path("a.b2nd"), &path("b.npy"), &Options::default(), &Silent)?;
/// assert_eq!(std::fs::read(path("a.npy"))?, std::fs::read(path("b.npy"))?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Conflict`] if `to` exists; [`Error::Caller`] if nothing says what to make; [`Error::Unsupported`] for
/// what one of the formats does not hold; [`Error::Data`] for a damaged source, naming the file and the fault.
/// Nothing is left at `to` then, nor of a process that is killed.
pub fn convert(from: &Path, to: &Path, options: &Options, progress: &dyn Progress) -> Result<()> {
    let format = options.to.or_else(|| Format::of_name(to)).ok_or_else(|| {
        let what = format!(
            "nothing says what to make; name it {}, or use --to",
            Format::NAMES
        );
        Error::caller(to.display().to_string(), what)
    })?;
    let input = open(from, options)?;
    let partial = Partial::create(to, options.overwrite, may_replace)?;
    write(&*input, partial.path(), format, options, progress).map_err(|e| partial.rename_in(e))?;
    partial.publish()
}

/// Opens the array in `path`, whatever its format.
///
/// # Errors
/// As [`convert()`].
pub fn open(path: &Path, options: &Options) -> Result<Box<dyn Input>> {
    let dtype = options.dtype.as_ref();
    let input: Box<dyn Input> = match Format::detect(path)? {
        Format::Zarr => zarr::open(path)?,
        Format::B2nd | Format::Sparse | Format::Caterva => blosc2::open(path, dtype)?,
        Format::Bcolz => bcolz::open(path)?,
        Format::Carray => carray::open(path)?,
        Format::Bloscpack => bloscpack::open(path, dtype)?,
        Format::Npy => Box::new(npy::open(path)?),
    };
    if input.description().dtype.size() == 0 {
        let what = "elements of no size; there is nothing to convert";
        return Err(Error::unsupported(input.place(), what));
    }
    Ok(input)
}

fn write(
    input: &dyn Input,
    path: &Path,
    format: Format,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    match format {
        Format::Zarr => zarr::write(input, path, options, progress),
        Format::B2nd | Format::Sparse | Format::Caterva => {
            blosc2::write(input, path, format, options, progress)
        }
        Format::Bcolz => bcolz::write(input, path, options, progress),
        Format::Npy => npy::write(input, path, progress),
        Format::Carray | Format::Bloscpack => {
            let what = format!("{} is only read; write {}", format.name(), Format::NAMES);
            Err(Error::unsupported(path.display().to_string(), what))
        }
    }
}

/// Refuses to replace what is none of the formats.
fn may_replace(target: &Path) -> Result<()> {
    let is_empty = || std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    if Format::detect(target).is_ok() || is_empty() {
        return Ok(());
    }
    let what = "it is no array, so it is not overwritten; choose another path or delete it";
    Err(Error::conflict(target.display().to_string(), what))
}
