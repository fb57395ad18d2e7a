//! Compressors and filters by the numbers that Blosc2 gives them.

use ziggurat_core::codec::blosc::streams::Compressor;
use ziggurat_core::{Error, Result};

/// The place that errors name.
const PLACE: &str = "blosc2";

/// The number of a compressor, which frames and extended headers hold. (A chunk's own flags hold the
/// number of the format of its streams, which lz4 and lz4hc share.)
pub(super) const fn code_of(compressor: Compressor) -> u8 {
    match compressor {
        Compressor::Blosclz => 0,
        Compressor::Lz4 => 1,
        Compressor::Lz4hc => 2,
        Compressor::Snappy => 3,
        Compressor::Zlib => 4,
        Compressor::Zstd => 5,
    }
}

/// The compressor with this number; an error names the plugin that has it.
pub(super) fn compressor_of(code: u8) -> Result<Compressor> {
    let name = match code {
        0 => return Ok(Compressor::Blosclz),
        1 => return Ok(Compressor::Lz4),
        2 => return Ok(Compressor::Lz4hc),
        3 => return Ok(Compressor::Snappy),
        4 => return Ok(Compressor::Zlib),
        5 => return Ok(Compressor::Zstd),
        32 => "the plugin 'ndlz'".to_owned(),
        33..=35 => "the plugin 'zfp'".to_owned(),
        36 => "the plugin 'openhtj2k'".to_owned(),
        37 => "the plugin 'grok'".to_owned(),
        38 => "the plugin 'openzl'".to_owned(),
        39 => "the plugin 'j2k'".to_owned(),
        40 => "the plugin 'htj2k'".to_owned(),
        _ => format!("codec {code}, which is registered nowhere"),
    };
    let what = format!("compressed with {name}; write it again with zstd, lz4, zlib or blosclz");
    Err(Error::unsupported(PLACE, what))
}

/// A step between the elements and the compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// First the first bytes of all groups, then the second ones, and so on.
    Shuffle {
        /// Bytes of a group; 0 for those of an element.
        group: u8,
    },
    /// The bits of all elements sorted by their place in an element.
    Bitshuffle,
    /// Exclusive or with the first block of the chunk; in that block, with the element before.
    Delta,
    /// Sets the low bits of the mantissa of `float32` or `float64` to 0. Not undone by reading.
    Truncate {
        /// Bits of the mantissa that are kept; if negative, how many are dropped.
        bits: i8,
    },
}

/// The number that says shuffle.
const SHUFFLE: u8 = 1;

/// At most six filters, in the order in which they were applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    slots: [Option<Filter>; Self::MAX],
}

impl Filters {
    /// Most filters of one chunk.
    pub const MAX: usize = 6;

    /// These filters, in the last slots, where Blosc2 puts them.
    ///
    /// # Errors
    /// [`Error::Caller`] for more than six.
    pub fn new(filters: &[Filter]) -> Result<Self> {
        let first = Self::MAX.checked_sub(filters.len()).ok_or_else(|| {
            let what = format!("{} filters, at most {} are kept", filters.len(), Self::MAX);
            Error::caller(PLACE, what)
        })?;
        let mut slots = [None; Self::MAX];
        for (slot, filter) in slots[first..].iter_mut().zip(filters) {
            *slot = Some(*filter);
        }
        Ok(Self { slots })
    }

    /// Byte shuffle alone, which suits most numbers.
    #[must_use]
    pub fn shuffle() -> Self {
        let mut slots = [None; Self::MAX];
        slots[Self::MAX - 1] = Some(Filter::Shuffle { group: 0 });
        Self { slots }
    }

    /// Filters in the order in which they were applied.
    #[must_use = "an iterator does nothing by itself"]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Filter> {
        self.slots.into_iter().flatten()
    }

    /// Whether the bytes of elements are gathered, so that streams of single bytes pay.
    #[must_use]
    pub fn shuffles(&self) -> bool {
        self.iter().any(|f| matches!(f, Filter::Shuffle { .. }))
    }

    /// Whether blocks refer to the first block of their chunk.
    #[must_use]
    pub fn refers_to_first(&self) -> bool {
        self.iter().any(|f| f == Filter::Delta)
    }

    /// The filters of these numbers and of what each is told.
    ///
    /// # Errors
    /// [`Error::Unsupported`] that names the plugin that has a filter.
    pub fn of_codes(codes: [u8; Self::MAX], meta: [u8; Self::MAX]) -> Result<Self> {
        let mut slots = [None; Self::MAX];
        for ((slot, code), meta) in slots.iter_mut().zip(codes).zip(meta) {
            *slot = match code {
                0 => None,
                SHUFFLE => Some(Filter::Shuffle { group: meta }),
                2 => Some(Filter::Bitshuffle),
                3 => Some(Filter::Delta),
                4 => Some(Filter::Truncate {
                    bits: meta.cast_signed(),
                }),
                _ => return Err(unknown_filter(code)),
            };
        }
        Ok(Self { slots })
    }

    /// The numbers of the filters, and what each is told.
    #[must_use]
    pub fn codes(&self) -> ([u8; Self::MAX], [u8; Self::MAX]) {
        let coded = self.slots.map(|slot| match slot {
            None => (0, 0),
            Some(Filter::Shuffle { group }) => (SHUFFLE, group),
            Some(Filter::Bitshuffle) => (2, 0),
            Some(Filter::Delta) => (3, 0),
            Some(Filter::Truncate { bits }) => (4, bits.cast_unsigned()),
        });
        (coded.map(|c| c.0), coded.map(|c| c.1))
    }
}

fn unknown_filter(code: u8) -> Error {
    let name = match code {
        32 => "the plugin 'ndcell'".to_owned(),
        33 => "the plugin 'ndmean'".to_owned(),
        34 | 35 => "the plugin 'bytedelta'".to_owned(),
        36 => "the plugin 'int_trunc'".to_owned(),
        _ => format!("filter {code}, which is registered nowhere"),
    };
    let what = format!("filtered with {name}; write it again with shuffle or bitshuffle");
    Error::unsupported(PLACE, what)
}
