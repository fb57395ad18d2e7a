//! Compressors and filters by the numbers that Blosc2 gives them.

use ziggurat_core::{Error, Result};

/// The place that errors name.
const PLACE: &str = "blosc2";

/// A compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are their own")]
pub enum Compressor {
    /// Read only.
    Blosclz,
    Lz4,
    Lz4hc,
    /// Read only; Blosc 1 had it.
    Snappy,
    Zlib,
    Zstd,
}

impl Compressor {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Blosclz,
        Self::Lz4,
        Self::Lz4hc,
        Self::Snappy,
        Self::Zlib,
        Self::Zstd,
    ];

    /// The number of the compressor, which frames and extended headers hold.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Blosclz => 0,
            Self::Lz4 => 1,
            Self::Lz4hc => 2,
            Self::Snappy => 3,
            Self::Zlib => 4,
            Self::Zstd => 5,
        }
    }

    /// The number of what it makes, which chunks hold: lz4 and lz4hc make the same.
    #[must_use]
    pub const fn format(self) -> u8 {
        match self {
            Self::Blosclz => 0,
            Self::Lz4 | Self::Lz4hc => 1,
            Self::Snappy => 2,
            Self::Zlib => 3,
            Self::Zstd => 4,
        }
    }

    /// The compressor with this code.
    ///
    /// # Errors
    /// [`Error::Unsupported`] that names the plugin that has it.
    pub fn of_code(code: u8) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|c| c.code() == code);
        known.ok_or_else(|| {
            let name = match code {
                32 => "the plugin 'ndlz'".to_owned(),
                33..=35 => "the plugin 'zfp'".to_owned(),
                36 => "the plugin 'openhtj2k'".to_owned(),
                37 => "the plugin 'grok'".to_owned(),
                38 => "the plugin 'openzl'".to_owned(),
                39 => "the plugin 'j2k'".to_owned(),
                40 => "the plugin 'htj2k'".to_owned(),
                _ => format!("codec {code}, which is registered nowhere"),
            };
            let what =
                format!("compressed with {name}; write it again with zstd, lz4, zlib or blosclz");
            Error::unsupported(PLACE, what)
        })
    }
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
