//! The header of a chunk: 16 bytes, or 32 since Blosc 2.

use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::{Error, Result};

use super::codec::{Filter, Filters, code_of, compressor_of};
use super::special::Special;

/// The place that errors name.
pub(super) const PLACE: &str = "blosc2 chunk";

/// Bytes of the header of Blosc 1.
pub const SHORT: usize = 16;
/// Bytes of the extended header of Blosc 2.
pub const EXTENDED: usize = 32;
/// Largest chunk, decoded: 2 GiB less an extended header.
pub const LARGEST: usize = i32::MAX as usize - EXTENDED;

/// Largest block and largest element that Blosc2 reads.
pub(crate) const LARGEST_BLOCK: usize = 536_866_816;

/// The version of Blosc 1, and the one that Blosc 2 writes for chunks of blocks of one size.
const BLOSC1: u8 = 2;
pub(crate) const BLOSC2: u8 = 5;
/// Blosc 2 before its first release kept no sixth filter.
const ALPHA: u8 = 3;
/// The version of every stream format.
const STREAMS: u8 = 1;

/// Bits of the third byte.
mod flags {
    pub(super) const SHUFFLE: u8 = 1;
    pub(super) const COPIED: u8 = 2;
    pub(super) const BITSHUFFLE: u8 = 4;
    pub(super) const DELTA: u8 = 8;
    pub(super) const UNSPLIT: u8 = 16;
    /// Both shuffles at once mean an extended header.
    pub(super) const EXTENDED: u8 = SHUFFLE | BITSHUFFLE;
    /// Where the number of the stream format stands.
    pub(super) const FORMAT: u32 = 5;
    /// The format that stands for a plugin.
    pub(super) const PLUGIN: u8 = 6;
}

/// Bits of the last byte of an extended header.
mod extended {
    pub(super) const DICTIONARY: u8 = 1;
    pub(super) const LAZY: u8 = 8;
    pub(super) const INSTRUMENTED: u8 = 0x80;
    /// Where the number of the special value stands.
    pub(super) const SPECIAL: u32 = 4;
}

/// What follows the header of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The starts of the blocks, and their streams.
    Blocks,
    /// The elements as they are.
    Copied,
    /// Nothing, as every element is the same; or that one element.
    Special(Special),
}

/// The header of a chunk that this library can decode.
///
/// All sizes are in bytes; 1 <= `block` <= `decoded` unless nothing is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the format: 2 for Blosc 1, 3 to 5 for Blosc 2.
    pub version: u8,
    /// What follows.
    pub content: Content,
    /// What the streams are made by. Lz4 stands for lz4hc too.
    pub compressor: Compressor,
    /// What was done to each block before.
    pub filters: Filters,
    /// Whether a block is one stream, rather than one for each byte of an element.
    pub unsplit: bool,
    /// Size of an element, 1 to 255; 1 for larger ones.
    pub typesize: usize,
    /// Size of the decoded chunk.
    pub decoded: usize,
    /// Size of a decoded block. The last block of a chunk may be shorter.
    pub block: usize,
    /// Size of the chunk, with its header.
    pub encoded: usize,
    /// Size of the header, [`SHORT`] or [`EXTENDED`].
    pub length: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`, of which the first 32 (or all of a shorter chunk) are
    /// looked at.
    ///
    /// # Errors
    /// [`Error::Data`] if it contradicts itself or is cut off; [`Error::Unsupported`] for a chunk with
    /// a dictionary, variable-length blocks, or a codec or filter of a plugin.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let (short, rest) = bytes
            .split_first_chunk::<SHORT>()
            .ok_or_else(|| damaged(format!("{} bytes, fewer than its header has", bytes.len())))?;
        let [version, streams, flags, typesize, sizes @ ..] = *short;
        let [decoded, block, encoded] = read_sizes(sizes)?;
        let rest = match flags & flags::EXTENDED {
            flags::EXTENDED => {
                let rest = rest.first_chunk::<{ EXTENDED - SHORT }>();
                Some(rest.ok_or_else(|| damaged("it ends within its header".to_owned()))?)
            }
            _ => None,
        };
        let mut header = Self {
            version,
            content: match flags & flags::COPIED {
                0 => Content::Blocks,
                _ => Content::Copied,
            },
            compressor: Compressor::Lz4,
            filters: Filters::default(),
            unsplit: flags & flags::UNSPLIT != 0,
            typesize: usize::from(typesize),
            decoded,
            block: block.min(decoded.max(1)),
            encoded,
            length: if rest.is_some() { EXTENDED } else { SHORT },
        };
        if typesize == 0 {
            return Err(damaged("elements of no size".to_owned()));
        }
        match rest {
            Some(rest) => header.read_extension(flags, *rest)?,
            None => header.filters = short_filters(flags)?,
        }
        if !(BLOSC1..=BLOSC2).contains(&version) {
            return Err(unsupported(&format!("format version {version}")));
        }
        if header.content == Content::Blocks {
            if streams != STREAMS {
                return Err(damaged(format!("streams of version {streams}")));
            }
            if flags >> flags::FORMAT != flags::PLUGIN {
                header.compressor = compressor_of_format(flags >> flags::FORMAT)?;
            }
        }
        header.check()?;
        Ok(header)
    }

    /// Reads what an extended header has beyond a short one.
    fn read_extension(&mut self, flags: u8, rest: [u8; EXTENDED - SHORT]) -> Result<()> {
        let six = |at: usize| -> [u8; Filters::MAX] { std::array::from_fn(|i| rest[at + i]) };
        let (mut codes, mut meta) = (six(0), six(8));
        let (plugin, kind, last) = (rest[6], rest[14], rest[15]);
        if self.version == ALPHA {
            (codes[Filters::MAX - 1], meta[Filters::MAX - 1]) = (0, 0);
        }
        if kind != 0 {
            return Err(unsupported("blocks of variable length"));
        }
        if last & extended::DICTIONARY != 0 {
            return Err(unsupported("a dictionary; write it again without"));
        }
        if last & extended::LAZY != 0 {
            return Err(damaged("a lazy chunk, which holds no data".to_owned()));
        }
        if last & extended::INSTRUMENTED != 0 {
            return Err(unsupported("times instead of data: an instrumented codec"));
        }
        let special = last >> extended::SPECIAL & 7;
        if special != 0 {
            // Filters and codec are of no meaning then.
            self.content = Content::Special(Special::of_code(special)?);
            return Ok(());
        }
        if self.content == Content::Blocks {
            self.filters = Filters::of_codes(codes, meta)?;
            if flags >> flags::FORMAT == flags::PLUGIN {
                self.compressor = compressor_of(plugin)?;
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let Self {
            typesize,
            decoded,
            block,
            encoded,
            length,
            ..
        } = *self;
        if decoded > LARGEST || !(1..=LARGEST_BLOCK).contains(&block) {
            return Err(damaged(format!("{decoded} bytes in blocks of {block}")));
        }
        let least = match self.content {
            Content::Blocks => Some(length + 4 * self.blocks()),
            Content::Copied => (encoded == length + decoded).then_some(encoded),
            Content::Special(Special::Repeated) => {
                let value = encoded.saturating_sub(length);
                (value > 0 && decoded.is_multiple_of(value)).then_some(encoded)
            }
            Content::Special(Special::Nan) => {
                let floats = matches!(typesize, 4 | 8) && decoded.is_multiple_of(typesize);
                floats.then_some(length)
            }
            Content::Special(_) => Some(length),
        };
        if least.is_none_or(|least| encoded < least) {
            let content = self.content;
            let what = format!("{encoded} bytes cannot hold {decoded} as {content:?}");
            return Err(damaged(what));
        }
        Ok(())
    }

    /// The bytes of an extended header that says this.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sizes are at most `i32::MAX`, an element has at most 255 bytes"
    )]
    pub fn to_bytes(&self) -> [u8; EXTENDED] {
        let mut flags = flags::EXTENDED;
        let (mut last, mut code) = (0, 0);
        match self.content {
            Content::Copied => flags |= flags::COPIED,
            Content::Special(special) => last = special.code() << extended::SPECIAL,
            Content::Blocks => {
                if self.filters.refers_to_first() {
                    flags |= flags::DELTA;
                }
                if self.unsplit {
                    flags |= flags::UNSPLIT;
                }
                flags |= self.compressor.format() << flags::FORMAT;
                code = code_of(self.compressor);
            }
        }
        let mut bytes = [0; EXTENDED];
        bytes[..4].copy_from_slice(&[BLOSC2, STREAMS, flags, self.typesize as u8]);
        let sizes = [self.decoded, self.block, self.encoded];
        for (to, size) in bytes[4..SHORT].as_chunks_mut().0.iter_mut().zip(sizes) {
            *to = (size as u32).to_le_bytes();
        }
        let (codes, meta) = self.filters.codes();
        bytes[SHORT..SHORT + 6].copy_from_slice(&codes);
        bytes[SHORT + 6] = code;
        bytes[SHORT + 8..SHORT + 14].copy_from_slice(&meta);
        bytes[EXTENDED - 1] = last;
        bytes
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.decoded.div_ceil(self.block)
    }

    /// Size of block `index`, decoded.
    #[must_use]
    pub fn block_size(&self, index: usize) -> usize {
        self.block
            .min(self.decoded.saturating_sub(index * self.block))
    }

    /// Bytes from the start of the chunk to the end of the starts of its blocks: what
    /// [`Chunk`](super::Chunk) must see.
    #[must_use]
    pub fn prefix(&self) -> usize {
        match self.content {
            Content::Blocks => self.length + 4 * self.blocks(),
            Content::Copied => self.length,
            Content::Special(_) => self.encoded,
        }
    }

    /// How many streams make a block of `size` bytes.
    pub(super) fn streams(&self, size: usize) -> usize {
        /// What Blosc 1 took for too short a stream.
        const SHORTEST: usize = 128;
        let splits = match self.version {
            // Before it had a flag for it, it did not split these, nor did it ever.
            BLOSC1 => self.typesize <= 16 && size / self.typesize >= SHORTEST,
            _ => true,
        };
        if self.unsplit || !splits || size != self.block {
            1
        } else {
            self.typesize
        }
    }

    /// Whether bit shuffling left blocks as they were whose elements no 8 divides.
    pub(super) fn shuffles_bits_of_all_or_none(&self) -> bool {
        self.version == BLOSC1
    }
}

fn read_sizes(bytes: [u8; 12]) -> Result<[usize; 3]> {
    let words: [[u8; 4]; 3] = [0, 4, 8].map(|at| [0, 1, 2, 3].map(|i| bytes[at + i]));
    let sizes = words.map(i32::from_le_bytes);
    match sizes.map(usize::try_from) {
        [Ok(decoded), Ok(block), Ok(encoded)] => Ok([decoded, block, encoded]),
        _ => Err(damaged(format!("sizes {sizes:?}"))),
    }
}

fn short_filters(flags: u8) -> Result<Filters> {
    let filters: Vec<Filter> = [
        (flags::DELTA, Filter::Delta),
        (flags::SHUFFLE, Filter::Shuffle { group: 0 }),
        (flags::BITSHUFFLE, Filter::Bitshuffle),
    ]
    .into_iter()
    .filter_map(|(flag, filter)| (flags & flag != 0).then_some(filter))
    .collect();
    Filters::new(&filters)
}

fn compressor_of_format(format: u8) -> Result<Compressor> {
    match format {
        0 => Ok(Compressor::Blosclz),
        1 => Ok(Compressor::Lz4),
        2 => Ok(Compressor::Snappy),
        3 => Ok(Compressor::Zlib),
        4 => Ok(Compressor::Zstd),
        _ => Err(damaged(format!("the unknown stream format {format}"))),
    }
}

pub(super) fn damaged(what: String) -> Error {
    Error::data(PLACE, what)
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(PLACE, what)
}
