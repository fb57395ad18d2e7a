//! Chunks that grow: parts of a block are set one after the other, and no byte that is there changes.
//!
//! An internal block holds one *plane*, the bytes that are set at a time. Planes that are still open share
//! one stream, of fill values, right after the starts. Planes are set by putting a new beginning and their
//! streams before the chunk as it is:
//!
//! ```text
//! [header starts fill | streams][header starts fill | streams] ... [header starts fill | streams]
//!                                chunk as it was
//! ```
//!
//! The beginning of the chunk as it was is of no use any more; no reader looks there. That chunks may hold
//! such bytes, and streams in any order and shared, follows from their form: a reader goes where the starts
//! point. c-blosc, which numcodecs, tensorstore and zarrs have, reads them.

use std::ops::Range;

use bytes::Bytes;

use super::Settings;
use super::encode::{encode_streams, header_of, with_shuffled};
use super::header::{self, Header, SMALLEST, flags};

/// Room that is asked for: planes are not as long as one another, and a block that finds none is copied.
const SPARE: (usize, usize) = (17, 16);

/// Bytes of the size before a stream.
const LENGTH: usize = 4;

/// How encoded blocks of one codec grow plane by plane.
///
/// ```
/// use ziggurat_core::{ElementType, codec::{BlockCodec, CodecSpec}};
/// let codecs = "blosc-lz4".parse::<CodecSpec>()?.chain(ElementType::UInt8);
/// let codec = BlockCodec::new("a", &codecs, ElementType::UInt8, &[0], &[4, 32, 32])?;
/// let growth = codec.growth(32 * 32).ok_or("no such chunks")?;
/// let old = growth.grow(None, 2, &[7; 32 * 32]).ok_or("not open")?.before(&[]);
/// let seen = (&old[..growth.head()], old.len());
/// let new = growth.grow(Some(seen), 1, &[9; 32 * 32]).ok_or("not open")?.before(&old);
/// let mut block = vec![1; 4096];
/// codec.decode_into("a", &new, &mut block)?;
/// assert_eq!([block[0], block[1024], block[2048], block[3072]], [0, 9, 7, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Growth {
    settings: Settings,
    /// Of all chunks, but for their length.
    header: Header,
    /// The stream of a plane of fill values.
    fill: Vec<u8>,
    /// Such a plane.
    plane: Vec<u8>,
}

/// What sets planes of a block, put before its encoding. Nothing if they are fill and stay so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grown {
    /// The bytes before what was encoded.
    pub bytes: Bytes,
    /// Bytes that the planes which are still open will take, if they come one by one and are like the
    /// others, and a few more.
    pub room: usize,
}

impl Grown {
    /// The encoding as it becomes.
    #[must_use]
    pub fn before(&self, old: &[u8]) -> Bytes {
        [&self.bytes, old].concat().into()
    }
}

impl Growth {
    /// For blocks of `decoded` bytes in planes like `plane`, which is one of fill values.
    ///
    /// `None` where that makes no sense: what is put before a chunk is not to take more than a quarter of
    /// a plane.
    pub(super) fn new(settings: &Settings, decoded: usize, plane: Vec<u8>) -> Option<Self> {
        let size = plane.len();
        let whole = size >= SMALLEST
            && decoded > size
            && decoded.is_multiple_of(size)
            && size.is_multiple_of(settings.typesize);
        if !whole || settings.level == 0 {
            return None;
        }
        let mut header = header_of(settings, decoded, size);
        // One stream for a plane, which is short: it takes three quarters of the time of two, and is hardly
        // longer.
        header.flags |= flags::UNSPLIT;
        let mut fill = Vec::new();
        encode_plane(settings, &header, &plane, &mut fill)?;
        let growth = Self {
            settings: *settings,
            header,
            fill,
            plane,
        };
        (growth.head() <= size / 4).then_some(growth)
    }

    /// How many first bytes of an encoding [`grow`](Self::grow) has to see.
    #[must_use]
    pub fn head(&self) -> usize {
        self.open() + self.fill.len()
    }

    /// Bytes of a plane.
    #[must_use]
    pub fn plane(&self) -> usize {
        self.plane.len()
    }

    /// Where the stream of open planes starts.
    fn open(&self) -> usize {
        header::LENGTH + 4 * self.header.blocks()
    }

    /// Sets the planes from number `first` on to `bytes`.
    ///
    /// `old` are the first bytes of the encoding, at least [`head`](Self::head) unless it is shorter, and its
    /// length; `None` if the block is all fill and has none.
    ///
    /// Returns `None` if this cannot be done: the encoding is no growing chunk, not all these planes are
    /// open, or the bytes are no planes of the block. Then decode the block and encode it anew.
    #[must_use]
    pub fn grow(&self, old: Option<(&[u8], usize)>, first: usize, bytes: &[u8]) -> Option<Grown> {
        let (open, head, size) = (self.open(), self.head(), self.plane());
        let (mut starts, length) = match old {
            None => (vec![open; self.header.blocks()], 0),
            Some((begin, length)) => (self.starts(begin, length)?, length),
        };
        let planes: Range<usize> = first..first.checked_add(bytes.len() / size)?;
        let set = starts.get(planes.clone())?;
        if !bytes.len().is_multiple_of(size) || set.iter().any(|start| *start != open) {
            return None;
        }
        let mut added = Vec::with_capacity(head + bytes.len() + LENGTH * planes.len());
        added.resize(head, 0);
        let mut new = Vec::with_capacity(planes.len());
        for plane in bytes.chunks_exact(size) {
            new.push(if plane == self.plane {
                open
            } else {
                added.len()
            });
            if plane != self.plane {
                encode_plane(&self.settings, &self.header, plane, &mut added)?;
            }
        }
        if added.len() == head {
            return Some(Grown::default());
        }
        for start in starts.iter_mut().filter(|start| **start != open) {
            *start += added.len();
        }
        starts[planes].copy_from_slice(&new);
        let encoded = added.len() + length;
        self.begin(&starts, encoded, &mut added)?;
        let left = starts.iter().filter(|start| **start == open).count();
        Some(Grown {
            bytes: added.into(),
            room: left * (encoded / (starts.len() - left)) / SPARE.1 * SPARE.0,
        })
    }

    /// The header of a chunk of `encoded` bytes.
    fn header(&self, encoded: usize) -> Option<[u8; header::LENGTH]> {
        let mut bytes = [0; header::LENGTH];
        let header = Header {
            encoded,
            ..self.header
        };
        (encoded <= header::LARGEST).then(|| header.write(&mut bytes))?;
        Some(bytes)
    }

    /// Writes the beginning of a chunk of `encoded` bytes.
    fn begin(&self, starts: &[usize], encoded: usize, chunk: &mut [u8]) -> Option<()> {
        let (header, rest) = chunk.split_first_chunk_mut()?;
        *header = self.header(encoded)?;
        for (to, start) in rest.as_chunks_mut().0.iter_mut().zip(starts) {
            *to = u32::try_from(*start).ok()?.to_le_bytes();
        }
        chunk[self.open()..self.head()].copy_from_slice(&self.fill);
        Some(())
    }

    /// The starts of a growing chunk of `length` bytes, of which these are the first; `None` if it is any
    /// other chunk.
    fn starts(&self, begin: &[u8], length: usize) -> Option<Vec<usize>> {
        let (header, rest) = begin.get(..self.head())?.split_first_chunk()?;
        let (starts, fill) = rest.split_at(self.open() - header::LENGTH);
        if *header != self.header(length)? || fill != self.fill {
            return None;
        }
        let starts = starts.as_chunks().0.iter();
        let starts: Vec<usize> = starts.map(|s| u32::from_le_bytes(*s) as usize).collect();
        starts.iter().all(|start| *start < length).then_some(starts)
    }
}

/// Appends the stream of one internal block.
fn encode_plane(
    settings: &Settings,
    header: &Header,
    plane: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let at = out.len();
    // No stream is longer than what it stands for.
    out.resize(at + LENGTH + plane.len(), 0);
    let end = with_shuffled(header, plane, |shuffled| {
        encode_streams(settings, header, shuffled, out, at)
    })?;
    out.truncate(end);
    Some(())
}
