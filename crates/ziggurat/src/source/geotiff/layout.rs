//! How the samples of a TIFF lie in its file: sample type, chunks (tiles or strips), planes.

use ziggurat_core::{ElementType, Error, Result};

use super::ifd::{Ifd, Input};

/// Largest decoded chunk, in bytes. A compressed strip cannot be entered in its middle.
const MAX_CHUNK: u64 = 1 << 30;
/// Uncompressed strips larger than this are read in parts, in bytes.
const PART: u64 = 1 << 20;

/// What the decoder must know of every chunk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Coding {
    pub(super) big_endian: bool,
    /// Tag `Compression`.
    pub(super) compression: u16,
    /// Tag `Predictor`; 1 where there is none.
    pub(super) predictor: u16,
    /// Bits of one stored sample (of one part of a complex one).
    pub(super) bits: u16,
    /// Tag `SampleFormat`: 1 unsigned, 2 signed, 3 float.
    pub(super) format: u16,
    /// Stored samples per pixel within one chunk.
    pub(super) samples: u16,
    pub(super) jpeg_tables: Option<Vec<u8>>,
    /// Whether the chunks are JPEG in `YCbCr`, to be returned as RGB.
    pub(super) ycbcr: bool,
}

/// The grid of chunks of one image, seen as an array (band, y, x).
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) element: ElementType,
    /// Bands, rows, columns.
    pub(super) shape: [u64; 3],
    /// Bands, rows, columns of one chunk: all bands, or one where bands are separate planes.
    pub(super) chunk: [u64; 3],
    /// Whether chunks at the lower and right border are stored in full.
    tiled: bool,
    /// Offset and length of each chunk in the file; a chunk of length 0 is not stored.
    pub(super) ranges: Vec<(u64, u64)>,
    pub(super) coding: Coding,
}

impl Layout {
    pub(super) fn read(ifd: &Ifd<'_>, input: &Input) -> Result<Self> {
        let (element, mut coding) = coding(ifd, input)?;
        let width = ifd.required(256, "ImageWidth")?;
        let height = ifd.required(257, "ImageLength")?;
        let bands = u64::from(coding.samples);
        let shape = [bands, height, width];
        let planar = bands > 1 && ifd.integer(284)?.unwrap_or(1) == 2;
        if planar {
            coding.samples = 1;
        }
        if element == ElementType::Complex64 || element == ElementType::Complex128 {
            coding.samples = coding
                .samples
                .checked_mul(2)
                .ok_or_else(|| input.unsupported("more than 32767 complex bands"))?;
        }
        let (offsets, lengths) = match ifd.integers(324)? {
            Some(tiles) => (Some(tiles), ifd.integers(325)?),
            None => (ifd.integers(273)?, ifd.integers(279)?),
        };
        let offsets = offsets.ok_or_else(|| input.damaged("has neither strips nor tiles"))?;
        let tiled = ifd.integer(322)?.is_some();
        let (rows, cols) = if tiled {
            (
                ifd.required(323, "TileLength")?,
                ifd.required(322, "TileWidth")?,
            )
        } else {
            (ifd.integer(278)?.unwrap_or(height).min(height), width)
        };
        let chunk = [if planar { 1 } else { bands }, rows, cols];
        if shape.contains(&0) || chunk.contains(&0) {
            return Err(input.damaged(format!("has shape {shape:?} in chunks of {chunk:?}")));
        }
        let mut layout = Self {
            element,
            shape,
            chunk,
            tiled,
            ranges: Vec::new(),
            coding,
        };
        let count = layout
            .grid()
            .iter()
            .try_fold(1, |n: u64, g| n.checked_mul(*g));
        // Very old files may leave out the lengths of uncompressed strips.
        let lengths = match lengths {
            Some(lengths) => lengths,
            None if layout.coding.compression == 1 => (0..offsets.len() as u64)
                .map(|i| layout.decoded_len(i))
                .collect(),
            None => return Err(input.damaged("does not tell the lengths of its chunks")),
        };
        let stored = offsets.len().min(lengths.len()) as u64;
        let Some(count) = count.filter(|n| *n <= stored) else {
            return Err(input.damaged(format!(
                "has {stored} chunks, too few for {width} x {height} pixels"
            )));
        };
        layout.ranges = offsets.into_iter().zip(lengths).collect();
        layout
            .ranges
            .truncate(usize::try_from(count).unwrap_or(usize::MAX));
        layout.check(input)?;
        layout.split_strips();
        Ok(layout)
    }

    /// Number of chunks along (band, y, x).
    pub(super) fn grid(&self) -> [u64; 3] {
        std::array::from_fn(|d| self.shape[d].div_ceil(self.chunk[d]))
    }

    /// Shape (bands, rows, columns) of stored chunk number `index`: strips end with the image.
    pub(super) fn stored_shape(&self, index: u64) -> [u64; 3] {
        let [_, down, across] = self.grid();
        let [bands, rows, cols] = self.chunk;
        let above = index / across % down * rows;
        if self.tiled {
            self.chunk
        } else {
            [bands, rows.min(self.shape[1] - above), cols]
        }
    }

    /// Bytes of a row of one chunk as it was before compression.
    fn row_len(&self) -> u64 {
        let bits = u64::from(self.coding.bits) * u64::from(self.coding.samples);
        self.chunk[2].saturating_mul(bits).div_ceil(8)
    }

    /// Bytes of stored chunk number `index` before compression.
    pub(super) fn decoded_len(&self, index: u64) -> u64 {
        self.row_len().saturating_mul(self.stored_shape(index)[1])
    }

    /// That every chunk has a size that can be held, and lies within the file.
    fn check(&self, input: &Input) -> Result<()> {
        let size = self
            .chunk
            .iter()
            .fold(self.element.size() as u64, |n, s| n.saturating_mul(*s));
        if size > MAX_CHUNK && !self.splits() {
            return Err(Error::limit(
                &input.place,
                format!(
                    "one compressed tile or strip is {size} bytes large, the limit is {MAX_CHUNK}: \
                     rewrite it with `gdal_translate -co TILED=YES`"
                ),
            ));
        }
        for (i, &(offset, length)) in (0u64..).zip(&self.ranges) {
            let short = self.coding.compression == 1 && length < self.decoded_len(i);
            if length > 0 && (short || input.lacks(offset, length)) {
                return Err(input.damaged(format!(
                    "truncated: chunk {i} of {} has {length} bytes at {offset}",
                    self.ranges.len()
                )));
            }
        }
        Ok(())
    }

    /// Whether a chunk is a plain sequence of rows, which can be entered anywhere.
    fn splits(&self) -> bool {
        self.coding.compression == 1 && !self.tiled
    }

    /// Divides large uncompressed strips, so that a few rows are read without the rest.
    fn split_strips(&mut self) {
        let (row, height) = (self.row_len(), self.chunk[1]);
        let most = (PART / row.max(1)).max(1);
        if !self.splits() || most >= height {
            return;
        }
        // Parts of several strips must be equal, those of one strip need not.
        let strips = self.grid()[1];
        let divides = |rows: &u64| strips == 1 || height % rows == 0;
        let rows = (1..=most).rev().find(divides).unwrap_or(1);
        let mut parts = Vec::new();
        for (i, &(offset, length)) in (0u64..).zip(&self.ranges) {
            let mut above = i % strips * height;
            let end = self.shape[1].min(above + height);
            let mut at = 0;
            while above < end {
                let len = rows.min(end - above) * row;
                parts.push((
                    offset.saturating_add(at),
                    len.min(length.saturating_sub(at)),
                ));
                (above, at) = (above + rows, at + len);
            }
        }
        self.chunk[1] = rows;
        self.ranges = parts;
    }
}

/// Sample type and coding, from the tags; `samples` counts bands.
fn coding(ifd: &Ifd<'_>, input: &Input) -> Result<(ElementType, Coding)> {
    let narrow = |tag, default| -> Result<u16> {
        let value = ifd.integer(tag)?.unwrap_or(default);
        u16::try_from(value).map_err(|_| input.damaged(format!("tag {tag} is {value}")))
    };
    let uniform = |tag, default: u64| -> Result<u16> {
        let values = ifd.integers(tag)?.unwrap_or_default();
        if values.iter().all(|v| *v == values[0]) {
            narrow(tag, default)
        } else {
            Err(input.unsupported(format!("bands of different types ({values:?})")))
        }
    };
    let compression = narrow(259, 1)?;
    let photometric = narrow(262, 1)?;
    let (mut bits, mut format) = (uniform(258, 1)?, uniform(339, 1)?);
    let element = match (format, bits) {
        (1 | 4, 1 | 2 | 4 | 8) => ElementType::UInt8,
        (1 | 4, 16) => ElementType::UInt16,
        (1 | 4, 32) => ElementType::UInt32,
        (1 | 4, 64) => ElementType::UInt64,
        (2, 8) => ElementType::Int8,
        (2, 16) => ElementType::Int16,
        (2, 32) => ElementType::Int32,
        (2, 64) => ElementType::Int64,
        (3, 16) => ElementType::Float16,
        (3, 32) => ElementType::Float32,
        (3, 64) => ElementType::Float64,
        (6, 64) => ElementType::Complex64,
        (6, 128) => ElementType::Complex128,
        _ => {
            return Err(
                input.unsupported(format!("samples of {bits} bits in SampleFormat {format}"))
            );
        }
    };
    // Only these compressions know a predictor; others carry a tag without meaning now and then.
    let predictor = match compression {
        5 | 8 | 32946 | 50000 => narrow(317, 1)?,
        _ => 1,
    };
    match format {
        4 => format = 1,
        6 if predictor != 1 => return Err(input.unsupported("complex numbers with a predictor")),
        6 => (format, bits) = (3, bits / 2),
        _ => {}
    }
    match compression {
        1 | 4 | 5 | 7 | 8 | 32773 | 32946 | 50000 => {}
        other => {
            let name = match other {
                2 | 3 => "CCITT RLE or Group 3",
                6 => "old-style JPEG",
                34712 => "JPEG 2000",
                34887 => "LERC",
                34925 => "LZMA",
                50001 => "WebP",
                50002 | 52546 => "JPEG XL",
                _ => "unknown",
            };
            return Err(input.unsupported(format!("compression {other} ({name})")));
        }
    }
    let samples = narrow(277, 1)?;
    let ycbcr = photometric == 6;
    if ycbcr && (compression != 7 || samples != 3) {
        return Err(input.unsupported("YCbCr other than in JPEG"));
    }
    if ifd.integer(266)?.unwrap_or(1) != 1 {
        return Err(input.unsupported("FillOrder 2 (bits in reverse)"));
    }
    let jpeg_tables = match compression {
        7 => ifd.raw(347)?,
        _ => None,
    };
    Ok((
        element,
        Coding {
            big_endian: ifd.big_endian,
            compression,
            predictor,
            bits,
            format,
            samples,
            jpeg_tables,
            ycbcr,
        },
    ))
}
