//! The 16 bytes before a Blosc-1 chunk.

use crate::{Error, Result};

/// Length of the header.
pub(super) const LENGTH: usize = 16;

/// A chunk holds at most 2 GiB, header included.
pub(super) const LARGEST: usize = i32::MAX as usize - LENGTH;

/// The version of the container that Blosc 1.x writes and reads.
pub(super) const VERSION: u8 = 2;
/// The version of every stream format.
const STREAM_VERSION: u8 = 1;

/// Bits of [`Header::flags`].
pub(super) mod flags {
    pub(in super::super) const SHUFFLE: u8 = 1;
    /// The chunk holds its elements as they are, right after the header.
    pub(in super::super) const COPIED: u8 = 2;
    pub(in super::super) const BITSHUFFLE: u8 = 4;
    pub(in super::super) const RESERVED: u8 = 8;
    pub(in super::super) const UNSPLIT: u8 = 16;
    /// Where the number of the stream format stands.
    pub(in super::super) const FORMAT: u32 = 5;
}

/// The header of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) flags: u8,
    /// Bytes of an element, 1 to 255.
    pub(super) typesize: usize,
    /// Bytes that the chunk decodes to.
    pub(super) decoded: usize,
    /// Bytes of an internal block.
    pub(super) block: usize,
    /// Bytes of the chunk, header included.
    pub(super) encoded: usize,
}

impl Header {
    /// Reads the header of `chunk`, which must decode to `decoded` bytes.
    pub(super) fn read(chunk: &[u8], decoded: usize) -> Result<Self> {
        let damaged = |what: String| Error::data("", format!("a blosc chunk {what}"));
        let Some((&bytes, _)) = chunk.split_first_chunk::<LENGTH>() else {
            return Err(damaged(format!("of {} bytes has no header", chunk.len())));
        };
        let [version, stream_version, flags, typesize, sizes @ ..] = bytes;
        let size = |at: usize| -> usize {
            let word = [sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]];
            u32::from_le_bytes(word) as usize
        };
        let header = Self {
            flags,
            typesize: usize::from(typesize),
            decoded: size(0),
            block: size(4),
            encoded: size(8),
        };
        if version != VERSION {
            return Err(damaged(format!("of version {version}, not {VERSION}")));
        }
        if flags & flags::RESERVED != 0 {
            return Err(damaged(format!("has the unknown flags {flags:#x}")));
        }
        if header.decoded != decoded {
            let n = header.decoded;
            return Err(damaged(format!(
                "decodes to {n} bytes instead of {decoded}"
            )));
        }
        if header.encoded != chunk.len() {
            let n = header.encoded;
            return Err(damaged(format!("says {n} bytes and has {}", chunk.len())));
        }
        if header.decoded > LARGEST || !(1..=header.decoded.max(1)).contains(&header.block) {
            return Err(damaged(format!("has blocks of {} bytes", header.block)));
        }
        if typesize == 0 {
            return Err(damaged("has elements of no size".to_owned()));
        }
        if header.is(flags::COPIED) {
            if header.encoded != LENGTH + decoded {
                let n = header.encoded;
                return Err(damaged(format!("copies {decoded} bytes into {n}")));
            }
        } else if stream_version != STREAM_VERSION {
            return Err(damaged(format!("has streams of version {stream_version}")));
        }
        Ok(header)
    }

    /// Writes the header over the first bytes of `chunk`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sizes are at most `LARGEST` and typesize at most 255"
    )]
    pub(super) fn write(&self, chunk: &mut [u8]) {
        chunk[..4].copy_from_slice(&[VERSION, STREAM_VERSION, self.flags, self.typesize as u8]);
        let sizes = [self.decoded, self.block, self.encoded];
        for (to, size) in chunk[4..].as_chunks_mut().0.iter_mut().zip(sizes) {
            *to = (size as u32).to_le_bytes();
        }
    }

    pub(super) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number of the format of the streams.
    pub(super) fn format(&self) -> u8 {
        self.flags >> flags::FORMAT
    }

    /// How many internal blocks there are; the last may be short.
    pub(super) fn blocks(&self) -> usize {
        self.decoded.div_ceil(self.block)
    }

    /// Whether an internal block of `length` bytes is one stream for each byte of an element.
    ///
    /// Short blocks are not split, nor was anything by a Blosc that knew no [`flags::UNSPLIT`] where
    /// streams would have been tiny.
    pub(super) fn splits(&self, length: usize) -> bool {
        !self.is(flags::UNSPLIT) && length == self.block && splittable(self.typesize, length)
    }
}

/// Chunks below are copied, and no stream of a split block is shorter.
pub(super) const SMALLEST: usize = 128;

/// Whether blocks of `length` bytes can be split at all.
pub(super) fn splittable(typesize: usize, length: usize) -> bool {
    typesize <= 16 && length / typesize >= SMALLEST
}
