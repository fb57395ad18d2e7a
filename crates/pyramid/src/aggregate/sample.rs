//! Numbers that can be aggregated.

use half::f16;
use ziggurat_core::{Element, Scalar};

/// An element with the arithmetic of aggregation.
pub(crate) trait Sample: Element + PartialOrd {
    /// Type in which sums are exact (integers) or double precision (floats).
    type Sum: Copy + Default + std::fmt::Debug + Send + Sync + std::ops::AddAssign;

    /// No value is larger: the start of a minimum.
    const TOP: Self;
    /// No value is smaller: the start of a maximum.
    const BOTTOM: Self;

    /// What says "missing" without being declared.
    const NAN: Option<Self>;

    /// As an addend.
    fn widen(self) -> Self::Sum;

    /// The sum of `n` of it.
    fn times(self, n: u64) -> Self::Sum;

    /// Whether it is NaN.
    fn is_nan(self) -> bool;

    /// `sum / count`, rounded once: floats to nearest, integers half to even. `count` is not 0.
    fn mean(sum: Self::Sum, count: u64) -> Self;

    /// A sum in double precision.
    fn sum_f64(sum: Self::Sum) -> f64;

    /// A sum as a 64-bit integer of the same signedness, wrapped if it does not fit.
    fn sum_bits(sum: Self::Sum) -> u64;

    /// The value of a scalar, if this type holds it.
    fn from_scalar(value: Scalar) -> Option<Self> {
        let bytes = value.to_element(Self::TYPE)?;
        ziggurat_core::element::to_values(&bytes).first().copied()
    }
}

macro_rules! integer {
    ($($t:ty => $sum:ty),*) => {$(
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_possible_wrap,
            clippy::cast_lossless,
            trivial_numeric_casts,
            reason = "a mean lies between values of the type; other conversions are documented"
        )]
        impl Sample for $t {
            type Sum = $sum;
            const TOP: Self = Self::MAX;
            const BOTTOM: Self = Self::MIN;
            const NAN: Option<Self> = None;

            fn widen(self) -> $sum {
                self as $sum
            }

            fn times(self, n: u64) -> $sum {
                self as $sum * n as $sum
            }

            fn is_nan(self) -> bool {
                false
            }

            fn mean(sum: $sum, count: u64) -> Self {
                let n = count as $sum;
                let (quotient, rest) = (sum.div_euclid(n), sum.rem_euclid(n));
                let up = rest * 2 > n || (rest * 2 == n && quotient % 2 != 0);
                (quotient + up as $sum) as Self
            }

            fn sum_f64(sum: $sum) -> f64 {
                sum as f64
            }

            fn sum_bits(sum: $sum) -> u64 {
                sum as u64
            }
        }
    )*};
}
integer!(i8 => i64, i16 => i64, i32 => i64, u8 => i64, u16 => i64, u32 => i64, i64 => i128, u64 => i128);

macro_rules! float {
    ($($t:ty, $narrow:expr);*) => {$(
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are far below 2^53; sums of floats are never asked as bits"
        )]
        impl Sample for $t {
            type Sum = f64;
            const TOP: Self = Self::INFINITY;
            const BOTTOM: Self = Self::NEG_INFINITY;
            const NAN: Option<Self> = Some(Self::NAN);

            fn widen(self) -> f64 {
                f64::from(self)
            }

            fn times(self, n: u64) -> f64 {
                f64::from(self) * n as f64
            }

            fn is_nan(self) -> bool {
                Self::is_nan(self)
            }

            fn mean(sum: f64, count: u64) -> Self {
                $narrow(sum / count as f64)
            }

            fn sum_f64(sum: f64) -> f64 {
                sum
            }

            fn sum_bits(sum: f64) -> u64 {
                sum as u64
            }
        }
    )*};
}
float!(f16, f16::from_f64; f32, |v: f64| v as f32; f64, |v| v);
