//! The metadata section of version 3: JSON, deflated or not, with room to grow.

use std::io::Read;

use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use serde_json::Value;
use ziggurat_core::{Error, Result};

use super::Checksum;

/// Bytes of the header of the section.
pub(super) const HEADER: usize = 32;

/// The largest metadata that are read.
const MAX_SIZE: u32 = 64 << 20;

/// Metadata of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// What they say; an object where bloscpack wrote them.
    pub value: Value,
    /// How they are stored.
    pub options: MetadataOptions,
}

/// How metadata are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataOptions {
    /// What follows the text and the room after it; it is of the text alone.
    pub checksum: Checksum,
    /// Level of zlib, 1 to 9, or 0 for text as it is. Text that does not get shorter stays as it is.
    pub level: u8,
    /// Bytes that the stored text may grow to, at least; the room is written as zeros.
    pub room: u32,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self {
            checksum: Checksum::Adler32,
            level: 6,
            room: 0,
        }
    }
}

/// The header of the section.
pub(super) struct SectionHeader {
    checksum: Checksum,
    deflated: bool,
    level: u8,
    size: u32,
    room: u32,
    stored: u32,
}

impl SectionHeader {
    /// Reads the header of the section of the file `place`.
    pub(super) fn parse(place: &str, bytes: &[u8; HEADER]) -> Result<Self> {
        let damaged =
            |what: String| Error::data(place, format!("the header of the metadata {what}"));
        let [
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            options,
            checksum,
            codec,
            level,
            sizes @ ..,
        ] = *bytes;
        // The README says that the name is padded with blanks; the program pads it with zeros.
        let format = [m0, m1, m2, m3, m4, m5, m6, m7];
        let name = format
            .trim_ascii_end()
            .split(|&b| b == 0)
            .next()
            .unwrap_or_default();
        if name != b"JSON" || format[4..].iter().any(|&b| b != 0 && b != b' ') {
            let what = format!(
                "metadata of the format '{}'; JSON is read",
                format.escape_ascii()
            );
            return Err(Error::unsupported(place, what));
        }
        if options != 0 {
            return Err(damaged(format!("has the unknown options {options:#04x}")));
        }
        let word = |at: usize| {
            u32::from_le_bytes([sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]])
        };
        let header = Self {
            checksum: Checksum::from_code(checksum)
                .ok_or_else(|| damaged(format!("names the unknown checksum {checksum}")))?,
            deflated: match codec {
                0 => false,
                1 => true,
                other => return Err(damaged(format!("names the unknown codec {other}"))),
            },
            level,
            size: word(0),
            room: word(4),
            stored: word(8),
        };
        let Self {
            size, room, stored, ..
        } = header;
        if size > MAX_SIZE {
            let what = format!("{size} bytes of metadata, at most {MAX_SIZE} are read");
            return Err(Error::limit(place, what));
        }
        if stored > room || (!header.deflated && stored != size) {
            let what = format!("contradicts itself: {size} bytes, stored as {stored} of {room}");
            return Err(damaged(what));
        }
        Ok(header)
    }

    /// Bytes of the section after its header.
    pub(super) fn rest(&self) -> u64 {
        u64::from(self.room) + self.checksum.length() as u64
    }

    /// Reads the text in the bytes after the header.
    pub(super) fn read(&self, place: &str, rest: &[u8]) -> Result<Metadata> {
        let damaged = |what: &str| Error::data(place, format!("the metadata {what}"));
        let (room, checksum) = rest
            .split_at_checked(self.room as usize)
            .ok_or_else(|| damaged("are cut off"))?;
        let stored = &room[..self.stored as usize];
        self.checksum
            .verify(&format!("{place}: metadata"), stored, checksum)?;
        let mut text = Vec::new();
        if self.deflated {
            ZlibDecoder::new(stored)
                .take(u64::from(self.size) + 1)
                .read_to_end(&mut text)
                .map_err(|_| damaged("cannot be inflated"))?;
        } else {
            text.extend_from_slice(stored);
        }
        if text.len() != self.size as usize {
            return Err(damaged(&format!(
                "have {} bytes instead of {}",
                text.len(),
                self.size
            )));
        }
        let value =
            serde_json::from_slice(&text).map_err(|e| damaged(&format!("are no JSON: {e}")))?;
        let options = MetadataOptions {
            checksum: self.checksum,
            level: if self.deflated { self.level.max(1) } else { 0 },
            room: self.room,
        };
        Ok(Metadata { value, options })
    }
}

/// The whole section.
pub(super) fn encode(place: &str, metadata: &Metadata) -> Result<Vec<u8>> {
    let Metadata { value, options } = metadata;
    let too_large = || {
        Error::limit(
            place,
            format!("at most {MAX_SIZE} bytes of metadata are written"),
        )
    };
    let text = value.to_string().into_bytes();
    let mut stored = Vec::new();
    if options.level > 0 {
        let level = Compression::new(u32::from(options.level.min(9)));
        let read = ZlibEncoder::new(text.as_slice(), level).read_to_end(&mut stored);
        read.map_err(|e| Error::other(place, "cannot deflate the metadata", e))?;
    }
    let deflated = options.level > 0 && stored.len() < text.len();
    if !deflated {
        stored.clone_from(&text);
    }
    let size = u32::try_from(text.len())
        .ok()
        .filter(|&n| n <= MAX_SIZE)
        .ok_or_else(too_large)?;
    let length = u32::try_from(stored.len()).map_err(|_| too_large())?;
    let room = options.room.max(length);
    let level = if deflated { options.level.min(9) } else { 0 };
    let mut out = b"JSON\0\0\0\0".to_vec();
    out.extend([0, options.checksum as u8, u8::from(deflated), level]);
    for word in [size, room, length] {
        out.extend(word.to_le_bytes());
    }
    out.extend([0; 8]);
    let checksum = options.checksum.of(&stored);
    out.extend(stored);
    out.resize(HEADER + room as usize, 0);
    out.extend(checksum);
    Ok(out)
}
