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
        let from = Window {
            shape: &within.shape,
            start: &within.start,
        };
        let mut blocks = Vec::new();
        self.arrange(&within, typesize, elements, from, &mut blocks)?;
        Ok(blocks)
    }

    /// Fills `blocks` with the chunk that has the elements of the window `from` at its start, as many as are
    /// `within` it.
    fn arrange(
        &self,
        within: &Region,
        typesize: usize,
        elements: &[u8],
        from: Window<'_>,
        blocks: &mut Vec<u8>,
    ) -> Result<()> {
        let size = self.block_bytes(typesize)?;
        if within.shape != self.padded_chunk() {
            blocks.clear();
        }
        blocks.resize(self.chunk_bytes(typesize)?, 0);
        let origin = vec![0; self.rank()];
        let to = Window {
            shape: self.block(),
            start: &origin,
        };
        self.each_block(within, |part, number| {
            let start: Vec<u64> = part
                .start
                .iter()
                .zip(from.start)
                .map(|(a, b)| a + b)
                .collect();
            let from = Window {
                shape: from.shape,
                start: &start,
            };
            let block = &mut blocks[number * size..][..size];
            copy(&part.shape, typesize, elements, from, block, to);
        });
        Ok(())
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
        let origin = vec![0; self.rank()];
        let from = Window {
            shape: self.block(),
            start: &origin,
        };
        self.each_block(&whole, |part, number| {
            let to = Window {
                shape: &whole.shape,
                start: &part.start,
            };
            let block = &blocks[number * size..][..size];
            copy(&part.shape, typesize, block, from, &mut elements, to);
        });
        Ok(elements)
    }

    /// Calls `f` with the part of `region`, in indices of the chunk, that each block holds, which starts where
    /// the block does, and the block's number.
    fn each_block(&self, region: &Region, mut f: impl FnMut(&Region, usize)) {
        let grid = self.block_grid();
        for index in region.cells(self.block()).indices() {
            if let Some(part) = Region::of_cell(&index, self.block()).intersect(region) {
                // Less than the bytes of a chunk, which were found to be addressable.
                let number = ziggurat_core::region::offset(&index, &grid);
                f(&part, usize::try_from(number).unwrap_or(usize::MAX));
            }
        }
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
    /// The chunk that is being written, kept as memory for the next.
    blocks: Vec<u8>,
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
            blocks: Vec::new(),
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
        let index = self.next_index()?;
        let layout = &self.layout;
        let within = layout.within_chunk(&index, self.typesize, elements.len())?;
        let from = Window {
            shape: &within.shape,
            start: &within.start,
        };
        layout.arrange(&within, self.typesize, elements, from, &mut self.blocks)?;
        self.push_blocks()
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
        while self.next < self.layout.chunks() {
            let layout = &self.layout;
            let cell = Region::of_cell(&self.next_index()?, layout.chunk());
            if let Some(part) = cell.intersect(&whole) {
                let from = Window {
                    shape: &shape,
                    start: &part.start,
                };
                let within = part.relative_to(&cell.start);
                layout.arrange(&within, self.typesize, elements, from, &mut self.blocks)?;
            }
            self.push_blocks()?;
        }
        Ok(())
    }

    /// The index of the next chunk in the grid.
    fn next_index(&self) -> Result<Vec<u64>> {
        if self.next == self.layout.chunks() {
            let what = format!("all {} chunks are written", self.next);
            return Err(Error::caller(PLACE, what));
        }
        let grid = self.layout.chunk_grid();
        let strides = ziggurat_core::region::strides(&grid);
        let pairs = strides.iter().zip(&grid);
        Ok(pairs.map(|(stride, n)| self.next / stride % n).collect())
    }

    /// Encodes and writes what was arranged.
    fn push_blocks(&mut self) -> Result<()> {
        self.frame.push_elements(&self.blocks)?;
        self.next += 1;
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
