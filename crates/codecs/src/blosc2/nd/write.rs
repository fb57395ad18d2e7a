//! Writing arrays, chunk after chunk.

use ziggurat_core::region::{Window, copy};
use ziggurat_core::{Error, Region, Result};

use super::{NdLayout, PLACE};
use crate::blosc2::encode::Encoder;
use crate::blosc2::frame::{FrameWriter, Target};
use crate::blosc2::metalayers::Metalayers;

impl NdLayout {
    /// Arranges the elements of the chunk at `index`, a C-order array of the part of it that lies within the
    /// array, as they are stored: block after block, padded with zeros.
    ///
    /// # Errors
    /// [`Error::Caller`] if there are not as many elements, or no such chunk; [`Error::Limit`] for more than
    /// 2 GiB.
    pub fn to_blocks(&self, index: &[u64], typesize: usize, elements: &[u8]) -> Result<Vec<u8>> {
        let within = self.within_chunk(index, typesize, elements.len())?;
        let mut blocks = vec![0; self.chunk_bytes(typesize)?];
        self.each_block(&within, typesize, |from, to, shape, at| {
            let size = self.block_bytes(typesize)?;
            let block = &mut blocks[at * size..][..size];
            copy(shape, typesize, elements, from, block, to);
            Ok(())
        })?;
        Ok(blocks)
    }

    /// The reverse of [`to_blocks`](Self::to_blocks), for the whole chunk: a C-order array of its shape.
    ///
    /// # Errors
    /// [`Error::Caller`] if `blocks` has not the size of a chunk; [`Error::Limit`] for more than 2 GiB.
    pub fn from_blocks(&self, typesize: usize, blocks: &[u8]) -> Result<Vec<u8>> {
        let size = self.block_bytes(typesize)?;
        if blocks.len() != self.chunk_bytes(typesize)? {
            let what = format!("{} bytes are no chunk of {self}", blocks.len());
            return Err(Error::caller(PLACE, what));
        }
        let whole = Region::whole(self.chunk());
        // No longer than `blocks`.
        let length = usize::try_from(whole.len()).unwrap_or(0) * typesize;
        let mut elements = vec![0; length];
        self.each_block(&whole, typesize, |to, from, shape, at| {
            let block = &blocks[at * size..][..size];
            copy(shape, typesize, block, from, &mut elements, to);
            Ok(())
        })?;
        Ok(elements)
    }

    /// Calls `f` for each block that holds a part of the C-order array of `region`, which starts at the start of
    /// the chunk: where the part lies in that array and in the block, its shape, and the block's number.
    fn each_block(
        &self,
        region: &Region,
        typesize: usize,
        mut f: impl FnMut(Window<'_>, Window<'_>, &[u64], usize) -> Result<()>,
    ) -> Result<()> {
        self.chunk_bytes(typesize)?;
        let (block, grid) = (self.block(), self.block_grid());
        let origin = vec![0; self.rank()];
        for index in region.cells(block).indices() {
            let cell = Region::of_cell(&index, block);
            let Some(part) = cell.intersect(region) else {
                continue;
            };
            // Less than the bytes of a chunk.
            let number = ziggurat_core::region::offset(&index, &grid);
            let outer = Window {
                shape: &region.shape,
                start: &part.start,
            };
            let inner = Window {
                shape: block,
                start: &origin,
            };
            f(
                outer,
                inner,
                &part.shape,
                usize::try_from(number).unwrap_or(usize::MAX),
            )?;
        }
        Ok(())
    }

    /// The part of the chunk at `index` that is in the array, in indices of the chunk, of which `length` bytes are
    /// all.
    fn within_chunk(&self, index: &[u64], typesize: usize, length: usize) -> Result<Region> {
        let cell = Region::of_cell(index, self.chunk());
        let within = cell.intersect(&Region::whole(self.shape()));
        within
            .map(|within| within.relative_to(&cell.start))
            .filter(|within| within.len().checked_mul(typesize as u64) == Some(length as u64))
            .ok_or_else(|| {
                let what = format!("{length} bytes for the chunk at {index:?} of {self}");
                Error::caller(PLACE, what)
            })
    }
}

/// Writes an array chunk after chunk, in C order of the grid of chunks; see [`B2nd`](super::B2nd) for an
/// example.
#[derive(Debug)]
pub struct NdWriter<T> {
    frame: FrameWriter<T>,
    layout: NdLayout,
    typesize: usize,
    next: u64,
}

impl<T: Target> NdWriter<T> {
    /// Begins an array of elements of the encoder's size; its blocks are those of `layout`. Further
    /// `metalayers` come after that of the array.
    ///
    /// # Errors
    /// [`Error::Caller`] if `metalayers` has one of an array; as [`FrameWriter::new`].
    pub fn new(
        target: T,
        layout: NdLayout,
        encoder: Encoder,
        metalayers: &Metalayers,
    ) -> Result<Self> {
        let typesize = encoder.typesize();
        let mut layers = Metalayers::default();
        layers.set(layout.name(), layout.to_bytes())?;
        for (name, content) in metalayers.iter() {
            if ["b2nd", "caterva"].contains(&name) {
                let what = format!("the metalayer '{name}' is written from the layout");
                return Err(Error::caller(PLACE, what));
            }
            layers.set(name, content)?;
        }
        // An empty array has chunks of some size all the same.
        let chunk = layout.chunk_bytes(typesize)?.max(typesize);
        let encoder = encoder.block(layout.block_bytes(typesize)?.max(typesize))?;
        Ok(Self {
            frame: FrameWriter::new(target, &encoder, chunk, &layers)?,
            layout,
            typesize,
            next: 0,
        })
    }

    /// The shapes.
    #[must_use]
    pub fn layout(&self) -> &NdLayout {
        &self.layout
    }

    /// Writes the next chunk: a C-order array of the part of it that lies within the array.
    ///
    /// # Errors
    /// [`Error::Caller`] if there are not as many elements, or all chunks are there; those of writing.
    pub fn push(&mut self, elements: &[u8]) -> Result<()> {
        let grid = self.layout.chunk_grid();
        if self.next == self.layout.chunks() {
            return Err(Error::caller(
                PLACE,
                format!("all {} chunks are written", self.next),
            ));
        }
        let index = index_of(self.next, &grid);
        let blocks = self.layout.to_blocks(&index, self.typesize, elements)?;
        self.frame.push_elements(&blocks)?;
        self.next += 1;
        Ok(())
    }

    /// Writes all chunks from the elements of the whole array, in C order.
    ///
    /// # Errors
    /// [`Error::Caller`] if there are not as many elements; as [`push`](Self::push).
    pub fn push_array(&mut self, elements: &[u8]) -> Result<()> {
        let shape = self.layout.shape().to_vec();
        let whole = Region::whole(&shape);
        if whole.len().checked_mul(self.typesize as u64) != Some(elements.len() as u64) {
            let what = format!(
                "{} bytes are not an array of shape {shape:?}",
                elements.len()
            );
            return Err(Error::caller(PLACE, what));
        }
        let origin = vec![0; shape.len()];
        for index in Region::whole(&self.layout.chunk_grid()).indices() {
            let cell = Region::of_cell(&index, self.layout.chunk());
            let Some(part) = cell.intersect(&whole) else {
                continue;
            };
            // No longer than `elements`.
            let length = usize::try_from(part.len()).unwrap_or(0) * self.typesize;
            let mut chunk = vec![0; length];
            let from = Window {
                shape: &shape,
                start: &part.start,
            };
            let to = Window {
                shape: &part.shape,
                start: &origin,
            };
            copy(&part.shape, self.typesize, elements, from, &mut chunk, to);
            self.push(&chunk)?;
        }
        Ok(())
    }

    /// Ends the array. Contents of `vlmetalayers` are given decoded.
    ///
    /// # Errors
    /// [`Error::Caller`] if a chunk is missing; as [`FrameWriter::finish`].
    pub fn finish(self, vlmetalayers: &Metalayers) -> Result<T::Done> {
        let chunks = self.layout.chunks();
        if self.next != chunks {
            let what = format!("{} of {chunks} chunks are written", self.next);
            return Err(Error::caller(PLACE, what));
        }
        self.frame.finish(vlmetalayers)
    }
}

/// The index of cell `number` of a grid in C order.
pub(super) fn index_of(number: u64, grid: &[u64]) -> Vec<u64> {
    let strides = ziggurat_core::region::strides(grid);
    let pairs = strides.iter().zip(grid);
    pairs.map(|(stride, n)| number / stride % n).collect()
}
