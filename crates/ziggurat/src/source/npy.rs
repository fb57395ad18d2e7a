//! `.npy` files as sources.

use std::fs::File;
use std::path::Path;

use ziggurat_codecs::npy::{self, Header};
use ziggurat_core::{Attributes, Dimension, Error, Region, Result, Variable, region};

use super::{Source, cf, strips};

/// Whether a file that starts with `header` is a `.npy` file.
#[must_use]
pub fn is_npy(header: &[u8]) -> bool {
    header.starts_with(npy::MAGIC)
}

/// An array in a `.npy` file, in C or Fortran order and either byte order.
///
/// It has one variable, named as the file without its extension. The format knows no dimension
/// names: the last two are `y` and `x`, the others `dim_0`, `dim_1`, ... Nodata and place on the
/// earth are unknown. Elements are read straight from the file, nothing is held in memory.
#[derive(Debug)]
pub struct Npy {
    place: String,
    file: Reader,
    header: Header,
    variables: [Variable; 1],
}

impl Npy {
    /// Opens the file at `path` and reads its header.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Io`] from the file system, [`Error::Data`] if the file is
    /// damaged or shorter than its header says, [`Error::Unsupported`] for elements that are no
    /// plain numbers and for a single number without dimensions.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = path.display().to_string();
        let io = |error| Error::io(path, "read the npy file", error);
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let file = Reader::new(file);
        let head = |size: usize| {
            let size = usize::try_from(length).map_or(size, |n| n.min(size));
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, 0)
                .map_err(io)
                .map(|()| bytes)
        };
        let size = npy::header_size(&head(npy::PREFIX)?).map_err(|e| e.at(&place))?;
        let header = npy::parse_header(&head(size)?).map_err(|e| e.at(&place))?;
        let end = header.data_offset + header.data_size();
        if length < end {
            let what = format!("ends after {length} of {end} bytes; obtain it again");
            return Err(Error::data(place, what));
        }
        if header.shape.is_empty() {
            let what = "a single number without dimensions; there is no grid in it";
            return Err(Error::unsupported(place, what));
        }
        let stem = path.file_stem().unwrap_or_default();
        let variable = Variable {
            fill: None,
            name: stem.to_string_lossy().into_owned(),
            element: header.element,
            dims: cf::unnamed(header.shape.len())
                .into_iter()
                .zip(&header.shape)
                .map(|((name, axis), &size)| Dimension::new(name, size, axis))
                .collect(),
            nodata: None,
            attributes: Attributes::new(),
            crs: None,
            transform: None,
        };
        Ok(Self {
            place,
            file,
            header,
            variables: [variable],
        })
    }

    /// The bytes of `region` of the C-order array of `shape` that the file is, as they are stored.
    fn read_stored(&self, shape: &[u64], region: &Region) -> Result<Vec<u8>> {
        let size = self.header.element.size();
        let length = usize::try_from(region.len().saturating_mul(size as u64));
        let length = length
            .ok()
            .filter(|&n| isize::try_from(n).is_ok())
            .ok_or_else(|| {
                Error::limit(
                    &self.place,
                    format!("{region} does not fit into memory; read less at once"),
                )
            })?;
        let mut out = vec![0; length];
        let mut result = Ok(());
        let from = region::Window {
            shape,
            start: &region.start,
        };
        let to = region::Window {
            shape: &region.shape,
            start: &vec![0; shape.len()],
        };
        region::runs(&region.shape, from, to, |src, dst, count| {
            if result.is_ok() {
                let part = &mut out[dst * size..(dst + count) * size];
                let at = self.header.data_offset + (src * size) as u64;
                result = self.file.read_exact_at(part, at);
            }
        });
        result.map(|()| out).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::data(
                &self.place,
                "became shorter while it was read; obtain it again",
            ),
            _ => Error::io(&self.place, "read the npy file", e),
        })
    }
}

impl Source for Npy {
    fn place(&self) -> &str {
        &self.place
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, _variable: usize, region: &Region) -> Result<Vec<u8>> {
        let element = self.header.element;
        let mut bytes = if self.header.fortran {
            // Fortran order is C order of the reversed dimensions.
            let reversed = |v: &[u64]| v.iter().rev().copied().collect::<Vec<u64>>();
            let stored = Region::new(reversed(&region.start), reversed(&region.shape));
            let bytes = self.read_stored(&reversed(&self.header.shape), &stored)?;
            reverse_axes(&bytes, element.size(), &region.shape)
        } else {
            self.read_stored(&self.header.shape, region)?
        };
        if self.header.big_endian != cfg!(target_endian = "big") {
            bytes
                .chunks_exact_mut(element.word())
                .for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }

    fn read_shape(&self, _variable: usize) -> Vec<u64> {
        let mut shape = self.header.shape.clone();
        if !self.header.fortran {
            return strips::strip(&shape, self.header.element.size());
        }
        shape.reverse();
        let mut strip = strips::strip(&shape, self.header.element.size());
        strip.reverse();
        strip
    }
}

/// C-order elements of `shape` from those in Fortran order.
#[allow(
    clippy::cast_possible_truncation,
    reason = "offsets index memory that exists"
)]
pub(crate) fn reverse_axes(fortran: &[u8], size: usize, shape: &[u64]) -> Vec<u8> {
    let mut strides = vec![1; shape.len()];
    for d in 1..shape.len() {
        strides[d] = strides[d - 1] * shape[d - 1];
    }
    let mut out = Vec::with_capacity(fortran.len());
    for index in Region::whole(shape).indices() {
        let at: u64 = index.iter().zip(&strides).map(|(i, s)| i * s).sum();
        let at = at as usize * size;
        out.extend_from_slice(&fortran[at..at + size]);
    }
    out
}

/// A file that several threads read at positions of their own.
#[derive(Debug)]
struct Reader {
    #[cfg(unix)]
    file: File,
    #[cfg(not(unix))]
    file: std::sync::Mutex<File>,
}

#[cfg(unix)]
impl Reader {
    fn new(file: File) -> Self {
        Self { file }
    }

    fn read_exact_at(&self, out: &mut [u8], at: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, out, at)
    }
}

#[cfg(not(unix))]
impl Reader {
    fn new(file: File) -> Self {
        Self { file: file.into() }
    }

    fn read_exact_at(&self, out: &mut [u8], at: u64) -> std::io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(out)
    }
}
