//! Chunks of one shape and data type.

use std::borrow::Cow;
use std::sync::Arc;

use ziggurat_core::codec::{Extension, Parted};
use ziggurat_core::{ElementType, Error, Region, Result, region};

use super::configuration::Configuration;
use super::index::Index;
use super::parts::Parts;
use crate::blosc2::{
    Compressor, EXTENDED, Encoder, Filter, Filters, LARGEST_BLOCK, NdLayout, Split,
};

/// The place that errors name; who knows the array puts it in front.
pub(super) const PLACE: &str = "codec b2nd";

/// Largest element, in bytes: what the header of a chunk can say.
const LARGEST_ELEMENT: usize = 255;

/// The codec for chunks of one shape and data type. Clones are cheap.
///
/// Elements in memory are native-endian bytes in C order.
///
/// ```
/// use ziggurat_codecs::b2nd::{Codec, Configuration};
/// use ziggurat_core::{Region, codec::Extension};
/// let configuration = Configuration::new([4, 4]);
/// let codec = Codec::new(&configuration, &[10, 10], "uint8", 1)?;
/// let elements: Vec<u8> = (0..100).collect();
/// let mut bytes = Vec::new();
/// codec.encode_into(&elements, &mut bytes)?;
///
/// let wanted = Region::new([3, 2], [1, 3]);
/// let parts = codec.parts(&bytes[..codec.front()], &wanted)?;
/// assert_eq!(parts.extents().len(), 2);
/// let mut out = [0; 3];
/// let stored = |n: usize| &bytes[parts.extents()[n].start as usize..parts.extents()[n].end as usize];
/// parts.decode_into(stored, &mut out)?;
/// assert_eq!(out, [32, 33, 34]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Codec {
    layout: Arc<NdLayout>,
    encoder: Encoder,
    /// The compressor, if it is only read.
    unwritten: Option<Compressor>,
    /// Bits of mantissas that are kept or, if negative, dropped.
    pub(super) precision: Option<i8>,
    pub(super) checksum: bool,
    pub(super) typesize: usize,
    /// Bytes of an element that belong together when their order is changed.
    word: usize,
    pub(super) sizes: Sizes,
}

/// Numbers of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Bytes of its elements.
    pub(super) chunk: usize,
    /// Bytes of its blocks, with what pads them.
    pub(super) padded: usize,
    /// Bytes of a block.
    pub(super) block: usize,
    /// How many blocks there are.
    pub(super) blocks: usize,
    /// The dimension along which chunks are cut into runs of memory: in those before blocks are one
    /// element long.
    pub(super) axis: usize,
    /// Whether the elements of a block that is not cut off are a run of memory.
    pub(super) runs: bool,
}

impl Codec {
    /// The codec for chunks of `shape` of a Zarr data type whose elements have `typesize` bytes.
    ///
    /// # Errors
    /// [`Error::Data`] if the block shape does not fit the chunk; [`Error::Unsupported`] for larger
    /// elements, or a precision of anything but `float32` and `float64`; [`Error::Limit`] for more than 15
    /// dimensions, or more than 2 GiB.
    pub fn new(
        configuration: &Configuration,
        shape: &[u64],
        data_type: &str,
        typesize: usize,
    ) -> Result<Self> {
        let block = &configuration.block_shape;
        let fits = block.len() == shape.len() && block.iter().zip(shape).all(|(b, s)| b <= s);
        if !fits {
            let what = format!("'block_shape' {block:?} does not fit the chunk shape {shape:?}");
            return Err(Error::data(PLACE, what));
        }
        if !(1..=LARGEST_ELEMENT).contains(&typesize) {
            let what = format!("{data_type}: elements of {typesize} bytes, at most 255");
            return Err(Error::unsupported(PLACE, what));
        }
        let element = data_type.parse::<ElementType>().ok();
        if cfg!(target_endian = "big") && element.is_none() && typesize > 1 {
            let what = format!("{data_type}, whose byte order is not known, on this machine");
            return Err(Error::unsupported(PLACE, what));
        }
        let layout = NdLayout::new(shape, shape, block, None).map_err(|e| e.at(PLACE))?;
        let sizes = Sizes::new(&layout, typesize).map_err(|e| e.at(PLACE))?;
        let (encoder, unwritten) = encoder(configuration, data_type, typesize, sizes.block)?;
        Ok(Self {
            layout: Arc::new(layout),
            encoder,
            unwritten,
            precision: precision(&configuration.filters),
            checksum: configuration.checksum,
            typesize,
            word: element.map_or(1, ElementType::word),
            sizes,
        })
    }

    /// Shape of a chunk.
    #[must_use]
    pub fn chunk(&self) -> &[u64] {
        self.layout.chunk()
    }

    /// Shape of a block.
    #[must_use]
    pub fn block(&self) -> &[u64] {
        self.layout.block()
    }

    /// How many of the first bytes of an encoded chunk say where its blocks lie. It may be shorter.
    #[must_use]
    pub fn front(&self) -> usize {
        match self.checksum {
            true => self.table() + 4 * self.sizes.blocks + 4,
            // A chunk of one value has that instead of a table.
            false => self.table().max(EXTENDED + self.typesize),
        }
    }

    /// Most bytes that a chunk is encoded to.
    #[must_use]
    pub fn most(&self) -> u64 {
        // The size of each stream, and its bytes.
        let streams = 4 * self.typesize * self.sizes.blocks;
        (self.front() + streams) as u64 + self.sizes.padded as u64
    }

    /// Decodes a whole chunk into `out`, its blocks in parallel.
    ///
    /// # Errors
    /// [`Error::Data`] if the bytes are damaged; [`Error::Caller`] if `out` has another size.
    pub fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let index = Index::parse(self, bytes)?;
        index.check_length(bytes.len() as u64)?;
        let parts = Parts::of_region(self, index, &Region::whole(self.chunk()));
        // Extents lie within the length, which was compared.
        let stored = |n: usize| {
            let extent = &parts.extents()[n];
            &bytes[to_usize(extent.start)..to_usize(extent.end)]
        };
        parts.decode_into(stored, out)
    }

    /// Finds the blocks that hold the elements of `wanted`, a region of the chunk, in an encoding of which
    /// `front` are the first bytes.
    ///
    /// # Errors
    /// [`Error::Data`] if the front is damaged; [`Error::Caller`] if `wanted` is not within the chunk.
    pub fn parts(&self, front: &[u8], wanted: &Region) -> Result<Parts> {
        let within =
            wanted.rank() == self.chunk().len() && Region::whole(self.chunk()).contains(wanted);
        if !within {
            let what = format!("{wanted} of a chunk of shape {:?}", self.chunk());
            return Err(Error::caller(PLACE, what));
        }
        Ok(Parts::of_region(self, Index::parse(self, front)?, wanted))
    }

    /// Position of the block at `index` among those of the chunk.
    pub(super) fn number(&self, index: &[u64]) -> usize {
        to_usize(region::offset(index, &self.layout.block_grid()))
    }

    /// The elements of block `number`, those that pad it left out, in indices of the chunk.
    pub(super) fn cell(&self, number: usize) -> Region {
        let grid = self.layout.block_grid();
        let strides = region::strides(&grid);
        let pairs = strides.iter().zip(&grid);
        let index: Vec<u64> = pairs.map(|(s, n)| number as u64 / s % n).collect();
        let mut cell = Region::of_cell(&index, self.block());
        for d in 0..cell.rank() {
            cell.shape[d] = cell.shape[d].min(self.chunk()[d] - cell.start[d]);
        }
        cell
    }

    /// Bytes before the table of checksums, if the blocks lie as this codec writes them.
    pub(super) fn table(&self) -> usize {
        EXTENDED + 4 * self.sizes.blocks
    }

    pub(super) fn encoder(&self) -> Result<&Encoder> {
        match self.unwritten {
            None => Ok(&self.encoder),
            Some(compressor) => {
                let what = format!("{compressor:?} is only read; write with lz4 or zstd");
                Err(Error::unsupported(PLACE, what))
            }
        }
    }

    /// Changes native-endian elements to little-endian ones, or back.
    pub(super) fn swap(&self, elements: &mut [u8]) {
        if cfg!(target_endian = "big") && self.word > 1 {
            elements
                .chunks_exact_mut(self.word)
                .for_each(<[u8]>::reverse);
        }
    }

    /// The little-endian form of native-endian elements.
    pub(super) fn little<'a>(&self, elements: &'a [u8]) -> Cow<'a, [u8]> {
        if cfg!(target_endian = "little") {
            return Cow::Borrowed(elements);
        }
        let mut swapped = elements.to_vec();
        self.swap(&mut swapped);
        Cow::Owned(swapped)
    }
}

impl Sizes {
    fn new(layout: &NdLayout, typesize: usize) -> Result<Self> {
        let (chunk, block) = (layout.chunk(), layout.block());
        let last = block.len().saturating_sub(1);
        let axis = block.iter().position(|n| *n > 1).unwrap_or(last);
        let sizes = Self {
            chunk: to_usize(Region::whole(chunk).len()).saturating_mul(typesize),
            padded: layout.chunk_bytes(typesize)?,
            block: layout.block_bytes(typesize)?,
            blocks: to_usize(Region::whole(&layout.block_grid()).len()),
            axis,
            runs: block.iter().skip(axis + 1).eq(chunk.iter().skip(axis + 1)),
        };
        if sizes.block > LARGEST_BLOCK {
            let n = sizes.block;
            let what = format!("'block_shape': {n} bytes in a block, at most {LARGEST_BLOCK}");
            return Err(Error::limit(PLACE, what));
        }
        Ok(sizes)
    }
}

/// The encoder of blocks, and the compressor if it only reads it.
fn encoder(
    configuration: &Configuration,
    data_type: &str,
    typesize: usize,
    block: usize,
) -> Result<(Encoder, Option<Compressor>)> {
    let Configuration {
        compressor,
        level,
        filters,
        split,
        ..
    } = *configuration;
    if precision(&filters).is_some() && !matches!(data_type, "float32" | "float64") {
        let what = format!("'filters': trunc_prec of {data_type}, which is not float32 or float64");
        return Err(Error::unsupported(PLACE, what));
    }
    let encoder = Encoder::new(typesize)
        .and_then(|e| e.block(block))
        .and_then(|e| e.filters(filters))
        .map_err(|e| e.at(PLACE))?;
    // Elements are truncated before, whatever becomes of their chunk. Level 0 copies: nothing is filtered or
    // split.
    let kept = filters
        .iter()
        .filter(|f| level > 0 && !matches!(f, Filter::Truncate { .. }));
    let filters = Filters::new(&kept.collect::<Vec<_>>())?;
    let split = match level {
        0 => Split::Never,
        _ => split,
    };
    let encoder = encoder.filters(filters)?.split(split);
    Ok(match encoder.compressor(compressor, level) {
        Ok(encoder) => (encoder, None),
        Err(_) if level <= 9 => (encoder, Some(compressor)),
        Err(e) => return Err(e.at(PLACE)),
    })
}

/// How many bits of mantissas filters keep or, if negative, drop.
fn precision(filters: &Filters) -> Option<i8> {
    filters.iter().find_map(|filter| match filter {
        Filter::Truncate { bits } => Some(bits),
        _ => None,
    })
}

/// A number of bytes or blocks that was found to be addressable.
pub(super) fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Extension for Codec {
    fn encode_into(&self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.encode_into(block, out)
    }

    fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        self.decode_into(bytes, out)
    }

    fn parted(&self) -> Option<&dyn Parted> {
        Some(self)
    }
}
