//! `NetCDF` files as sources: classic, 64-bit offset, CDF-5 and NetCDF-4 (HDF5).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::OnceLock;

use netcdf_reader::{NcFile, NcGroup, NcSliceInfo, NcSliceInfoElem, NcType, NcVariable};
use ziggurat_core::{Attributes, ElementType, Error, Region, Result, Variable, element};

use super::cf::{self, Array, Kind, Raw};
use super::{Source, strips};

mod attributes;
mod error;

/// Whether a file that starts with `header` (8 bytes are enough) is `NetCDF`, or HDF5 that may be.
#[must_use]
pub fn is_netcdf(header: &[u8]) -> bool {
    matches!(header, [b'C', b'D', b'F', 1 | 2 | 5, ..]) || header.starts_with(b"\x89HDF\r\n\x1a\n")
}

/// The gridded variables of a `NetCDF` file, interpreted by the CF conventions.
///
/// Values are as stored: packed values stay packed, and `scale_factor` and `add_offset` are among
/// the attributes. Variables in groups are named `group/name`. Variables that are no numbers
/// (text, compound, variable-length) are left out with a warning.
pub struct NetCdf {
    place: String,
    file: NcFile,
    found: cf::Interpreted,
    /// Path of each variable in the file.
    paths: Vec<String>,
    /// Best shape to read each variable in; found when first asked for.
    shapes: Vec<OnceLock<Vec<u64>>>,
}

impl std::fmt::Debug for NetCdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut f = f.debug_struct("NetCdf");
        f.field("place", &self.place)
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

impl NetCdf {
    /// Opens the file at `path` and reads its header and coordinates.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Io`] from the file system, [`Error::Data`] if the file is
    /// damaged or cut off, [`Error::Unsupported`] if it is compressed as a whole or holds no
    /// variable that can be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = path.display().to_string();
        refuse_compressed(path, &place)?;
        let fault = |e| error::translate(&place, e);
        let file = NcFile::open(path).map_err(fault)?;
        let mut arrays = Vec::new();
        collect(file.root_group().map_err(fault)?, "", &mut arrays);
        let found = cf::interpret(&place, &arrays, &|i| read_all(&file, &arrays[i], &place))?;
        let found = found.check(&place)?;
        let paths: Vec<String> = found
            .arrays
            .iter()
            .map(|&i| arrays[i].path.clone())
            .collect();
        let shapes = paths.iter().map(|_| OnceLock::new()).collect();
        let source = Self {
            place,
            file,
            found,
            paths,
            shapes,
        };
        source.check_ends()?;
        Ok(source)
    }

    /// Number of the variable `name`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] saying why if it was left out, [`Error::NotFound`] with the names
    /// that exist.
    pub fn find(&self, name: &str) -> Result<usize> {
        self.found.find(&self.place, name)
    }

    /// Reads the last value of each variable, so that a file that was cut off is refused at once.
    fn check_ends(&self) -> Result<()> {
        for (i, variable) in self.found.variables.iter().enumerate() {
            let shape = variable.shape();
            // A chunked variable may be sparse; where its chunks lie says nothing about the end.
            if !shape.contains(&0) && self.file.as_classic().is_some() {
                let last: Vec<u64> = shape.iter().map(|n| n - 1).collect();
                self.read(i, &Region::new(last, vec![1; shape.len()]))?;
            }
        }
        Ok(())
    }
}

impl Source for NetCdf {
    fn place(&self) -> &str {
        &self.place
    }

    fn variables(&self) -> &[Variable] {
        &self.found.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        let path = &self.paths[variable];
        let stored = self
            .file
            .variable(path)
            .map_err(|e| error::translate(&self.place, e))?;
        if region.is_empty() {
            return Ok(Vec::new());
        }
        read_region(&self.file, path, &stored.dtype, region)
            .map_err(|e| error::translate(&self.place, e))
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        let described = &self.found.variables[variable];
        let shape = self.shapes[variable].get_or_init(|| {
            // The chunk shape is only told together with a chunk; a contiguous variable has none.
            let mut chunks = self.file.iter_variable_chunks(&self.paths[variable]).ok();
            let chunk = chunks
                .as_mut()
                .and_then(Iterator::next)
                .and_then(std::result::Result::ok);
            let shape = described.shape();
            match chunk {
                Some(chunk) if chunk.shape().len() == shape.len() => {
                    let sizes = chunk.shape().iter().zip(&shape);
                    sizes.map(|(c, s)| (*c).min(*s).max(1)).collect()
                }
                _ => strips::strip(&shape, described.element.size()),
            }
        });
        shape.clone()
    }
}

/// Refuses files whose first bytes say that the whole file is compressed.
fn refuse_compressed(path: &Path, place: &str) -> Result<()> {
    let mut magic = Vec::new();
    let io = |e| Error::io(path, "read the NetCDF file", e);
    File::open(path)
        .map_err(io)?
        .take(6)
        .read_to_end(&mut magic)
        .map_err(io)?;
    let (format, command) = match magic.as_slice() {
        b"\xfd7zXZ\0" => ("xz", "xz -dk"),
        [0x1f, 0x8b, ..] => ("gzip", "gzip -dk"),
        [b'B', b'Z', b'h', ..] => ("bzip2", "bzip2 -dk"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ("zstd", "zstd -dk"),
        _ => return Ok(()),
    };
    let what =
        format!("the file is compressed with {format}; decompress it first: {command} {place}");
    Err(Error::unsupported(place, what))
}

/// Appends the arrays of `group` and of the groups in it.
fn collect(group: &NcGroup, prefix: &str, arrays: &mut Vec<Array>) {
    arrays.extend(group.variables.iter().map(|v| describe(v, prefix)));
    for inner in &group.groups {
        collect(inner, &format!("{prefix}{}/", inner.name), arrays);
    }
}

fn describe(variable: &NcVariable, prefix: &str) -> Array {
    let mut dims: Vec<(String, u64)> = variable
        .dimensions
        .iter()
        .map(|d| (d.name.clone(), d.size))
        .collect();
    let kind = match (element(&variable.dtype), &variable.dtype) {
        (Some(element), _) => Kind::Number(element),
        (None, NcType::String) => Kind::Text,
        (None, NcType::Char) => {
            // The last dimension is the length of the text.
            dims.pop();
            Kind::Text
        }
        (None, other) => {
            let name = match other {
                NcType::Compound { .. } => "compound values",
                NcType::VLen { .. } => "values of variable length",
                NcType::Enum { .. } => "an enumeration",
                NcType::Opaque { .. } => "opaque bytes",
                _ => "arrays in each element",
            };
            Kind::Other(format!("it holds {name}; convert it to numbers first"))
        }
    };
    Array {
        path: format!("{prefix}{}", variable.name),
        kind,
        dims,
        attributes: attributes::to_json(&variable.attributes),
        inherited: Attributes::new(),
        fill: None,
    }
}

const fn element(dtype: &NcType) -> Option<ElementType> {
    Some(match dtype {
        NcType::Byte => ElementType::Int8,
        NcType::Short => ElementType::Int16,
        NcType::Int => ElementType::Int32,
        NcType::Int64 => ElementType::Int64,
        NcType::UByte => ElementType::UInt8,
        NcType::UShort => ElementType::UInt16,
        NcType::UInt => ElementType::UInt32,
        NcType::UInt64 => ElementType::UInt64,
        NcType::Float => ElementType::Float32,
        NcType::Double => ElementType::Float64,
        _ => return None,
    })
}

fn read_all(file: &NcFile, array: &Array, place: &str) -> Result<Raw> {
    let shape: Vec<u64> = array.dims.iter().map(|d| d.1).collect();
    let read = || match array.kind {
        Kind::Number(_) if shape.contains(&0) => Ok(Raw::Bytes(Vec::new())),
        Kind::Number(_) => {
            let dtype = &file.variable(&array.path)?.dtype;
            read_region(file, &array.path, dtype, &Region::whole(&shape)).map(Raw::Bytes)
        }
        _ => file.read_variable_as_strings(&array.path).map(Raw::Text),
    };
    read().map_err(|e| error::translate(place, e))
}

/// Native-endian bytes of a region that is not empty.
fn read_region(
    file: &NcFile,
    path: &str,
    dtype: &NcType,
    region: &Region,
) -> netcdf_reader::Result<Vec<u8>> {
    let slice = |d| NcSliceInfoElem::Slice {
        start: region.start[d],
        end: region.end(d),
        step: 1,
    };
    let selection = NcSliceInfo {
        selections: (0..region.rank()).map(slice).collect(),
    };
    macro_rules! read {
        ($t:ty) => {{
            let array = file.read_variable_slice::<$t>(path, &selection)?;
            match array.as_slice() {
                Some(values) => element::to_bytes(values),
                None => element::to_bytes(&array.iter().copied().collect::<Vec<_>>()),
            }
        }};
    }
    Ok(match dtype {
        NcType::Byte => read!(i8),
        NcType::Short => read!(i16),
        NcType::Int => read!(i32),
        NcType::Int64 => read!(i64),
        NcType::UByte => read!(u8),
        NcType::UShort => read!(u16),
        NcType::UInt => read!(u32),
        NcType::UInt64 => read!(u64),
        NcType::Float => read!(f32),
        NcType::Double => read!(f64),
        other => {
            let what = format!("{path} has type {other:?}");
            return Err(netcdf_reader::Error::UnsupportedFeature(what));
        }
    })
}
