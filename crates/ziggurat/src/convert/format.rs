//! What a file or a directory holds, by its content; what it is to hold, by its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ziggurat_codecs::{bloscpack, carray, npy};
use ziggurat_core::{Error, Result};

/// A format that arrays are converted from or to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Zarr v3.
    Zarr,
    /// A contiguous frame of Blosc2.
    B2nd,
    /// A sparse frame of Blosc2: a directory.
    Sparse,
    /// A contiguous frame of Caterva.
    Caterva,
    /// A directory of bcolz.
    Bcolz,
    /// A directory of the proposal of 2012.
    Carray,
    /// A file of bloscpack.
    Bloscpack,
    /// An array of `NumPy`.
    Npy,
}

/// Where the magic of a frame is: a msgpack text of 8 bytes after the head of a list.
const FRAME: std::ops::Range<usize> = 2..10;

impl Format {
    /// How a target may be named.
    pub(super) const NAMES: &str = "*.zarr, *.b2nd, *.b2frame, *.caterva, *.cat, *.bcolz or *.npy";

    /// All formats.
    pub const ALL: [Self; 8] = [
        Self::Zarr,
        Self::B2nd,
        Self::Sparse,
        Self::Caterva,
        Self::Bcolz,
        Self::Carray,
        Self::Bloscpack,
        Self::Npy,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zarr => "zarr",
            Self::B2nd => "b2nd",
            Self::Sparse => "sparse",
            Self::Caterva => "caterva",
            Self::Bcolz => "bcolz",
            Self::Carray => "carray",
            Self::Bloscpack => "bloscpack",
            Self::Npy => "npy",
        }
    }

    /// The format that the extension of `path` stands for.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "zarr" => Self::Zarr,
            "b2nd" | "b2frame" => Self::B2nd,
            "caterva" | "cat" => Self::Caterva,
            "bcolz" => Self::Bcolz,
            "npy" => Self::Npy,
            "blp" => Self::Bloscpack,
            _ => return None,
        })
    }

    /// The format of what is at `path`; an array of Caterva is one of Blosc2 here.
    ///
    /// # Errors
    /// [`Error::NotFound`] if nothing is there; [`Error::Unsupported`] if it is of no such format.
    pub fn detect(path: &Path) -> Result<Self> {
        let known = match path.is_dir() {
            true => Self::of_directory(path),
            false => Self::of_file(path)?,
        };
        known.ok_or_else(|| {
            let what = "it is no array of Zarr v3, Blosc2, Caterva, bcolz, carray, bloscpack or NumPy, \
                        or was cut off before it could say so";
            Error::unsupported(path.display().to_string(), what)
        })
    }

    fn of_directory(path: &Path) -> Option<Self> {
        let has = |name: &str| path.join(name).exists();
        Some(match () {
            () if has("zarr.json") => Self::Zarr,
            () if has("chunks.b2frame") => Self::Sparse,
            () if has("__rootdirs__") => Self::Bcolz,
            () if !has("meta") => return None,
            () if carray::Carray::is_at(path) => Self::Carray,
            () => Self::Bcolz,
        })
    }

    fn of_file(path: &Path) -> Result<Option<Self>> {
        let failed = |e| Error::io(path, "read", e);
        let mut start = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(16).read_to_end(&mut start).map_err(failed)?;
        Ok(match start.as_slice() {
            s if s.starts_with(npy::MAGIC) => Some(Self::Npy),
            s if s.starts_with(bloscpack::MAGIC) => Some(Self::Bloscpack),
            s if s.get(FRAME) == Some(b"b2frame\0") => Some(Self::B2nd),
            _ => None,
        })
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| "use zarr, b2nd, sparse, caterva, bcolz or npy".into())
    }
}
