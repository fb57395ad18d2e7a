//! How parameters are stored.

use serde::{Deserialize, Serialize};

use super::Range;

/// The type of stored parameters.
///
/// | | stored | largest error, in ticks, of a range of zoom `z` |
/// |---|---|---|
/// | `Fixed8` ... `Fixed64` | `p 2^b`, rounded down, for `b` bits | 0 if `z <= b`, else `2^(z-b) - 1` |
/// | `Float32` | `p` in single precision | 0 if `z <= 24`, else `2^(z-24)` |
///
/// A stored parameter is never 1: what would be rounded up to it is rounded down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&str", try_from = "String")]
pub enum Precision {
    /// 8 bits.
    Fixed8,
    /// 16 bits.
    Fixed16,
    /// 32 bits.
    #[default]
    Fixed32,
    /// 64 bits: always exact.
    Fixed64,
    /// Single precision, as in the note that ranges and parameters come from.
    Float32,
}

/// Bits of the significand of a single, the hidden one too.
const SINGLE: u8 = 24;

impl Precision {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Fixed8,
        Self::Fixed16,
        Self::Fixed32,
        Self::Fixed64,
        Self::Float32,
    ];

    /// Its name in metadata: `uint8`, ... `uint64`, `float32`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed8 => "uint8",
            Self::Fixed16 => "uint16",
            Self::Fixed32 => "uint32",
            Self::Fixed64 => "uint64",
            Self::Float32 => "float32",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Bytes of a stored parameter.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Fixed8 => 1,
            Self::Fixed16 => 2,
            Self::Fixed32 | Self::Float32 => 4,
            Self::Fixed64 => 8,
        }
    }

    /// Bits of a fixed-point parameter.
    fn bits(self) -> Option<u8> {
        match self {
            Self::Float32 => None,
            _ => u8::try_from(self.size() * 8).ok(),
        }
    }

    /// The stored parameter of `tick`, which lies in `range`, in the lowest bytes.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "it is what storing in single precision means"
    )]
    pub fn encode(self, range: Range, tick: i64) -> u64 {
        let (offset, zoom) = (range.offset(tick), range.zoom());
        match self.bits() {
            Some(bits) if zoom <= bits => shifted_left(offset, bits - zoom),
            Some(bits) => offset >> (zoom - bits),
            None => {
                let p = (offset as f64 * f64::from(zoom).exp2().recip()) as f32;
                let below_one = 1.0_f32.next_down();
                u64::from(p.min(below_one).to_bits())
            }
        }
    }

    /// The tick whose parameter is stored as `stored`; not exactly, where it could not be.
    ///
    /// Whatever is stored, the tick lies in the range.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only the lowest bytes are stored; conversions from floating point saturate"
    )]
    pub fn decode(self, range: Range, stored: u64) -> i64 {
        let zoom = range.zoom();
        range.tick(match self.bits() {
            Some(bits) if zoom <= bits => shifted_right(stored, bits - zoom),
            Some(bits) => stored << (zoom - bits),
            None => {
                let p = f64::from(f32::from_bits(stored as u32));
                (p * f64::from(zoom).exp2()).round() as u64
            }
        })
    }

    /// The largest distance, in ticks, of a decoded coordinate from the one that was encoded.
    #[must_use]
    pub fn largest_error(self, zoom: u8) -> u64 {
        match self.bits() {
            Some(bits) if zoom <= bits => 0,
            Some(bits) => (1 << (zoom - bits)) - 1,
            None if zoom <= SINGLE => 0,
            None => 1 << (zoom - SINGLE),
        }
    }
}

impl From<Precision> for &str {
    fn from(precision: Precision) -> Self {
        precision.name()
    }
}

impl TryFrom<String> for Precision {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("no precision is called {name:?}"))
    }
}

/// `n 2^by`, where `by` is at most 64 and `n` then 0.
fn shifted_left(n: u64, by: u8) -> u64 {
    n.checked_shl(by.into()).unwrap_or(0)
}

/// `n / 2^by`, rounded down, where `by` is at most 64.
fn shifted_right(n: u64, by: u8) -> u64 {
    n.checked_shr(by.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lead_back() {
        for precision in Precision::ALL {
            assert_eq!(Precision::from_name(precision.name()), Some(precision));
        }
        assert_eq!(Precision::from_name("float64"), None);
    }

    #[test]
    fn a_tenth_of_a_range_is_its_parameter() {
        // From 2 s to 3 s in ticks of 1/1024 s: 2.1 s is the nearest tick below.
        let range = Range::new(2048, 10).unwrap();
        let stored = Precision::Float32.encode(range, 2048 + 102);
        assert_eq!(stored, u64::from((102.0_f32 / 1024.0).to_bits()));
        assert_eq!(Precision::Fixed8.encode(range, 2048 + 102), 25);
        assert_eq!(Precision::Fixed8.decode(range, 25), 2048 + 100);
    }

    #[test]
    fn errors_are_as_large_as_said() {
        // The worst cases reach the bound, so that it is not too wide.
        let range = Range::of(0, 20).unwrap();
        let last = range.last();
        let back = |p: Precision| p.decode(range, p.encode(range, last));
        assert_eq!(last - back(Precision::Fixed8), (1 << 12) - 1);
        assert_eq!(last - back(Precision::Fixed16), (1 << 4) - 1);
        assert_eq!(back(Precision::Float32), last);
        let range = Range::of(0, 40).unwrap();
        let stored = Precision::Float32.encode(range, range.last());
        let error = range.last() - Precision::Float32.decode(range, stored);
        assert_eq!(
            error.cast_unsigned() + 1,
            Precision::Float32.largest_error(40)
        );
    }

    proptest! {
        #[test]
        fn decoded_is_as_near_as_said(tick: i64, zoom in 0..=64_u8) {
            let range = Range::of(tick, zoom).unwrap();
            for precision in Precision::ALL {
                let stored = precision.encode(range, tick);
                prop_assert!(precision.size() == 8 || stored >> (precision.size() * 8) == 0);
                let back = precision.decode(range, stored);
                prop_assert!(range.contains(back));
                prop_assert!(back.abs_diff(tick) <= precision.largest_error(zoom));
            }
        }

        #[test]
        fn order_is_kept(a: i64, b: i64, zoom in 0..=64_u8) {
            let range = Range::of(a, zoom).unwrap();
            let b = range.tick(b.cast_unsigned());
            for precision in Precision::ALL {
                let back = |t| precision.decode(range, precision.encode(range, t));
                prop_assert!(back(a.min(b)) <= back(a.max(b)));
            }
        }

        #[test]
        fn anything_stored_decodes_into_the_range(tick: i64, zoom in 0..=64_u8, stored: u64) {
            let range = Range::of(tick, zoom).unwrap();
            for precision in Precision::ALL {
                let mask = u64::MAX >> (64 - 8 * precision.size());
                prop_assert!(range.contains(precision.decode(range, stored & mask)));
            }
        }
    }
}
