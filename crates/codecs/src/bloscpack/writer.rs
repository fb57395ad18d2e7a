//! Writing, chunk by chunk.

use std::io::{Read, Seek, SeekFrom, Write};

use ziggurat_core::{Error, Result};

use super::metadata;
use super::{Checksum, Header, Metadata, Version};
use crate::blosc1::Blosc;

/// Bytes that a chunk may have: a Blosc buffer, header included, has less than 2 GiB.
pub(crate) const LARGEST_CHUNK: u32 = i32::MAX as u32 - 16;

/// How a file is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// The layout; [`Version::V1`] has neither checksums nor offsets, and [`Version::V3`] alone has metadata.
    pub version: Version,
    /// What follows each chunk.
    pub checksum: Checksum,
    /// Whether a table of offsets is written.
    pub offsets: bool,
    /// Unused offsets for chunks that may be appended; version 3 only.
    pub spare: u64,
    /// Unused bytes after each chunk, for changes in place; the draft only.
    pub slack: u32,
    /// Bytes of a chunk, a multiple of the size of an element.
    pub chunk_size: u32,
    /// Bytes of an element for Blosc to shuffle, 1 to 255.
    pub typesize: u8,
    /// How chunks are coded.
    pub blosc: Blosc,
    /// Metadata; version 3 only.
    pub metadata: Option<Metadata>,
}

impl Default for Options {
    /// Version 3 with offsets and adler32, in chunks of 1 MiB, as bloscpack writes.
    fn default() -> Self {
        Self {
            version: Version::V3,
            checksum: Checksum::Adler32,
            offsets: true,
            spare: 0,
            slack: 0,
            chunk_size: 1 << 20,
            typesize: 8,
            blosc: Blosc::default(),
            metadata: None,
        }
    }
}

impl Options {
    fn check(&self, place: &str) -> Result<()> {
        let wrong = |what: &str| Err(Error::caller(place, what));
        match self.version {
            Version::V1 if self.offsets || self.checksum != Checksum::None => {
                return wrong("version 1 has neither offsets nor checksums; write version 3");
            }
            Version::V1 | Version::V2 | Version::Draft if self.metadata.is_some() => {
                return wrong("only version 3 has metadata");
            }
            _ => {}
        }
        if self.spare > 0 && (self.version != Version::V3 || !self.offsets) {
            return wrong("only version 3 with offsets reserves offsets");
        }
        if self.slack > 0 && (self.version != Version::Draft || !self.offsets) {
            return wrong("only the draft with offsets leaves room after chunks");
        }
        if !(1..=LARGEST_CHUNK).contains(&self.chunk_size) {
            return wrong("a chunk has at least 1 byte and less than 2 GiB");
        }
        Ok(())
    }
}

/// Writes the `length` bytes of `from` to the start of `out`; `place` names the file in messages.
///
/// One chunk is in memory at a time. Offsets are written last, so that a file that was not finished is
/// recognised. An empty file has one empty chunk.
///
/// # Errors
/// [`Error::Caller`] for options that the version has not, and if `from` is shorter; [`Error::Io`].
pub fn write(
    place: &str,
    out: &mut (impl Write + Seek),
    options: &Options,
    length: u64,
    from: &mut impl Read,
) -> Result<()> {
    options.check(place)?;
    let io = |e| Error::io(place, "write", e);
    let chunk_size = u64::from(options.chunk_size).min(length);
    let chunks = length
        .checked_div(chunk_size)
        .map_or(1, |_| length.div_ceil(chunk_size));
    let last_size = length - (chunks - 1) * chunk_size;
    let sized = |size: u64| u32::try_from(size).ok();
    let mut header = Header {
        offsets: options.offsets,
        metadata: options.metadata.is_some(),
        checksum: options.checksum,
        typesize: options.typesize,
        chunk_size: sized(chunk_size),
        last_chunk: sized(last_size),
        chunks: Some(chunks),
        spare: options.spare,
        ..Header::bare(options.version)
    };
    let mut start = header.encode();
    if let Some(metadata) = &options.metadata {
        start.extend(metadata::encode(place, metadata)?);
    }
    out.write_all(&start).map_err(io)?;
    let table = start.len() as u64;
    let mut at = table;
    if options.offsets {
        for _ in 0..chunks + options.spare {
            out.write_all(&(-1_i64).to_le_bytes()).map_err(io)?;
        }
        at += 8 * (chunks + options.spare);
    }
    let mut offsets = Vec::new();
    let (mut values, mut stored) = (Vec::new(), Vec::new());
    for i in 0..chunks {
        let size = if i + 1 == chunks {
            last_size
        } else {
            chunk_size
        };
        values.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        from.read_exact(&mut values).map_err(|e| {
            let what = format!("the {length} bytes to write end in chunk {i}");
            Error::other(place, what, e)
        })?;
        stored.clear();
        options
            .blosc
            .encode(usize::from(options.typesize), &values, &mut stored)?;
        stored.extend(options.checksum.of(&stored));
        stored.resize(stored.len() + options.slack as usize, 0);
        out.write_all(&stored).map_err(io)?;
        offsets.extend(at.to_le_bytes());
        at += stored.len() as u64;
    }
    if options.offsets {
        out.seek(SeekFrom::Start(table)).map_err(io)?;
        out.write_all(&offsets).map_err(io)?;
    }
    if options.version == Version::Draft {
        header.file_size = Some(at);
        out.seek(SeekFrom::Start(0)).map_err(io)?;
        out.write_all(&header.encode()).map_err(io)?;
    }
    out.flush().map_err(io)
}
