//! A superchunk as it is stored, and its two faces.

use bytes::Bytes;
use ziggurat_core::exec::block_on;
use ziggurat_core::region::{Window, offset, runs};
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::{ByteRange, Fetched, Version};
use ziggurat_core::{Array, Error, Region, Result};

use crate::blosc2::{B2nd, Chunk};
use crate::dtype::DType;

/// All bytes of one superchunk.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    pub(super) array: &'a Array,
    pub(super) superchunk: &'a [u64],
    /// The file, for messages.
    pub(super) place: String,
    pub(super) version: Version,
    bytes: Bytes,
}

/// The blocks of one chunk.
#[derive(Debug)]
pub(super) struct Cell {
    /// Index of the chunk in the superchunk.
    chunk: Vec<u64>,
    /// Of each block its index in the array, and its position in the shard index.
    pub(super) blocks: Vec<(Vec<u64>, usize)>,
}

impl<'a> Stored<'a> {
    /// Reads a superchunk; `None` if it is not stored.
    pub(super) fn read(array: &'a Array, superchunk: &'a [u64]) -> Result<Option<Self>> {
        let key = array.superchunk_key(superchunk);
        let all = ByteRange::Suffix { length: u64::MAX };
        let fetched = block_on(array.store().get_ranges(&key, &[all], None))?;
        let Fetched::Ranges(version, mut parts) = fetched else {
            return Ok(None);
        };
        Ok(Some(Self {
            array,
            superchunk,
            place: array.store().place(&key),
            version,
            bytes: parts.pop().unwrap_or_default(),
        }))
    }

    /// Its chunks in C order.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let layout = self.array.layout();
        let ratio = |outer: &[u64], inner: &[u64]| -> Vec<u64> {
            outer.iter().zip(inner).map(|(o, i)| o / i).collect()
        };
        let (per, first) = (
            layout.blocks_per_superchunk(),
            ratio(layout.chunk(), layout.block()),
        );
        let cell = |chunk: Vec<u64>| {
            let blocks = Region::of_cell(&chunk, &first).indices().map(|within| {
                let pairs = self.superchunk.iter().zip(&per).zip(&within);
                let index = pairs.map(|((s, n), b)| s * n + b).collect();
                // No more than there are blocks.
                let position = usize::try_from(offset(&within, &per)).unwrap_or(usize::MAX);
                (index, position)
            });
            Cell {
                blocks: blocks.collect(),
                chunk,
            }
        };
        let chunks = ratio(layout.superchunk(), layout.chunk());
        Region::whole(&chunks).indices().map(cell).collect()
    }

    /// The error that says where `error` was found.
    pub(super) fn fault(&self, block: &[u64], error: Error) -> Error {
        error.map_place(|_| format!("{}: block {block:?}", self.place))
    }

    /// Whether the elements of a block that lie within the array are the same in both.
    pub(super) fn agree(&self, block: &[u64], one: &[u8], other: &[u8]) -> bool {
        if one == other {
            return true;
        }
        let shape = self.array.layout().block();
        let size = self.array.element().size();
        let cell = Region::of_cell(block, shape);
        let Some(part) = cell.intersect(&Region::whole(self.array.shape())) else {
            return true;
        };
        let start = vec![0; shape.len()];
        let window = Window {
            shape,
            start: &start,
        };
        let mut same = true;
        runs(&part.shape, window, window, |at, _, count| {
            let run = at * size..(at + count) * size;
            same &= one[run.clone()] == other[run];
        });
        same
    }
}

/// What a Zarr reader sees.
#[derive(Debug)]
pub(super) struct Shard<'a> {
    stored: &'a Stored<'a>,
    index: ShardIndex,
    fill: Vec<u8>,
}

impl<'a> Shard<'a> {
    pub(super) fn of(stored: &'a Stored<'a>) -> Result<Self> {
        Ok(Self {
            stored,
            index: stored.array.index_of(&stored.place, &stored.bytes)?,
            fill: stored.array.codec().fill_block(),
        })
    }

    /// The encoding of the block at `position`; `None` if it is all fill.
    pub(super) fn encoded(&self, position: usize) -> Result<Option<Bytes>> {
        let Some((offset, length)) = self.index.get(position) else {
            return Ok(None);
        };
        let size = self.stored.bytes.len();
        let range = ByteRange::Bounded { offset, length }.resolve(size as u64);
        let range = range.ok_or_else(|| {
            let what = format!("{length} bytes at byte {offset} of {size}");
            Error::data(&self.stored.place, what)
        })?;
        // Within the bytes, so within what can be addressed.
        let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Some(
            self.stored.bytes.slice(at(range.start)..at(range.end)),
        ))
    }

    /// Decodes the block at `position`.
    pub(super) fn decode(&self, position: usize, out: &mut [u8]) -> Result<()> {
        if let Some(bytes) = self.encoded(position)? {
            let codec = self.stored.array.codec();
            return codec.decode_into(&self.stored.place, &bytes, out);
        }
        out.copy_from_slice(&self.fill);
        Ok(())
    }
}

/// What a Blosc2 reader sees.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) array: B2nd,
    dtype: DType,
}

impl Frame {
    /// The frame, if it is an array like the part of the superchunk that lies within the array.
    pub(super) fn of(stored: &Stored<'_>) -> Result<Self> {
        let place = |p: &str| format!("{}: {p}", stored.place);
        let array = B2nd::open_source(stored.bytes.clone()).map_err(|e| e.map_place(place))?;
        let (found, shapes) = (array.layout(), stored.array.layout());
        let part = stored.array.part_shape(stored.superchunk);
        for (what, have, want) in [
            ("shape", found.shape(), part.as_slice()),
            ("chunks", found.chunk(), shapes.chunk()),
            ("blocks", found.block(), shapes.block()),
        ] {
            if have != want {
                let what = format!("its frame has {what} {have:?} where the array has {want:?}");
                return Err(Error::data(&stored.place, what));
            }
        }
        let element = stored.array.element();
        let dtype = DType::Number {
            element,
            big_endian: false,
        };
        let size = array.frame().header().typesize;
        if size != element.size() || found.dtype() != Some(&dtype.to_string()) {
            let found = found.dtype().unwrap_or("no type");
            let what = format!("its frame has {found} of {size} bytes where the array has {dtype}");
            return Err(Error::data(&stored.place, what));
        }
        Ok(Self { array, dtype })
    }

    /// A chunk; `None` if it lies beyond the array.
    pub(super) fn chunk(&self, stored: &Stored<'_>, cell: &Cell) -> Result<Option<Chunk<'_>>> {
        let layout = self.array.layout();
        let grid = Region::whole(&layout.chunk_grid());
        if !grid.contains(&Region::of_cell(&cell.chunk, &vec![1; layout.rank()])) {
            return Ok(None);
        }
        let place = |p: &str| format!("{}: {p}", stored.place);
        let chunk = self.array.frame().chunk(layout.chunk_number(&cell.chunk));
        let chunk = chunk.map_err(|e| e.map_place(place))?;
        let (found, want) = (
            chunk.index().header().block,
            stored.array.codec().decoded_size(),
        );
        if found != want {
            let what = format!("blocks of {found} bytes instead of {want}");
            return Err(Error::data(&stored.place, what));
        }
        Ok(Some(chunk))
    }

    /// Decodes block `number` of a chunk.
    pub(super) fn decode(&self, chunk: &Chunk<'_>, number: usize, out: &mut [u8]) -> Result<()> {
        chunk.decode_block(number, out)?;
        self.dtype.swap_to_native(out);
        Ok(())
    }
}
