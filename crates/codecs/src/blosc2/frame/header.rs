//! The header of a frame.

use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::{Error, Result};

use super::PLACE;
use crate::blosc2::codec::{Filters, code_of, compressor_of};
use crate::blosc2::encode::Split;
use crate::blosc2::header::LARGEST;
use crate::blosc2::metalayers::{MAX_METALAYERS, Metalayers};
use crate::blosc2::msgpack::{Reader, Writer};

/// Bytes of the header before its metalayers.
const FIXED: usize = 87;
/// Bytes of a header that say how long it and the frame are.
pub(super) const START: usize = 24;
/// Longest header that is read: 16 metalayers need a few hundred bytes.
const MAX_HEADER: usize = 64 << 20;
/// Most chunks that are read: 16 million.
pub(in crate::blosc2) const MAX_CHUNKS: u64 = 1 << 24;

const MAGIC: &[u8] = b"b2frame\0";
/// The version of frames with chunks of one size.
const VERSION: u8 = 2;
/// Offsets of 64 bits.
const WIDE: u8 = 0x10;
const VARIABLE_CHUNKS: u8 = 0x40;
const VARIABLE_BLOCKS: u8 = 0x80;
/// The codec of a frame that stands for a plugin.
const PLUGIN: u8 = 6;
/// The number of the extension type is that of the filters.
const FILTERS: u8 = 6;

/// Where the chunks of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Within the frame, between its header and its offsets.
    Contiguous,
    /// In files of their own, beside the file of the frame.
    Sparse,
}

/// What the header of a frame says.
///
/// Sizes are in bytes. The chunks are of one size but the last, which may be shorter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Where its chunks are.
    pub kind: Kind,
    /// Size of the whole frame.
    pub frame_length: u64,
    /// Size of all decoded chunks.
    pub decoded: u64,
    /// Size of all encoded chunks; in a contiguous frame, with the gaps between them.
    pub encoded: u64,
    /// Size of an element.
    pub typesize: usize,
    /// Size of a decoded block; 0 if that of each chunk counts.
    pub block: usize,
    /// Size of a decoded chunk; 0 if there is none.
    pub chunk: usize,
    /// Whether there are variable-length metalayers.
    pub has_vlmetalayers: bool,
    /// Named bytes whose size never changes.
    pub metalayers: Metalayers,
    /// What chunks are usually encoded with.
    pub pipeline: Pipeline,
}

/// What new chunks of a frame are encoded with; a chunk says itself what it was encoded with. Kept as
/// the bytes of the frame, so that one with plugins can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Codec and level.
    codec: u8,
    split: u8,
    threads: (i16, i16),
    /// Codes of the filters, what they are told, code of the codec, further flags.
    filters: [u8; 16],
}

impl Pipeline {
    pub(in crate::blosc2) fn new(
        compressor: Compressor,
        level: u8,
        split: Split,
        filters: &Filters,
    ) -> Self {
        let (codes, meta) = filters.codes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&codes);
        bytes[6] = code_of(compressor);
        bytes[8..14].copy_from_slice(&meta);
        Self {
            codec: code_of(compressor) | level << 4,
            split: match split {
                Split::Always => 0,
                Split::Never => 1,
                Split::Auto => 2,
            },
            threads: (1, 1),
            filters: bytes,
        }
    }

    /// The compressor.
    ///
    /// # Errors
    /// [`Error::Unsupported`] that names the plugin.
    pub fn compressor(&self) -> Result<Compressor> {
        match self.codec & 15 {
            PLUGIN => compressor_of(self.filters[6]),
            code => compressor_of(code),
        }
    }

    /// The level of the compressor, 0 to 15.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.codec >> 4
    }

    /// The filters.
    ///
    /// # Errors
    /// [`Error::Unsupported`] that names the plugin.
    pub fn filters(&self) -> Result<Filters> {
        let codes = [0, 1, 2, 3, 4, 5].map(|i| self.filters[i]);
        let meta = [8, 9, 10, 11, 12, 13].map(|i| self.filters[i]);
        Filters::of_codes(codes, meta)
    }
}

impl FrameHeader {
    /// Length of the header, from the first 24 bytes of a frame.
    ///
    /// # Errors
    /// [`Error::Data`] if this is no frame; [`Error::Limit`] for more than 64 MiB.
    pub fn length(start: &[u8]) -> Result<usize> {
        let mut reader = Reader::new(PLACE, start);
        let length = read_start(&mut reader)?;
        let length = usize::try_from(length).unwrap_or(0);
        match length {
            FIXED..=MAX_HEADER => Ok(length),
            0..FIXED => Err(Error::data(PLACE, format!("a header of {length} bytes"))),
            _ => {
                let what = format!("a header of {length} bytes, at most {MAX_HEADER} are read");
                Err(Error::limit(PLACE, what))
            }
        }
    }

    /// Reads a header, of which `bytes` are all [`length`](Self::length) bytes.
    ///
    /// # Errors
    /// [`Error::Data`] if it contradicts itself; [`Error::Unsupported`] for chunks or blocks of
    /// different sizes; [`Error::Limit`] for more than 16 million chunks or 16 metalayers.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(PLACE, bytes);
        let length = read_start(&mut reader)?;
        if usize::try_from(length) != Ok(bytes.len()) {
            let n = bytes.len();
            return Err(Error::data(
                PLACE,
                format!("a header of {length} bytes has {n}"),
            ));
        }
        let frame_length = reader.uint64()?;
        let &[general, kind, codec, split] = reader.fixstr()? else {
            return Err(Error::data(PLACE, "not 4 flags"));
        };
        let kind = match kind & 15 {
            0 => Kind::Contiguous,
            1 => Kind::Sparse,
            n => return Err(Error::unsupported(PLACE, format!("the unknown type {n}"))),
        };
        let [decoded, encoded] = [reader.int64()?, reader.int64()?];
        check_general(general, decoded)?;
        let [typesize, block, chunk] = [reader.int32()?, reader.int32()?, reader.int32()?];
        let threads = (reader.int16()?, reader.int16()?);
        let has_vlmetalayers = reader.boolean()?;
        let (FILTERS, filters) = reader.fixext16()? else {
            return Err(Error::data(PLACE, "no list of filters"));
        };
        let metalayers = Metalayers::read(&mut reader, MAX_METALAYERS)?;
        reader.end()?;
        let sizes = format!(
            "{decoded} bytes in chunks of {chunk}, blocks of {block}, elements of {typesize}; {encoded} encoded"
        );
        let mistaken = |_| Error::data(PLACE, sizes.clone());
        let header = Self {
            kind,
            frame_length,
            decoded: u64::try_from(decoded).map_err(mistaken)?,
            encoded: u64::try_from(encoded).map_err(mistaken)?,
            typesize: usize::try_from(typesize).map_err(mistaken)?,
            block: usize::try_from(block).map_err(mistaken)?,
            // An empty frame of Caterva says -1.
            chunk: usize::try_from(chunk.max(0)).map_err(mistaken)?,
            has_vlmetalayers,
            metalayers,
            pipeline: Pipeline {
                codec,
                split,
                threads,
                filters,
            },
        };
        let without_chunks = header.decoded > 0 && header.chunk == 0;
        if header.typesize == 0 || header.chunk > LARGEST || without_chunks {
            return Err(Error::data(PLACE, sizes));
        }
        match header.chunks() {
            n if n > MAX_CHUNKS => {
                let what = format!("{n} chunks, at most {MAX_CHUNKS} are read");
                Err(Error::limit(PLACE, what))
            }
            _ => Ok(header),
        }
    }

    /// How many chunks the frame has.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        match self.chunk {
            0 => 0,
            chunk => self.decoded.div_ceil(chunk as u64),
        }
    }

    /// Decoded size of chunk `index`.
    #[must_use]
    pub fn chunk_size(&self, index: u64) -> usize {
        let before = index.saturating_mul(self.chunk as u64);
        let left = self.decoded.saturating_sub(before);
        usize::try_from(left).map_or(self.chunk, |left| left.min(self.chunk))
    }

    /// The bytes of the header.
    ///
    /// # Errors
    /// [`Error::Limit`] if something does not fit its field.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut out = self.to_bytes_of(0)?;
        let length = i32::try_from(out.len()).map_err(|_| too_large())?;
        // Its length is known only when it is written.
        out[11..15].copy_from_slice(&length.to_be_bytes());
        Ok(out)
    }

    fn to_bytes_of(&self, length: i32) -> Result<Vec<u8>> {
        let long = |n: u64| i64::try_from(n).map_err(|_| too_large());
        let int = |n: usize| i32::try_from(n).map_err(|_| too_large());
        if self.metalayers.len() > MAX_METALAYERS {
            let n = self.metalayers.len();
            let what = format!("{n} metalayers, a header has at most {MAX_METALAYERS}");
            return Err(Error::limit(PLACE, what));
        }
        let kind = match self.kind {
            Kind::Contiguous => 0,
            Kind::Sparse => 1,
        };
        let mut out = Writer::default();
        out.fixarray(14);
        out.fixstr(MAGIC);
        out.int32(length);
        out.uint64(self.frame_length);
        out.fixstr(&[
            VERSION | WIDE,
            kind,
            self.pipeline.codec,
            self.pipeline.split,
        ]);
        out.int64(long(self.decoded)?);
        out.int64(long(self.encoded)?);
        out.int32(int(self.typesize)?);
        out.int32(int(self.block)?);
        out.int32(int(self.chunk)?);
        out.int16(self.pipeline.threads.0);
        out.int16(self.pipeline.threads.1);
        out.boolean(self.has_vlmetalayers);
        out.fixext16(FILTERS, self.pipeline.filters);
        self.metalayers.write(1, &mut out)?;
        Ok(out.0)
    }
}

/// Reads up to the length of the header.
fn read_start(reader: &mut Reader<'_>) -> Result<i32> {
    let not = || Error::data(PLACE, "does not start as a frame does");
    let parts = reader.fixarray().map_err(|_| not())?;
    match (parts, reader.fixstr()) {
        (14, Ok(MAGIC)) => reader.int32(),
        (13, Ok(MAGIC)) => {
            let what = "a frame of a Blosc2 before its first release, which none reads any more";
            Err(Error::unsupported(PLACE, what))
        }
        _ => Err(not()),
    }
}

fn check_general(flags: u8, decoded: i64) -> Result<()> {
    let unsupported = |what: &str| Err(Error::unsupported(PLACE, what));
    if flags & VARIABLE_BLOCKS != 0 {
        return unsupported("blocks of variable length");
    }
    // Chunks that are not there are of any size; Blosc2 4.14 says it of an empty array.
    if flags & VARIABLE_CHUNKS != 0 && decoded != 0 {
        return unsupported("chunks of different sizes; write it again with one chunk size");
    }
    match (flags & 15, flags & 0x30) {
        (1..=VERSION, WIDE) => Ok(()),
        // Version 3 says no more than that chunks may differ.
        (3, WIDE) if decoded == 0 => Ok(()),
        (1..=VERSION, _) => unsupported("offsets of other than 64 bits"),
        (version, _) => unsupported(&format!("frame version {version}")),
    }
}

fn too_large() -> Error {
    Error::limit(PLACE, "its sizes do not fit a frame")
}
