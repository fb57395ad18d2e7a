//! Writing, chunk by chunk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read};
use std::path::Path;

use ziggurat_core::region::{Window, copy};
use ziggurat_core::{Error, Region, Result};

use super::meta::attributes_text;
use super::reader::superchunk_path;
use super::storage::tuple;
use super::{Attribute, Column, Filter, Storage};
use crate::bloscpack::{self, Checksum, LARGEST_CHUNK, Options, Version};
use crate::directory::{self, place, write_text};
use crate::{Blosc, Shuffle};

/// Writes an array of `shape` to the directory `root`, which must not exist.
///
/// `read` gives the elements of a box of a column as [`Carray::read`](super::Carray::read) does, in the order
/// of the storage; it is asked for one chunk at a time. `slack` bytes are left free after each chunk.
/// Nothing is truncated here, whatever the filters say. Chunks have an adler32 and superchunks offsets.
///
/// ```
/// use ziggurat_codecs::carray::{Carray, Column, Filter, Storage, write};
/// use ziggurat_codecs::dtype::DType;
/// use ziggurat_core::Region;
///
/// # let dir = tempfile::tempdir()?;
/// # let root = dir.path().join("ones");
/// let column = Column { path: vec![], dtype: DType::parse("<u2")? };
/// let storage = Storage {
///     columns: vec![column.clone()],
///     chunk_shape: vec![3, 2],
///     superchunk: 4,
///     fortran: false,
///     library: "lz4".to_owned(),
///     level: 5,
///     filters: vec![Filter::Shuffle],
/// };
/// write(&root, &storage, &[7, 5], &[], 0, |_, region| Ok([1, 0].repeat(region.len() as usize)))?;
///
/// let ones = Carray::open(&root)?.read(&column, &Region::new([5, 4], [2, 1]))?;
/// assert_eq!(ones, [1, 0, 1, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Conflict`] if `root` exists; [`Error::Caller`] for columns that cannot be named in the file, and
/// if `read` gives another number of bytes. Nothing is left behind.
pub fn write(
    root: &Path,
    storage: &Storage,
    shape: &[u64],
    attributes: &[(String, Attribute)],
    slack: u32,
    mut read: impl FnMut(&Column, &Region) -> Result<Vec<u8>>,
) -> Result<()> {
    if storage.chunk_shape.len() != shape.len() {
        let what = format!("shape {shape:?} in chunks of {:?}", storage.chunk_shape);
        return Err(Error::caller(place(root), what));
    }
    directory::create(root, |staged| {
        let text = storage.to_text(&place(root))?;
        for column in &storage.columns {
            write_column(staged, storage, shape, column, slack, &mut read)?;
        }
        let meta = staged.join("meta");
        fs::create_dir(&meta).map_err(|e| Error::io(&meta, "create", e))?;
        write_text(&meta.join("storage"), &text)?;
        write_text(&meta.join("attributes"), &attributes_text(attributes))?;
        write_text(&meta.join("shape"), &format!("{}\n", tuple(shape)))
    })
}

fn write_column(
    root: &Path,
    storage: &Storage,
    shape: &[u64],
    column: &Column,
    slack: u32,
    read: &mut impl FnMut(&Column, &Region) -> Result<Vec<u8>>,
) -> Result<()> {
    let size = column.dtype.size() as u64;
    let chunk = storage
        .chunk_shape
        .iter()
        .try_fold(size, |n, &s| n.checked_mul(s));
    let chunk = chunk
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (1..=LARGEST_CHUNK).contains(n));
    let chunk =
        chunk.ok_or_else(|| Error::caller(place(root), "a chunk without bytes, or over 2 GiB"))?;
    let is_shuffled = storage.filters.contains(&Filter::Shuffle);
    let options = Options {
        version: Version::Draft,
        checksum: Checksum::Adler32,
        offsets: true,
        slack,
        chunk_size: chunk,
        typesize: u8::try_from(column.dtype.shuffle_size()).unwrap_or(1),
        blosc: Blosc {
            compressor: storage.library.clone(),
            level: storage.level,
            shuffle: if is_shuffled {
                Shuffle::Bytes
            } else {
                Shuffle::None
            },
        },
        ..Options::default()
    };
    let grid: Vec<u64> = shape
        .iter()
        .zip(&storage.chunk_shape)
        .map(|(n, c)| n.div_ceil(*c))
        .collect();
    let grid = Region::whole(&grid);
    let mut indices = grid.indices();
    let mut left = grid.len();
    let folder = superchunk_path(root, column, 0);
    let folder = folder.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, "create", e))?;
    for number in 0.. {
        let count = left.min(storage.superchunk);
        if count == 0 {
            break;
        }
        left -= count;
        let mut chunks = Chunks {
            bytes: Vec::new(),
            taken: 0,
            next: || match indices.next() {
                Some(index) => full_chunk(storage, shape, column, &index, &mut *read),
                None => Ok(Vec::new()),
            },
        };
        let path = superchunk_path(root, column, number);
        let file = File::create(&path).map_err(|e| Error::io(&path, "create", e))?;
        let length = count * u64::from(chunk);
        bloscpack::write(
            &place(&path),
            &mut BufWriter::new(file),
            &options,
            length,
            &mut chunks,
        )?;
    }
    Ok(())
}

/// The chunk `index`, filled up with zeros at the edge of the array.
fn full_chunk(
    storage: &Storage,
    shape: &[u64],
    column: &Column,
    index: &[u64],
    read: &mut impl FnMut(&Column, &Region) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let cell = Region::of_cell(index, &storage.chunk_shape);
    let Some(part) = cell.intersect(&Region::whole(shape)) else {
        return Ok(Vec::new());
    };
    let size = column.dtype.size();
    let bytes = |n: u64| {
        usize::try_from(n)
            .unwrap_or(usize::MAX)
            .saturating_mul(size)
    };
    let given = read(column, &part)?;
    if given.len() != bytes(part.len()) {
        let what = format!("{} bytes were given for {part:?}", given.len());
        return Err(Error::caller(column.path.join("/"), what));
    }
    if part == cell {
        return Ok(given);
    }
    let mut full = vec![0; bytes(cell.len())];
    let mut shapes = [part.shape, cell.shape];
    if storage.fortran {
        for shape in &mut shapes {
            shape.reverse();
        }
    }
    let [part, cell] = shapes;
    let start = vec![0; part.len()];
    let from = Window {
        shape: &part,
        start: &start,
    };
    let to = Window {
        shape: &cell,
        start: &start,
    };
    copy(&part, size, &given, from, &mut full, to);
    Ok(full)
}

/// Chunks, one after the other, as one stream.
struct Chunks<F> {
    bytes: Vec<u8>,
    taken: usize,
    next: F,
}

impl<F: FnMut() -> Result<Vec<u8>>> Read for Chunks<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.bytes.len() {
            self.bytes = (self.next)().map_err(io::Error::other)?;
            self.taken = 0;
        }
        let count = (&self.bytes[self.taken..]).read(out)?;
        self.taken += count;
        Ok(count)
    }
}
