//! Single values, and their exact conversion to and from the bytes of an element.

use half::f16;

use crate::ElementType;

/// A number that keeps all 64-bit integers exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A floating point value (NaN included).
    Float(f64),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
}

impl Scalar {
    /// As `f64`, rounded where it does not fit.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "documented")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Float(v) => v,
            Self::Int(v) => v as f64,
            Self::UInt(v) => v as f64,
        }
    }

    /// Native-endian bytes of one `element`, or `None` if the value does not fit it exactly.
    #[must_use]
    pub fn to_element(self, element: ElementType) -> Option<Vec<u8>> {
        to_element(self, element)
    }

    /// The value in the native-endian `bytes` of one `element`; `None` for complex types.
    #[must_use]
    pub fn from_element(bytes: &[u8], element: ElementType) -> Option<Self> {
        from_element(bytes, element)
    }
}

/// See [`Scalar::to_element`].
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "every narrowing is checked by converting back"
)]
fn to_element(value: Scalar, element: ElementType) -> Option<Vec<u8>> {
    /// The value as an integer, if it is one.
    fn integer(value: Scalar) -> Option<i128> {
        match value {
            Scalar::Int(v) => Some(v.into()),
            Scalar::UInt(v) => Some(v.into()),
            Scalar::Float(v) => (v.fract() == 0.0 && v.abs() < 2e19).then_some(v as i128),
        }
    }
    macro_rules! int {
        ($t:ty) => {
            <$t>::try_from(integer(value)?).ok()?.to_ne_bytes().to_vec()
        };
    }
    let float = value.as_f64();
    Some(match element {
        ElementType::Bool => vec![u8::try_from(integer(value)?).ok().filter(|v| *v < 2)?],
        ElementType::Int8 => int!(i8),
        ElementType::Int16 => int!(i16),
        ElementType::Int32 => int!(i32),
        ElementType::Int64 => int!(i64),
        ElementType::UInt8 => int!(u8),
        ElementType::UInt16 => int!(u16),
        ElementType::UInt32 => int!(u32),
        ElementType::UInt64 => int!(u64),
        ElementType::Float16 => f16::from_f64(float).to_ne_bytes().to_vec(),
        // A nodata value such as -9.99e33 is declared in decimal: the nearest float is meant.
        ElementType::Float32 => (float as f32).to_ne_bytes().to_vec(),
        ElementType::Float64 => float.to_ne_bytes().to_vec(),
        ElementType::Complex64 => [(float as f32).to_ne_bytes(), 0f32.to_ne_bytes()].concat(),
        ElementType::Complex128 => [float.to_ne_bytes(), 0f64.to_ne_bytes()].concat(),
    })
}

/// See [`Scalar::from_element`].
fn from_element(bytes: &[u8], element: ElementType) -> Option<Scalar> {
    macro_rules! read {
        ($t:ty, $v:ident) => {
            Scalar::$v(<$t>::from_ne_bytes(bytes.try_into().ok()?).into())
        };
    }
    Some(match element {
        ElementType::Bool | ElementType::UInt8 => read!(u8, UInt),
        ElementType::Int8 => read!(i8, Int),
        ElementType::Int16 => read!(i16, Int),
        ElementType::Int32 => read!(i32, Int),
        ElementType::Int64 => read!(i64, Int),
        ElementType::UInt16 => read!(u16, UInt),
        ElementType::UInt32 => read!(u32, UInt),
        ElementType::UInt64 => read!(u64, UInt),
        ElementType::Float16 => read!(f16, Float),
        ElementType::Float32 => read!(f32, Float),
        ElementType::Float64 => read!(f64, Float),
        ElementType::Complex64 | ElementType::Complex128 => return None,
    })
}
