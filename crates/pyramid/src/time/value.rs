//! Values that are weighed with time.

use half::f16;
use ziggurat_core::{ElementType, Error, Result};

use crate::aggregate::Sample;

/// A sample, and the type in which values times nanoseconds are summed: exactly for integers.
pub(super) trait Value: Sample {
    type Wide: Sample;

    fn wide(self) -> Self::Wide;

    /// A mean of wide values, which lies between them.
    fn narrow(mean: Self::Wide) -> Self;
}

macro_rules! value {
    ($($t:ty => $wide:ty, $widen:expr, $narrow:expr;)*) => {$(
        impl Value for $t {
            type Wide = $wide;

            fn wide(self) -> $wide {
                $widen(self)
            }

            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                trivial_numeric_casts,
                reason = "it lies between values of the type; floats are rounded"
            )]
            fn narrow(mean: $wide) -> Self {
                $narrow(mean)
            }
        }
    )*};
}
value! {
    i8 => i64, i64::from, |v| v as Self;
    i16 => i64, i64::from, |v| v as Self;
    i32 => i64, i64::from, |v| v as Self;
    i64 => i64, |v| v, |v| v;
    u8 => i64, i64::from, |v| v as Self;
    u16 => i64, i64::from, |v| v as Self;
    u32 => i64, i64::from, |v| v as Self;
    u64 => u64, |v| v, |v| v;
    f16 => f64, f64::from, Self::from_f64;
    f32 => f64, f64::from, |v| v as Self;
    f64 => f64, |v| v, |v| v;
}

/// Something that is done for the type of elements.
pub(super) trait ForValue {
    type Done;

    fn with<T: Value>(self) -> Result<Self::Done>;
}

/// Does it for elements of this type; bools are bytes.
pub(super) fn for_value<A: ForValue>(element: ElementType, action: A) -> Result<A::Done> {
    match element {
        ElementType::Bool | ElementType::UInt8 => action.with::<u8>(),
        ElementType::UInt16 => action.with::<u16>(),
        ElementType::UInt32 => action.with::<u32>(),
        ElementType::UInt64 => action.with::<u64>(),
        ElementType::Int8 => action.with::<i8>(),
        ElementType::Int16 => action.with::<i16>(),
        ElementType::Int32 => action.with::<i32>(),
        ElementType::Int64 => action.with::<i64>(),
        ElementType::Float16 => action.with::<f16>(),
        ElementType::Float32 => action.with::<f32>(),
        ElementType::Float64 => action.with::<f64>(),
        ElementType::Complex64 | ElementType::Complex128 => Err(Error::unsupported(
            "aggregation in time",
            format!("{element} values; aggregate their parts"),
        )),
    }
}
