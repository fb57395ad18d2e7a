//! The checksums that a file may carry.

use sha2::Digest;
use ziggurat_core::{Error, Result};

/// A checksum of stored bytes, by its number in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are their own")]
#[repr(u8)]
pub enum Checksum {
    None,
    Adler32,
    Crc32,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Checksum {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Adler32,
        Self::Crc32,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// The checksum of this number, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Its name in bloscpack.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Adler32 => "adler32",
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Bytes that it takes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::None => 0,
            Self::Adler32 | Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The checksum of `bytes`, as it is stored.
    ///
    /// ```
    /// use ziggurat_codecs::bloscpack::Checksum;
    /// assert_eq!(Checksum::Adler32.of(b"Wikipedia"), 0x11E60398_u32.to_le_bytes());
    /// ```
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Adler32 => adler2::adler32_slice(bytes).to_le_bytes().to_vec(),
            Self::Crc32 => {
                let mut crc = flate2::Crc::new();
                crc.update(bytes);
                crc.sum().to_le_bytes().to_vec()
            }
            Self::Md5 => md5::Md5::digest(bytes).to_vec(),
            Self::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
            Self::Sha224 => sha2::Sha224::digest(bytes).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(bytes).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
        }
    }

    /// That `stored` is the checksum of `bytes`.
    pub(super) fn verify(self, place: &str, bytes: &[u8], stored: &[u8]) -> Result<()> {
        if self.of(bytes) == stored {
            return Ok(());
        }
        let what = format!(
            "its {} checksum does not match; obtain the file again",
            self.name()
        );
        Err(Error::data(place, what))
    }
}
