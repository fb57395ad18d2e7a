//! The bytes of a frame around blocks of zstd.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::region::offset;
use ziggurat_core::shard::{Framing, Piece};
use ziggurat_core::{ArrayMetadata, Error, Region, Result};

use super::NAME;
use crate::blosc2::{
    BLOSC2, Content, EXTENDED, Encoder, Filters, FrameHeader, Header, Kind, LARGEST, Metalayers,
    NdLayout, Place, Special, Split, ends,
};
use crate::dtype::DType;

/// Bytes of the length before each stream.
const LENGTH: usize = 4;

/// Makes the framing of the array at `place`.
///
/// # Errors
/// [`Error::Unsupported`] if its superchunks cannot be frames as well.
pub(super) fn make(place: &str, metadata: &ArrayMetadata) -> Result<Arc<dyn Framing>> {
    Ok(Arc::new(
        Superchunk::new(metadata).map_err(|e| e.at(place))?,
    ))
}

/// How the superchunks of one array are framed.
#[derive(Debug)]
pub(super) struct Superchunk {
    /// Shapes and type of a superchunk that lies within the array.
    layout: NdLayout,
    /// Blocks of a superchunk in each dimension.
    blocks: Vec<u64>,
    typesize: usize,
    block: usize,
    chunk: usize,
    /// The size of an element that chunks claim; see [`claimed_size`].
    claimed: usize,
    encoder: Encoder,
    fill: Fill,
}

/// How the fill value is stored, where the shard stores nothing.
#[derive(Debug)]
struct Fill {
    value: Vec<u8>,
    special: Special,
    /// A chunk of it, if it takes bytes.
    chunk: Vec<u8>,
    /// The stream of a block of it, with its length; made when it is needed, not to read an array.
    block: OnceLock<Vec<u8>>,
}

impl Superchunk {
    /// The framing of an array.
    ///
    /// # Errors
    /// As [`make`].
    pub(super) fn new(metadata: &ArrayMetadata) -> Result<Self> {
        let refuse = |what: String| {
            let what = format!("{what}; choose another layout than {NAME:?}");
            Err(Error::unsupported(NAME, what))
        };
        let Some(checksum) = zstd_checksum(metadata) else {
            let codecs = serde_json::Value::from(metadata.codecs.clone());
            return refuse(format!(
                "blocks that are not little-endian and of zstd alone, but {codecs}"
            ));
        };
        if !metadata.layout.is_sharded()
            || !metadata.index_at_end
            || metadata.index_codecs.is_some()
        {
            return refuse("superchunks without the usual index at their end".to_owned());
        }
        if metadata.shape.is_empty() {
            return refuse("an array without dimensions".to_owned());
        }
        let dtype = DType::Number {
            element: metadata.element,
            big_endian: false,
        };
        let typesize = dtype.size();
        let shapes = &metadata.layout;
        let layout = NdLayout::new(
            shapes.superchunk(),
            shapes.chunk(),
            shapes.block(),
            Some(&dtype.to_string()),
        )?;
        let (block, chunk) = (layout.block_bytes(typesize)?, layout.chunk_bytes(typesize)?);
        let Some(claimed) = claimed_size(block, typesize, checksum) else {
            return refuse(format!(
                "blocks of {:?}, {block} bytes, which Blosc2 cannot read alone if they do not \
                 compress; their bytes need a divisor from 4 to 255",
                shapes.block()
            ));
        };
        let encoder = Encoder::new(typesize)?
            .compressor(Compressor::Zstd, level(metadata))?
            .filters(Filters::default())?
            .split(Split::Never)
            .block(block)?;
        let mut fill = metadata.fill.clone();
        dtype.swap_to_native(&mut fill);
        Ok(Self {
            fill: Fill::new(&encoder, fill, chunk)?,
            blocks: shapes.blocks_per_superchunk(),
            layout,
            typesize,
            block,
            chunk,
            claimed,
            encoder,
        })
    }

    /// The header of a chunk of `encoded` bytes.
    fn header(&self, encoded: usize) -> Header {
        Header {
            version: BLOSC2,
            content: Content::Blocks,
            compressor: Compressor::Zstd,
            filters: Filters::default(),
            unsplit: true,
            typesize: self.claimed,
            decoded: self.chunk,
            block: self.block,
            encoded,
            length: EXTENDED,
        }
    }

    /// Bytes of the stream of a block with its length, in the Blosc2 face.
    fn stream(&self, position: usize, block: Option<u64>) -> Result<usize> {
        let Some(length) = block else {
            return Ok(self.fill.block(&self.encoder, self.block)?.len());
        };
        let stream = usize::try_from(length).ok().filter(|&n| self.holds(n));
        stream.map(|n| LENGTH + n).ok_or_else(|| {
            let what = format!(
                "block {position} has {length} bytes, which Blosc2 does not take for {} of zstd; \
                 `ziggurat repair-index` encodes it anew",
                self.block
            );
            Error::unsupported(NAME, what)
        })
    }

    /// Whether Blosc2 reads an encoding of a block of this length: as long as the block, it would be a copy.
    pub(super) fn holds(&self, length: usize) -> bool {
        let most = self.block + LENGTH * self.claimed - LENGTH;
        (1..=most).contains(&length) && length != self.block
    }
}

impl Framing for Superchunk {
    fn pieces(&self, shape: &[u64], blocks: &[Option<u64>]) -> Result<Vec<Piece>> {
        let layout = self.layout.resized(shape)?;
        let in_chunk = layout.block_grid();
        let mut header = FrameHeader {
            kind: Kind::Contiguous,
            frame_length: 0,
            decoded: layout.chunks() * self.chunk as u64,
            encoded: 0,
            typesize: self.typesize,
            block: self.block,
            chunk: self.chunk,
            has_vlmetalayers: false,
            metalayers: Metalayers::default(),
            pipeline: self.encoder.pipeline(),
        };
        header.metalayers.set(layout.name(), layout.to_bytes())?;
        let mut places = Vec::new();
        let mut between = Between::default();
        for chunk in Region::whole(&layout.chunk_grid()).indices() {
            let positions: Vec<usize> = Region::of_cell(&chunk, &in_chunk)
                .indices()
                .map(|block| usize::try_from(offset(&block, &self.blocks)).unwrap_or(usize::MAX))
                .collect();
            let all_fill = positions.iter().all(|&p| blocks[p].is_none());
            if all_fill && self.fill.chunk.is_empty() {
                places.push(Place::Nowhere(self.fill.special));
                continue;
            }
            places.push(Place::At(header.encoded));
            header.encoded += match all_fill {
                true => {
                    between.bytes.extend(&self.fill.chunk);
                    self.fill.chunk.len()
                }
                false => self.add_chunk(&positions, blocks, &mut between)?,
            } as u64;
        }
        let (front, tail) = ends(&mut header, &places, &Metalayers::default())?;
        between.bytes.extend(tail);
        Ok(between.into_pieces(front))
    }
}

impl Superchunk {
    /// Adds a chunk with the blocks at `positions`, and returns its length.
    fn add_chunk(
        &self,
        positions: &[usize],
        blocks: &[Option<u64>],
        between: &mut Between,
    ) -> Result<usize> {
        let prefix = EXTENDED + 4 * positions.len();
        let mut starts = Vec::with_capacity(positions.len());
        let mut end = prefix;
        for &position in positions {
            starts.push(end);
            end = end.saturating_add(self.stream(position, blocks[position])?);
        }
        if end > LARGEST {
            let what = format!("{end} bytes in a chunk, Blosc2 takes {LARGEST}; use smaller ones");
            return Err(Error::limit(NAME, what));
        }
        // What is added fits, as all of it does.
        let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        between.bytes.extend(self.header(end).to_bytes());
        between.bytes.extend(starts.into_iter().flat_map(word));
        for &position in positions {
            match blocks[position] {
                None => {
                    let block = self.fill.block(&self.encoder, self.block)?;
                    between.bytes.extend(block);
                }
                Some(length) => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    between.bytes.extend(word(length));
                    between.blocks.push((between.bytes.len(), position));
                }
            }
        }
        Ok(end)
    }
}

impl Fill {
    /// `value`, one element, for chunks of so many bytes.
    fn new(encoder: &Encoder, value: Vec<u8>, chunk: usize) -> Result<Self> {
        let special = encoder.special(&value).unwrap_or(Special::Repeated);
        let chunk = match special {
            Special::Repeated => encoder.encode_special(special, &value, chunk)?,
            _ => Vec::new(),
        };
        Ok(Self {
            value,
            special,
            chunk,
            block: OnceLock::new(),
        })
    }

    /// The stream of a block of `size` bytes, with its length.
    fn block(&self, encoder: &Encoder, size: usize) -> Result<&[u8]> {
        if let Some(block) = self.block.get() {
            return Ok(block);
        }
        let block = stream_of(encoder, &self.value, size)?;
        Ok(self.block.get_or_init(|| block))
    }
}

/// The stream of a block of `size` bytes, all elements of which are `value`, with its length.
fn stream_of(encoder: &Encoder, value: &[u8], size: usize) -> Result<Vec<u8>> {
    if value.iter().all(|byte| *byte == 0) {
        return Ok(vec![0; LENGTH]);
    }
    let elements = value.repeat(size / value.len());
    let chunk = encoder.encode(&elements)?;
    if Header::parse(&chunk)?.content == Content::Blocks {
        return Ok(chunk[EXTENDED + 4..].to_vec());
    }
    // As it is: nothing is shorter.
    let length = u32::try_from(size).unwrap_or(u32::MAX);
    Ok([&length.to_le_bytes(), &elements[..]].concat())
}

/// What lies between the header of the frame and its end: bytes, and blocks among them.
#[derive(Debug, Default)]
struct Between {
    bytes: Vec<u8>,
    /// How many of the bytes come before each block, and its position.
    blocks: Vec<(usize, usize)>,
}

impl Between {
    /// The pieces of a superchunk that begins with `front`.
    fn into_pieces(self, front: Vec<u8>) -> Vec<Piece> {
        let bytes = bytes::Bytes::from(self.bytes);
        let piece = |range: Range<usize>| Piece::Bytes(bytes.slice(range));
        let mut pieces = vec![Piece::Bytes(front.into())];
        let mut at = 0;
        for (before, position) in self.blocks {
            pieces.push(piece(at..before));
            pieces.push(Piece::Block(position));
            at = before;
        }
        pieces.push(piece(at..bytes.len()));
        pieces
    }
}

/// Whether blocks have a checksum, if their codecs are those of the layout: `bytes`, little-endian, then `zstd`.
fn zstd_checksum(metadata: &ArrayMetadata) -> Option<bool> {
    let [bytes, zstd] = metadata.codecs.as_slice() else {
        return None;
    };
    let little = bytes["configuration"]["endian"] == "little" || metadata.element.word() == 1;
    (bytes["name"] == "bytes" && little && zstd["name"] == "zstd")
        .then(|| zstd["configuration"]["checksum"] == true)
}

/// The level of Blosc2, 1 to 9, that is next to that of the codec. It matters to those who write chunks
/// into the frame.
fn level(metadata: &ArrayMetadata) -> u8 {
    let level = metadata.codecs[1]["configuration"]["level"]
        .as_i64()
        .unwrap_or(0);
    u8::try_from((level.clamp(1, 17) + 1) / 2).unwrap_or(1)
}

/// The size of an element that chunks of blocks of `block` bytes claim; `None` if none will do.
///
/// Whoever reads a block alone with C-Blosc2 can read `block` bytes and four for each byte of an element.
/// Where that is less than zstd may need, chunks claim larger elements: without filters the size has no
/// other use, but it must divide the block.
fn claimed_size(block: usize, typesize: usize, checksum: bool) -> Option<usize> {
    /// Bytes of a block of zstd, of which each has a header.
    const ZSTD_BLOCK: usize = 128 << 10;
    let size_of_size = match block {
        0..256 => 1,
        256..65_792 => 2,
        _ => 4,
    };
    let header = 5 + size_of_size + if checksum { 4 } else { 0 };
    let more = LENGTH + header + 3 * block.div_ceil(ZSTD_BLOCK);
    let fits = |size: &usize| 4 * size >= more && block.is_multiple_of(*size);
    Some(typesize).filter(fits).or_else(|| (4..=255).find(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_claim_elements_that_leave_room_and_divide_blocks() {
        assert_eq!(claimed_size(64 << 10, 4, false), Some(4));
        assert_eq!(claimed_size(64 << 10, 4, true), Some(8), "a checksum");
        assert_eq!(claimed_size(64 << 10, 8, false), Some(8));
        assert_eq!(claimed_size(256 << 10, 4, false), Some(8), "two of zstd");
        assert_eq!(claimed_size(64 << 10, 1, false), Some(4));
        assert_eq!(claimed_size(15, 1, false), Some(5));
        assert_eq!(claimed_size(257, 1, false), None);
        assert_eq!(claimed_size(2, 2, false), None);
    }
}
