//! Shapes of an array, of its chunks and of their blocks, and the metalayer that says them.
//!
//! A chunk holds the blocks of its box in C order, each block its elements in C order. Where chunks do
//! not divide the array, or blocks not the chunk, what lies beyond is stored too, as zeros: all chunks,
//! and all blocks, are of one size. Source: `README_B2ND_METALAYER.rst` of C-Blosc2, the Caterva overview.

use ziggurat_core::{ElementType, Error, Region, Result, region};

use super::PLACE;
use crate::blosc2::header::LARGEST;
use crate::blosc2::msgpack::{FIXARRAY_MAX, Reader, Writer};
use crate::npy::parse_descr;

/// Names of the metalayer, today's and that of Caterva.
const B2ND: &str = "b2nd";
const CATERVA: &str = "caterva";
/// The only version there is.
const VERSION: u8 = 0;
/// A type as `NumPy` writes it.
const NUMPY: u8 = 0;

/// The shapes of an array, its chunks and its blocks; lengths count elements, and all have the array's
/// rank, at most 15.
///
/// A block is not longer than the chunk in any dimension, and none is 0 unless the array is empty.
///
/// ```
/// use ziggurat_codecs::blosc2::NdLayout;
/// let layout = NdLayout::new(&[10, 7], &[4, 4], &[2, 3], Some("<f8"))?;
/// assert_eq!(layout.chunk_grid(), [3, 2]);
/// assert_eq!(layout.padded_chunk(), [4, 6]);
/// assert_eq!(layout.block_grid(), [2, 2]);
/// assert_eq!(NdLayout::parse(&layout.to_bytes())?, layout);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NdLayout {
    shape: Vec<u64>,
    chunk: Vec<u64>,
    block: Vec<u64>,
    dtype: Option<String>,
}

impl NdLayout {
    /// These shapes. Without `dtype`, the type of an element as `NumPy` writes it, this is an array of
    /// Caterva.
    ///
    /// # Errors
    /// [`Error::Caller`] if the shapes do not fit each other; [`Error::Limit`] for more than 15
    /// dimensions, or numbers that the metalayer cannot hold.
    pub fn new(shape: &[u64], chunk: &[u64], block: &[u64], dtype: Option<&str>) -> Result<Self> {
        let layout = Self {
            shape: shape.to_vec(),
            chunk: chunk.to_vec(),
            block: block.to_vec(),
            dtype: dtype.map(str::to_owned),
        };
        if shape.len() > FIXARRAY_MAX {
            let what = format!("{} dimensions, at most {FIXARRAY_MAX}", shape.len());
            return Err(Error::limit(PLACE, what));
        }
        let fits = shape.iter().all(|&n| i64::try_from(n).is_ok())
            && chunk.iter().all(|&n| i32::try_from(n).is_ok())
            && dtype.is_none_or(|dtype| i32::try_from(dtype.len()).is_ok());
        if !fits {
            return Err(Error::limit(PLACE, format!("{layout} is too large")));
        }
        match layout.is_consistent() {
            true => Ok(layout),
            false => Err(Error::caller(PLACE, format!("{layout}: they do not fit"))),
        }
    }

    /// Reads the content of a metalayer `b2nd` (of 7 parts) or `caterva` (of 5).
    ///
    /// # Errors
    /// [`Error::Data`] if it contradicts itself; [`Error::Unsupported`] for another version, or a
    /// type that is not one of `NumPy`.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(PLACE, bytes);
        let typed = match reader.fixarray()? {
            7 => true,
            5 => false,
            n => return Err(Error::data(PLACE, format!("{n} parts instead of 7 or 5"))),
        };
        match reader.fixint()? {
            VERSION => {}
            n => return Err(Error::unsupported(PLACE, format!("version {n}"))),
        }
        let rank = usize::from(reader.fixint()?);
        let negative = |n: i64| Error::data(PLACE, format!("a length of {n}"));
        let mut lengths = |wide: bool| -> Result<Vec<u64>> {
            reader.fixarray_of(rank)?;
            (0..rank)
                .map(|_| {
                    let n = match wide {
                        true => reader.int64()?,
                        false => reader.int32()?.into(),
                    };
                    u64::try_from(n).map_err(|_| negative(n))
                })
                .collect()
        };
        let (shape, chunk, block) = (lengths(true)?, lengths(false)?, lengths(false)?);
        let dtype = match typed {
            true => Some(read_dtype(&mut reader)?),
            false => None,
        };
        reader.end()?;
        let layout = Self {
            shape,
            chunk,
            block,
            dtype,
        };
        match layout.is_consistent() {
            true => Ok(layout),
            false => Err(Error::data(PLACE, format!("{layout}: they do not fit"))),
        }
    }

    /// The content of the metalayer.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "`new` and `parse` have checked that the numbers fit"
    )]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.fixarray(if self.dtype.is_some() { 7 } else { 5 });
        out.fixint(VERSION);
        out.fixint(self.rank() as u8);
        out.fixarray(self.rank());
        for &n in &self.shape {
            out.int64(n as i64);
        }
        for lengths in [&self.chunk, &self.block] {
            out.fixarray(self.rank());
            for &n in lengths {
                out.int32(n as i32);
            }
        }
        if let Some(dtype) = &self.dtype {
            out.fixint(NUMPY);
            out.str32(dtype.as_bytes());
        }
        out.0
    }

    /// Finds the metalayer among those of a frame: `b2nd`, else `caterva`.
    pub(super) fn of(layers: &crate::blosc2::Metalayers) -> Result<Self> {
        let content = layers.get(B2ND).or_else(|| layers.get(CATERVA));
        let content = content.ok_or_else(|| {
            let what = "no metalayer 'b2nd' or 'caterva': a superchunk, but no array";
            Error::unsupported(PLACE, what)
        })?;
        Self::parse(content)
    }

    /// The name of its metalayer, `b2nd` or `caterva`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.dtype {
            Some(_) => B2ND,
            None => CATERVA,
        }
    }

    /// The same for an array of another shape.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn resized(&self, shape: &[u64]) -> Result<Self> {
        Self::new(shape, &self.chunk, &self.block, self.dtype.as_deref())
    }

    /// Shape of the array.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Shape of a chunk.
    #[must_use]
    pub fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// Shape of a block.
    #[must_use]
    pub fn block(&self) -> &[u64] {
        &self.block
    }

    /// The type of an element as `NumPy` writes it; Caterva says none. C-Blosc2 writes `|u1` where it was
    /// told none: the size of an element is what the frame says.
    #[must_use]
    pub fn dtype(&self) -> Option<&str> {
        self.dtype.as_deref()
    }

    /// The type of an element, and whether it is big-endian.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for Caterva, which says none, and for types that are no plain numbers.
    pub fn element(&self) -> Result<(ElementType, bool)> {
        let dtype = self.dtype().ok_or_else(|| {
            let what = "an array of Caterva does not say what its elements are; give their type";
            Error::unsupported(PLACE, what)
        })?;
        parse_descr(dtype).map_err(|e| e.at(PLACE))
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Whether the array has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// How many chunks lie along each dimension; all 0 for an empty array.
    #[must_use]
    pub fn chunk_grid(&self) -> Vec<u64> {
        match self.is_empty() {
            true => vec![0; self.rank()],
            false => ratios(&self.shape, &self.chunk),
        }
    }

    /// How many chunks there are, saturating; none in an empty array.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        match self.is_empty() {
            true => 0,
            false => Region::whole(&self.chunk_grid()).len(),
        }
    }

    /// How many blocks lie along each dimension of a chunk.
    #[must_use]
    pub fn block_grid(&self) -> Vec<u64> {
        ratios(&self.chunk, &self.block)
    }

    /// Shape of a chunk as it is stored, in whole blocks.
    #[must_use]
    pub fn padded_chunk(&self) -> Vec<u64> {
        let blocks = self.block_grid();
        blocks.iter().zip(&self.block).map(|(n, b)| n * b).collect()
    }

    /// Position of the chunk at `index` of the grid among the chunks of the frame.
    #[must_use]
    pub fn chunk_number(&self, index: &[u64]) -> u64 {
        region::offset(index, &self.chunk_grid())
    }

    /// Bytes of a decoded block.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 2 GiB.
    pub fn block_bytes(&self, typesize: usize) -> Result<usize> {
        self.bytes(&self.block, typesize)
    }

    /// Bytes of a decoded chunk, padding included.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 2 GiB.
    pub fn chunk_bytes(&self, typesize: usize) -> Result<usize> {
        self.bytes(&self.padded_chunk(), typesize)
    }

    fn bytes(&self, shape: &[u64], typesize: usize) -> Result<usize> {
        let bytes = Region::whole(shape).len().saturating_mul(typesize as u64);
        let limited = usize::try_from(bytes).ok().filter(|n| *n <= LARGEST);
        limited.ok_or_else(|| {
            let what = format!("{self}: {bytes} bytes, at most {LARGEST} make a chunk or block");
            Error::limit(PLACE, what)
        })
    }

    fn is_consistent(&self) -> bool {
        let rank = self.rank();
        rank <= FIXARRAY_MAX
            && self.chunk.len() == rank
            && self.block.len() == rank
            && self.chunk.iter().zip(&self.block).all(|(c, b)| b <= c)
            && (self.is_empty() || !self.block.contains(&0))
    }
}

impl std::fmt::Display for NdLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            shape,
            chunk,
            block,
            ..
        } = self;
        write!(f, "shape {shape:?}, chunks {chunk:?}, blocks {block:?}")
    }
}

fn read_dtype(reader: &mut Reader<'_>) -> Result<String> {
    match reader.fixint()? {
        NUMPY => {}
        n => return Err(Error::unsupported(PLACE, format!("types of format {n}"))),
    }
    let text = str::from_utf8(reader.str32()?);
    let text = text.map_err(|_| Error::data(PLACE, "the type is not text"))?;
    Ok(text.to_owned())
}

fn ratios(of: &[u64], to: &[u64]) -> Vec<u64> {
    let pairs = of.iter().zip(to);
    pairs.map(|(n, d)| n.div_ceil(*d.max(&1))).collect()
}
