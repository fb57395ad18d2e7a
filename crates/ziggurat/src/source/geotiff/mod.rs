//! `GeoTIFF`, in Rust alone: classic and `BigTIFF`, tiles and strips, interleaved bands and planes.

mod cache;
mod chunk;
mod georef;
mod ifd;
mod layout;
pub(crate) mod metadata;

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use tiff::TiffError;
use ziggurat_core::region::{Window, copy, offset};
use ziggurat_core::{Attributes, Error, Region, Result, Scalar, Variable};

use self::cache::CHUNKS;
use self::georef::GeoKeys;
use self::ifd::{Ifd, Input, Reader};
use self::layout::Layout;
use super::bands::{self, Band, Raster};
use super::{Source, time_of};

/// A `GeoTIFF` file; the first image in it at full resolution.
///
/// Alike bands are one variable `data` of dimensions (y, x) or (band, y, x). Values are returned as
/// they are stored: scale and offset are attributes. Reading decodes only the tiles or strips
/// touched; several threads decode at the same time.
#[derive(Debug)]
pub struct GeoTiff {
    input: Input,
    layout: Layout,
    variables: Vec<Variable>,
    /// The bands of each variable.
    bands: Vec<Range<u64>>,
    /// What a chunk that is not stored holds: one element.
    missing: Vec<u8>,
    /// Number of this file in the cache of chunks.
    id: u64,
}

impl Drop for GeoTiff {
    fn drop(&mut self) {
        CHUNKS.forget(self.id);
    }
}

/// Whether a file that begins with `header` (4 bytes are enough) is a TIFF.
///
/// ```
/// use ziggurat::source::geotiff::is_tiff;
/// assert!(is_tiff(b"II*\0rest"));
/// assert!(!is_tiff(b"\x89PNG"));
/// ```
#[must_use]
pub fn is_tiff(header: &[u8]) -> bool {
    matches!(
        header,
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..]
    )
}

impl GeoTiff {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Data`] for what is no TIFF, damaged or truncated; [`Error::Unsupported`] for
    /// compressions and sample types that this build does not decode.
    pub fn open(path: &Path) -> Result<Self> {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let input = Input::open(path)?;
        let reader = input.reader()?;
        let (ifd, more) = Ifd::main(&reader)?;
        if more > 0 {
            tracing::warn!("{}: {more} further images in it are ignored", input.place);
        }
        let layout = Layout::read(&ifd, &input)?;
        let keys = GeoKeys::read(&ifd)?;
        let raster = Raster {
            height: layout.shape[1],
            width: layout.shape[2],
            crs: keys.crs(&input.place),
            transform: keys.transform(&ifd, &input)?,
        };
        let (bands, attributes) = meaning(&ifd, &layout, &input.place)?;
        let (variables, bands): (Vec<_>, _) = bands::variables(&bands, &raster, &attributes)
            .into_iter()
            .unzip();
        let element = layout.element;
        let nodata = variables.first().and_then(|v: &Variable| v.nodata);
        let missing = nodata
            .and_then(|v| v.to_element(element))
            .unwrap_or_else(|| vec![0; element.size()]);
        Ok(Self {
            layout,
            variables,
            bands,
            missing,
            id: FILES.fetch_add(1, Ordering::Relaxed),
            input,
        })
    }

    /// The values of stored chunk `index` as an array (band, y, x) of its stored shape.
    fn decode(&self, reader: &Reader<'_>, index: u64) -> Result<Vec<u8>> {
        let layout = &self.layout;
        let coding = &layout.coding;
        let [bands, rows, cols] = layout.stored_shape(index);
        let size = |n: u64| {
            usize::try_from(n)
                .map_err(|_| Error::limit(&self.input.place, format!("a chunk of {n} bytes")))
        };
        let (at, length) = layout.ranges[size(index)?];
        let narrow = |n: u64| {
            u32::try_from(n)
                .map_err(|_| Error::limit(&self.input.place, format!("a chunk of size {n}")))
        };
        let mut strip = chunk::header(coding, narrow(rows)?, narrow(cols)?, narrow(length)?);
        reader.append(at, length, &mut strip)?;
        let len = size(layout.decoded_len(index))?;
        let pixels = chunk::decode(&strip, coding, cols, len).map_err(|e| self.fault(index, e))?;
        match bands {
            1 => Ok(pixels),
            _ => Ok(chunk::separate(
                &pixels,
                size(bands)?,
                layout.element.size(),
            )),
        }
    }

    /// The error of the decoder at chunk `index`.
    fn fault(&self, index: u64, error: TiffError) -> Error {
        let place = &self.input.place;
        match error {
            TiffError::UnsupportedError(e) => self.input.unsupported(e),
            TiffError::LimitsExceeded => Error::limit(place, format!("chunk {index} is too large")),
            e => Error::data(place, format!("chunk {index} cannot be decoded: {e}")),
        }
    }
}

impl Source for GeoTiff {
    fn place(&self) -> &str {
        &self.input.place
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        let layout = &self.layout;
        let size = layout.element.size();
        let wanted = self.stored_region(variable, region);
        let len = usize::try_from(wanted.len())
            .ok()
            .and_then(|n| n.checked_mul(size))
            .ok_or_else(|| Error::limit(self.place(), format!("{wanted} at once")))?;
        let mut out = vec![0; len];
        let reader = self.input.reader()?;
        for cell in wanted.cells(&layout.chunk).indices() {
            let index = offset(&cell, &layout.grid());
            let start = Region::of_cell(&cell, &layout.chunk).start;
            let stored = Region::new(start, layout.stored_shape(index));
            let Some(part) = stored.intersect(&wanted) else {
                continue;
            };
            let into = part.relative_to(&wanted.start);
            let to = Window {
                shape: &wanted.shape,
                start: &into.start,
            };
            if self.is_sparse(index) {
                let fill = self.missing.repeat(len_of(&part));
                let from = Window {
                    shape: &part.shape,
                    start: &[0, 0, 0],
                };
                copy(&part.shape, size, &fill, from, &mut out, to);
                continue;
            }
            // What is read whole is not wanted again.
            let inside = stored.intersect(&Region::whole(&layout.shape));
            let keep = inside.is_some_and(|inside| inside != part);
            let chunk = CHUNKS.get((self.id, index), keep, || self.decode(&reader, index))?;
            let from = part.relative_to(&stored.start);
            let from = Window {
                shape: &stored.shape,
                start: &from.start,
            };
            copy(&part.shape, size, &chunk, from, &mut out, to);
        }
        Ok(out)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        let [bands, rows, cols] = self.layout.chunk;
        let [_, height, width] = self.layout.shape;
        let mut shape = vec![rows.min(height), cols.min(width)];
        if let [count, _, _] = *self.variables[variable].shape() {
            shape.insert(0, bands.min(count));
        }
        shape
    }

    fn occupied(&self, variable: usize) -> Result<Option<Vec<Region>>> {
        let layout = &self.layout;
        let sparse = layout.ranges.iter().any(|(_, length)| *length == 0);
        if !sparse || self.variables[variable].nodata.is_none() {
            return Ok(None);
        }
        let bands = &self.bands[variable];
        let whole = Region::new(
            [bands.start, 0, 0],
            [bands.end - bands.start, layout.shape[1], layout.shape[2]],
        );
        let rank = self.variables[variable].dims.len();
        let boxes = whole
            .cells(&layout.chunk)
            .indices()
            .filter(|cell| !self.is_sparse(offset(cell, &layout.grid())))
            .filter_map(|cell| Region::of_cell(&cell, &layout.chunk).intersect(&whole))
            .map(|part| {
                let part = part.relative_to(&whole.start);
                Region::new(&part.start[3 - rank..], &part.shape[3 - rank..])
            });
        Ok(Some(boxes.collect()))
    }
}

impl GeoTiff {
    /// `region` of a variable as a region (band, y, x) of the file.
    fn stored_region(&self, variable: usize, region: &Region) -> Region {
        let first = self.bands[variable].start;
        let (mut start, mut shape) = (region.start.clone(), region.shape.clone());
        match region.rank() {
            2 => {
                start.insert(0, first);
                shape.insert(0, 1);
            }
            _ => start[0] += first,
        }
        Region::new(start, shape)
    }

    /// Whether chunk `index` is not stored, because all of it is missing.
    fn is_sparse(&self, index: u64) -> bool {
        let range = usize::try_from(index)
            .ok()
            .and_then(|i| self.layout.ranges.get(i));
        range.is_none_or(|(_, length)| *length == 0)
    }
}

/// Elements in `region`, which is held in memory.
fn len_of(region: &Region) -> usize {
    usize::try_from(region.len()).unwrap_or(usize::MAX)
}

/// What the tags say of the bands, and of all of them.
fn meaning(ifd: &Ifd<'_>, layout: &Layout, place: &str) -> Result<(Vec<Band>, Attributes)> {
    let count = usize::try_from(layout.shape[0]).unwrap_or(usize::MAX);
    let mut bands = vec![Band::new(layout.element); count];
    let mut attributes = Attributes::new();
    let nodata = ifd.text(42113)?.and_then(|text| scalar(&text));
    for band in &mut bands {
        band.nodata = nodata;
    }
    let xml = ifd.text(42112)?.unwrap_or_default();
    metadata::apply(&metadata::items(&xml), &mut bands, &mut attributes, place);
    let written = ifd
        .text(306)?
        .and_then(|text| time_of::in_text(&text).ok().flatten());
    if let Some(time) = written {
        attributes.insert(time_of::FILE_TIME.to_owned(), time.to_string().into());
    }
    Ok((bands, attributes))
}

/// The number in `text`: an integer exactly, else a float (`nan` and `inf` included).
pub(crate) fn scalar(text: &str) -> Option<Scalar> {
    let text = text.trim();
    let int = text.parse().map(Scalar::Int).ok();
    int.or_else(|| text.parse().map(Scalar::UInt).ok())
        .or_else(|| text.parse().map(Scalar::Float).ok())
}
