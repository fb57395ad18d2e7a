//! The header of a file.

use ziggurat_core::{Error, Result};

use super::{Checksum, MAGIC};

/// The place that errors name until the caller puts the file there with [`Error::at`].
const PLACE: &str = "bloscpack header";

/// Options of versions 2 and 3.
const OFFSETS: u8 = 1;
const METADATA: u8 = 2;

/// The layouts that start with [`MAGIC`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Bloscpack 0.1, and each chunk of bcolz: chunks and how many there are.
    V1,
    /// Bloscpack 0.2: checksums and offsets.
    V2,
    /// Bloscpack 0.3 to 0.16: metadata, and room to append.
    V3,
    /// The persistence layer for carray as it was proposed in August 2012, before version 2 took its
    /// number. It says the size of the file, and leaves room after each chunk.
    Draft,
}

impl Version {
    /// Bytes of the header.
    #[must_use]
    pub const fn header_length(self) -> usize {
        match self {
            Self::V1 => 16,
            Self::V2 | Self::V3 | Self::Draft => 32,
        }
    }
}

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which header it is.
    pub version: Version,
    /// Whether there is a table of offsets.
    pub offsets: bool,
    /// Whether there are metadata.
    pub metadata: bool,
    /// What follows each chunk.
    pub checksum: Checksum,
    /// Bytes of an element, for Blosc; 0 if it is not said.
    pub typesize: u8,
    /// Bytes that a chunk decodes to, if known.
    pub chunk_size: Option<u32>,
    /// Bytes that the last chunk decodes to, if known.
    pub last_chunk: Option<u32>,
    /// Number of chunks, if known.
    pub chunks: Option<u64>,
    /// Unused entries of the table of offsets, for chunks that may be appended.
    pub spare: u64,
    /// Bytes of the file, where the header says it.
    pub file_size: Option<u64>,
}

impl Header {
    /// Reads the header at the start of `bytes`, of version 1, 2 or 3.
    ///
    /// # Errors
    /// [`Error::Data`] for anything damaged or cut off, [`Error::Unsupported`] for another version. The
    /// place in the error is `bloscpack header`; see [`Error::at`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let fields = Fields::new(bytes)?;
        let version = match fields.byte(4)? {
            1 => Version::V1,
            2 => Version::V2,
            3 => Version::V3,
            other => {
                let what = format!("version {other} of bloscpack; 1, 2 and 3 are read");
                return Err(Error::unsupported(PLACE, what));
            }
        };
        if version == Version::V1 {
            fields.reserved(5, 3)?;
            return Ok(Self {
                chunks: fields.count(8)?,
                ..Self::bare(version)
            });
        }
        let (options, known) = match (fields.byte(5)?, version) {
            (options, Version::V3) => (options, OFFSETS | METADATA),
            (options, _) => (options, OFFSETS),
        };
        if options & !known != 0 {
            return Err(damaged(format!("has the unknown options {options:#04x}")));
        }
        let spare = match version {
            Version::V3 => fields
                .count(24)?
                .ok_or_else(|| damaged("reserves -1 chunks"))?,
            _ => fields.reserved(24, 8).map(|()| 0)?,
        };
        let header = Self {
            offsets: options & OFFSETS != 0,
            metadata: options & METADATA != 0,
            checksum: fields.checksum(6)?,
            typesize: fields.byte(7)?,
            chunk_size: fields.size(8)?,
            last_chunk: fields.size(12)?,
            chunks: fields.count(16)?,
            spare,
            ..Self::bare(version)
        };
        header.check()?;
        Ok(header)
    }

    /// Reads the header of [`Version::Draft`], which only a file's place can tell from version 2.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_draft(bytes: &[u8]) -> Result<Self> {
        let fields = Fields::new(bytes)?;
        if fields.byte(4)? != 2 {
            let what = "the proposal of 2012 is read in version 2 only";
            return Err(Error::unsupported(PLACE, what));
        }
        fields.reserved(7, 1)?;
        fields.reserved(12, 4)?;
        let header = Self {
            offsets: match fields.byte(6)? {
                0 => false,
                1 => true,
                _ => return Err(damaged("has neither offsets nor none")),
            },
            checksum: fields.checksum(5)?,
            chunk_size: fields.size(8)?,
            file_size: fields.count(16)?,
            chunks: fields.count(24)?,
            ..Self::bare(Version::Draft)
        };
        header.check()?;
        Ok(header)
    }

    /// A header that says nothing.
    pub(super) const fn bare(version: Version) -> Self {
        Self {
            version,
            offsets: false,
            metadata: false,
            checksum: Checksum::None,
            typesize: 0,
            chunk_size: None,
            last_chunk: None,
            chunks: None,
            spare: 0,
            file_size: None,
        }
    }

    fn check(&self) -> Result<()> {
        if self.offsets && self.chunks.is_none() {
            return Err(damaged("has offsets of an unknown number of chunks"));
        }
        if self.spare > 0 && !self.offsets {
            return Err(damaged("reserves offsets, and has none"));
        }
        match (self.chunk_size, self.last_chunk) {
            (Some(chunk), Some(last)) if last > chunk => {
                let what = format!("has a last chunk of {last} bytes, more than {chunk}");
                Err(damaged(what))
            }
            _ => Ok(()),
        }
    }

    /// The header in bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let size = |n: Option<u32>| {
            n.map_or(-1, |n| i32::try_from(n).unwrap_or(-1))
                .to_le_bytes()
        };
        let count = |n: Option<u64>| {
            n.map_or(-1, |n| i64::try_from(n).unwrap_or(-1))
                .to_le_bytes()
        };
        let mut out = MAGIC.to_vec();
        match self.version {
            Version::V1 => {
                out.extend([1, 0, 0, 0]);
                out.extend(count(self.chunks));
            }
            Version::V2 | Version::V3 => {
                let version = if self.version == Version::V2 { 2 } else { 3 };
                let offsets = if self.offsets { OFFSETS } else { 0 };
                let metadata = if self.metadata { METADATA } else { 0 };
                out.extend([
                    version,
                    offsets | metadata,
                    self.checksum as u8,
                    self.typesize,
                ]);
                out.extend(size(self.chunk_size));
                out.extend(size(self.last_chunk));
                out.extend(count(self.chunks));
                out.extend(count(Some(self.spare)));
            }
            Version::Draft => {
                out.extend([2, self.checksum as u8, u8::from(self.offsets), 0]);
                out.extend(size(self.chunk_size));
                out.extend([0; 4]);
                out.extend(count(self.file_size));
                out.extend(count(self.chunks));
            }
        }
        out
    }
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::data(PLACE, format!("it {what}"))
}

/// Numbers at known places, which may be cut off.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self> {
        if !MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) {
            return Err(damaged("does not start with 'blpk'"));
        }
        Ok(Self(bytes))
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N]> {
        let found = self.0.get(at..).and_then(|rest| rest.first_chunk());
        found
            .copied()
            .ok_or_else(|| damaged("is cut off; obtain the file again"))
    }

    fn byte(&self, at: usize) -> Result<u8> {
        self.array(at).map(|[byte]| byte)
    }

    fn checksum(&self, at: usize) -> Result<Checksum> {
        let code = self.byte(at)?;
        Checksum::from_code(code)
            .ok_or_else(|| damaged(format!("names the unknown checksum {code}")))
    }

    /// An `int32` that is -1 if it is not known.
    fn size(&self, at: usize) -> Result<Option<u32>> {
        match i32::from_le_bytes(self.array(at)?) {
            -1 => Ok(None),
            n => u32::try_from(n)
                .map(Some)
                .map_err(|_| damaged(format!("says a size of {n}"))),
        }
    }

    /// An `int64` that is -1 if it is not known.
    fn count(&self, at: usize) -> Result<Option<u64>> {
        match i64::from_le_bytes(self.array(at)?) {
            -1 => Ok(None),
            n => u64::try_from(n)
                .map(Some)
                .map_err(|_| damaged(format!("counts to {n}"))),
        }
    }

    /// That these bytes are 0.
    fn reserved(&self, at: usize, length: usize) -> Result<()> {
        for i in at..at + length {
            if self.byte(i)? != 0 {
                return Err(damaged(format!("uses byte {i}, which is reserved")));
            }
        }
        Ok(())
    }
}
