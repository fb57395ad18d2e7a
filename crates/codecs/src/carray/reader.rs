//! Reading boxes.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use ziggurat_core::region::{Window, copy, offset};
use ziggurat_core::{Error, Region, Result};

use super::meta::{read_attributes, read_shape};
use super::{Attribute, Column, Storage, yaml};
use crate::blosc1::{buffer, in_memory};
use crate::bloscpack::Reader;
use crate::directory::place;

/// An array or record of columns, open for reading.
#[derive(Debug)]
pub struct Carray {
    root: PathBuf,
    shape: Vec<u64>,
    storage: Storage,
    attributes: Vec<(String, Attribute)>,
}

impl Carray {
    /// Whether the directory `root` claims to be such an array, rather than one of bcolz.
    #[must_use]
    pub fn is_at(root: &Path) -> bool {
        let storage = yaml::read(&root.join("meta/storage"));
        storage.is_ok_and(|storage| storage.get("chunkshape").is_some())
    }

    /// Opens the array in the directory `root`; no chunk is read.
    ///
    /// # Errors
    /// [`Error::Data`] for a directory that is half-written or contradicts itself;
    /// [`Error::Unsupported`] for types that are not read; [`Error::NotFound`] if `root` is no such array.
    pub fn open(root: &Path) -> Result<Self> {
        let storage = Storage::read(&root.join("meta/storage"))?;
        let shape = read_shape(root)?;
        let rank = storage.chunk_shape.len();
        if shape.len() != rank {
            let what = format!("shape {shape:?} in chunks of {rank} dimensions");
            return Err(Error::data(place(root), what));
        }
        for column in &storage.columns {
            for sizes in [&shape, &storage.chunk_shape] {
                let size = column.dtype.size() as u64;
                // Zeros last, as in every shape: nothing so large is an honest claim.
                let mut sizes = sizes.iter().filter(|&&n| n > 0);
                if sizes.try_fold(size, |n, &s| n.checked_mul(s)).is_none() {
                    return Err(Error::limit(place(root), "more than 2^64 bytes"));
                }
            }
        }
        let attributes = read_attributes(&root.join("meta/attributes"))?;
        Ok(Self {
            root: root.to_owned(),
            shape,
            storage,
            attributes,
        })
    }

    /// Size of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// How it is stored, the columns among it.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What users noted, with the types in which they did.
    #[must_use]
    pub fn attributes(&self) -> &[(String, Attribute)] {
        &self.attributes
    }

    /// The elements of a box of one column, as they are stored, in the order of the storage; only the
    /// chunks that hold them are read.
    ///
    /// # Errors
    /// [`Error::Caller`] for a box that does not lie in the array; [`Error::Data`] for a superchunk that
    /// is damaged or not there, naming its file.
    pub fn read(&self, column: &Column, region: &Region) -> Result<Vec<u8>> {
        if !Region::whole(&self.shape).contains(region) {
            let what = format!("{region:?} is not within {:?}", self.shape);
            return Err(Error::caller(place(&self.root), what));
        }
        let size = column.dtype.size();
        let total = in_memory(&place(&self.root), region.len().saturating_mul(size as u64))?;
        let mut out = buffer(&place(&self.root), total as u64)?;
        if region.is_empty() || size == 0 {
            return Ok(out);
        }
        let chunk_shape = &self.storage.chunk_shape;
        let grid: Vec<u64> = self
            .shape
            .iter()
            .zip(chunk_shape)
            .map(|(n, c)| n.div_ceil(*c))
            .collect();
        let mut superchunk: Option<(u64, Reader<BufReader<File>>)> = None;
        for index in region.cells(chunk_shape).indices() {
            let number = offset(&index, &grid);
            let (file, chunk) = (
                number / self.storage.superchunk,
                number % self.storage.superchunk,
            );
            let reader = match superchunk.take() {
                Some((open, reader)) if open == file => reader,
                _ => self.open_superchunk(column, file)?,
            };
            let (_, reader) = superchunk.insert((file, reader));
            let cell = Region::of_cell(&index, chunk_shape);
            let (bytes, shape) = self.read_chunk(reader, column, chunk, &cell)?;
            let Some(part) = cell.intersect(region) else {
                continue;
            };
            // Memory is touched only once there is a chunk to put there.
            out.resize(total, 0);
            let from = part.relative_to(&cell.start);
            let to = part.relative_to(&region.start);
            copy(
                &self.stored(&part.shape),
                size,
                &bytes,
                Window {
                    shape: &self.stored(&shape),
                    start: &self.stored(&from.start),
                },
                &mut out,
                Window {
                    shape: &self.stored(&region.shape),
                    start: &self.stored(&to.start),
                },
            );
        }
        Ok(out)
    }

    /// Sizes or indices from the slowest dimension of the storage to the fastest.
    fn stored(&self, sizes: &[u64]) -> Vec<u64> {
        let mut sizes = sizes.to_vec();
        if self.storage.fortran {
            sizes.reverse();
        }
        sizes
    }

    fn open_superchunk(&self, column: &Column, number: u64) -> Result<Reader<BufReader<File>>> {
        let path = superchunk_path(&self.root, column, number);
        let file = File::open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::data(place(&path), "this superchunk is missing"),
            _ => Error::io(&path, "read", e),
        })?;
        Reader::draft(place(&path), BufReader::new(file))
    }

    /// A chunk, and the shape in which it is stored: the whole cell, or what of it lies in the array.
    fn read_chunk(
        &self,
        reader: &mut Reader<BufReader<File>>,
        column: &Column,
        chunk: u64,
        cell: &Region,
    ) -> Result<(Vec<u8>, Vec<u64>)> {
        let damaged = |what: String| Error::data(reader.place(), what);
        let index = usize::try_from(chunk).unwrap_or(usize::MAX);
        let range = reader
            .chunk(index)
            .ok_or_else(|| damaged(format!("has no chunk {chunk}")))?;
        let length = range.end - range.start;
        let clipped = cell
            .intersect(&Region::whole(&self.shape))
            .map(|r| r.shape)
            .unwrap_or_default();
        let bytes = |shape: &[u64]| shape.iter().product::<u64>() * column.dtype.size() as u64;
        let shapes = [cell.shape.clone(), clipped];
        let shape = shapes.into_iter().find(|shape| bytes(shape) == length);
        let shape = shape.ok_or_else(|| {
            damaged(format!(
                "chunk {chunk} has {length} bytes, and {:?} of {} was expected",
                cell.shape, column.dtype
            ))
        })?;
        Ok((reader.read(range)?, shape))
    }
}

/// The file of a superchunk; files count from 1.
pub(super) fn superchunk_path(root: &Path, column: &Column, number: u64) -> PathBuf {
    let mut path = root.join("data");
    path.extend(&column.path);
    path.join(format!("__{}__.bin", number.saturating_add(1)))
}
