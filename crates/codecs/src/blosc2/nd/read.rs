//! Reading regions of an array.

use std::path::Path;

use rayon::prelude::*;
use ziggurat_core::region::{Window, copy, offset, runs};
use ziggurat_core::{Error, Region, Result};

use super::{NdLayout, PLACE, strips};
use crate::blosc2::chunk::ChunkIndex;
use crate::blosc2::frame::{Chunk, Frame, Place};
use crate::blosc2::source::ReadAt;
use crate::blosc2::special::Special;

/// Largest result of one read: 16 GiB. What a request asks beyond that is not allocated.
const LARGEST_READ: u64 = 16 << 30;

/// An array of Blosc2 or Caterva that is open for reading, from any number of threads.
///
/// Elements are opaque bytes, as they are stored: their type and byte order are those of
/// [`NdLayout::dtype`], their size that of the frame.
///
/// ```
/// use ziggurat_codecs::blosc2::{B2nd, Contiguous, Encoder, Metalayers, NdLayout, NdWriter};
/// use ziggurat_core::Region;
/// let layout = NdLayout::new(&[5, 6], &[4, 4], &[2, 2], Some("|u1"))?;
/// let elements: Vec<u8> = (0..30).collect();
/// let target = Contiguous::new(std::io::Cursor::new(Vec::new()));
/// let mut writer = NdWriter::new(target, layout, Encoder::new(1)?, &Metalayers::default())?;
/// writer.push_array(&elements)?;
/// let file = writer.finish(&Metalayers::default())?.into_inner();
///
/// let array = B2nd::open_source(file)?;
/// assert_eq!(array.read(&Region::new([3, 2], [2, 3]))?, [20, 21, 22, 26, 27, 28]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct B2nd {
    frame: Frame,
    layout: NdLayout,
}

impl B2nd {
    /// Opens a file or a directory.
    ///
    /// # Errors
    /// As [`Frame::open`]; [`Error::Unsupported`] if it holds no array; [`Error::Data`] if the array does
    /// not fit the frame.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Frame::open(path)?)
    }

    /// Opens a contiguous frame in memory, or wherever else bytes can be read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_source(source: impl ReadAt + 'static) -> Result<Self> {
        Self::of(Frame::open_source(source)?)
    }

    /// The array of a frame.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of(frame: Frame) -> Result<Self> {
        let layout = layout_of(&frame).map_err(|e| e.map_place(|p| frame.name(p)))?;
        Ok(Self { frame, layout })
    }

    /// The shapes.
    #[must_use]
    pub fn layout(&self) -> &NdLayout {
        &self.layout
    }

    /// The frame that holds the array.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The elements of `region` in C order.
    ///
    /// # Errors
    /// [`Error::Caller`] if it is not within the array; [`Error::Limit`] for more than 16 GiB;
    /// [`Error::Data`] if a block of it is damaged; those of reading.
    pub fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let bytes = region.len().saturating_mul(self.typesize() as u64);
        let size = usize::try_from(bytes)
            .ok()
            .filter(|_| bytes <= LARGEST_READ);
        let size = size.ok_or_else(|| {
            let what = format!("{bytes} bytes asked at once, more than 16 GiB; read in parts");
            Error::limit(self.frame.name(PLACE), what)
        })?;
        let mut out = vec![0; size];
        self.read_into(region, &mut out)?;
        Ok(out)
    }

    /// Fills `out` with the elements of `region` in C order.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Caller`] if `out` has another size.
    pub fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let shape = self.layout.shape();
        let bytes = region.len().saturating_mul(self.typesize() as u64);
        let within = region.rank() == shape.len() && Region::whole(shape).contains(region);
        if !within || bytes != out.len() as u64 {
            let what = format!(
                "region {region} of {} bytes for {} of an array of shape {shape:?}",
                bytes,
                out.len()
            );
            return Err(Error::caller(self.frame.name(PLACE), what));
        }
        if region.is_empty() {
            return Ok(());
        }
        let parts = strips::cut(&self.layout, region, rayon::current_num_threads());
        let mut rest = out;
        let mut tasks = Vec::with_capacity(parts.len());
        for part in parts {
            // No longer than `out`, whose length was compared.
            let length = usize::try_from(part.len()).unwrap_or(0) * self.typesize();
            let (own, others) = rest.split_at_mut(length);
            tasks.push((part, own));
            rest = others;
        }
        match tasks.len() {
            1 => tasks
                .into_iter()
                .try_for_each(|(part, out)| self.read_part(&part, out)),
            _ => tasks
                .into_par_iter()
                .try_for_each(|(part, out)| self.read_part(&part, out)),
        }
    }

    /// Reads `part` into `out`, which is an array of its shape.
    fn read_part(&self, part: &Region, out: &mut [u8]) -> Result<()> {
        for index in part.cells(self.layout.chunk()).indices() {
            let cell = Region::of_cell(&index, self.layout.chunk());
            let Some(wanted) = cell.intersect(part) else {
                continue;
            };
            let number = self.layout.chunk_number(&index);
            let start = wanted.relative_to(&part.start).start;
            let to = Window {
                shape: &part.shape,
                start: &start,
            };
            let place = usize::try_from(number)
                .ok()
                .and_then(|n| self.frame.places().get(n));
            if let Some(Place::Nowhere(special)) = place {
                self.fill(*special, &wanted, to, out)
            } else {
                let chunk = self.frame.chunk(number)?;
                self.read_blocks(&chunk, &wanted.relative_to(&cell.start), to, out)
            }
            .map_err(|e| e.map_place(|p| self.frame.name(&format!("chunk {index:?}: {p}"))))?;
        }
        Ok(())
    }

    /// Copies `wanted`, in indices of the chunk, from the blocks that hold it to `to`.
    fn read_blocks(
        &self,
        chunk: &Chunk<'_>,
        wanted: &Region,
        to: Window<'_>,
        out: &mut [u8],
    ) -> Result<()> {
        let (block, grid) = (self.layout.block(), self.layout.block_grid());
        self.check_chunk(chunk.index())?;
        let cells: Vec<Vec<u64>> = wanted.cells(block).indices().collect();
        // Less than the number of blocks, which is less than 2^31.
        let number = |index: &Vec<u64>| usize::try_from(offset(index, &grid)).unwrap_or(usize::MAX);
        let numbers: Vec<usize> = cells.iter().map(number).collect();
        chunk.each_block(&numbers, |n, bytes| {
            let cell = Region::of_cell(&cells[n], block);
            let Some(part) = cell.intersect(wanted) else {
                return Ok(());
            };
            let from = part.relative_to(&cell.start).start;
            let shift = part.relative_to(&wanted.start).start;
            let start: Vec<u64> = shift.iter().zip(to.start).map(|(a, b)| a + b).collect();
            let from = Window {
                shape: block,
                start: &from,
            };
            let to = Window {
                shape: to.shape,
                start: &start,
            };
            copy(&part.shape, self.typesize(), bytes, from, out, to);
            Ok(())
        })
    }

    /// Checks that blocks of `chunk` have as many bytes as the layout says.
    fn check_chunk(&self, chunk: &ChunkIndex) -> Result<()> {
        let size = self.layout.block_bytes(self.typesize())?;
        let found = chunk.header().block;
        if found != size {
            let what = format!("blocks of {found} bytes, the array has blocks of {size}");
            return Err(Error::data(PLACE, what));
        }
        Ok(())
    }

    fn fill(
        &self,
        special: Special,
        wanted: &Region,
        to: Window<'_>,
        out: &mut [u8],
    ) -> Result<()> {
        let size = self.typesize();
        let mut result = Ok(());
        runs(&wanted.shape, to, to, |at, _, count| {
            let filled = special.fill(size, &[], 0, &mut out[at * size..][..count * size]);
            if filled.is_err() {
                result = filled;
            }
        });
        result
    }

    fn typesize(&self) -> usize {
        self.frame.header().typesize
    }
}

/// The layout that the metalayer says, if it fits the frame.
fn layout_of(frame: &Frame) -> Result<NdLayout> {
    let header = frame.header();
    let layout = NdLayout::of(&header.metalayers)?;
    if layout.chunks() != header.chunks() {
        let (chunks, found) = (layout.chunks(), header.chunks());
        let what = format!("{layout}: {chunks} chunks, but the frame has {found}");
        return Err(Error::data(PLACE, what));
    }
    if layout.chunks() > 0 {
        let chunk = layout.chunk_bytes(header.typesize)?;
        let block = layout.block_bytes(header.typesize)?;
        let whole = layout.chunks().checked_mul(chunk as u64);
        if header.chunk != chunk || header.block != block || whole != Some(header.decoded) {
            let what = format!(
                "{layout}: {chunk} bytes in a chunk, {block} in a block; the frame has {} and {}",
                header.chunk, header.block
            );
            return Err(Error::data(PLACE, what));
        }
    }
    Ok(layout)
}
