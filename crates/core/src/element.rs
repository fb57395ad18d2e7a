//! Element types: the fixed-size numbers that blocks hold.

use crate::{Error, Result};

/// The type of one array element, named as in Zarr.
///
/// In memory elements are native-endian, and a complex number is its real part, then its
/// imaginary part. Arrays of other Zarr types (strings, structs, ...) are read through `zarrs`.
///
/// ```
/// use ziggurat_core::ElementType;
/// assert_eq!(ElementType::Float32.size(), 4);
/// assert_eq!("int16".parse::<ElementType>()?, ElementType::Int16);
/// assert_eq!(ElementType::Complex64.to_string(), "complex64");
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are Zarr's own")]
pub enum ElementType {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
    Complex64,
    Complex128,
}

impl ElementType {
    /// All element types.
    pub const ALL: [Self; 14] = [
        Self::Bool,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::UInt8,
        Self::UInt16,
        Self::UInt32,
        Self::UInt64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
        Self::Complex64,
        Self::Complex128,
    ];

    /// Bytes per element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 | Self::Float16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float32 => 4,
            Self::Int64 | Self::UInt64 | Self::Float64 | Self::Complex64 => 8,
            Self::Complex128 => 16,
        }
    }

    /// The Zarr v3 data type name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::UInt8 => "uint8",
            Self::UInt16 => "uint16",
            Self::UInt32 => "uint32",
            Self::UInt64 => "uint64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
        }
    }

    /// Whether this is a real floating point type, whose missing value may be NaN.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::Float16 | Self::Float32 | Self::Float64)
    }

    /// Whether this is a signed or unsigned integer type (not bool).
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::UInt8
                | Self::UInt16
                | Self::UInt32
                | Self::UInt64
        )
    }

    /// Bytes that belong together when the byte order is changed: the size, or half of it for complex.
    #[must_use]
    pub const fn word(self) -> usize {
        match self {
            Self::Complex64 | Self::Complex128 => self.size() / 2,
            _ => self.size(),
        }
    }
}

impl std::fmt::Display for ElementType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ElementType {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|t| t.name() == name)
            .ok_or_else(|| Error::unsupported(name, "not a fixed-size numeric data type"))
    }
}

/// A Rust type that is the in-memory form of an [`ElementType`].
///
/// Only types whose every bit pattern is valid (no `bool`) implement it, so bytes can be viewed as values.
pub trait Element: bytemuck::Pod + Send + Sync + PartialEq + std::fmt::Debug {
    /// The element type.
    const TYPE: ElementType;

    /// The value in its native-endian bytes, which may be unaligned.
    ///
    /// # Panics
    /// If `bytes` has not the size of the type.
    #[must_use]
    fn from_ne(bytes: &[u8]) -> Self {
        bytemuck::pod_read_unaligned(bytes)
    }
}

macro_rules! element {
    ($($t:ty => $v:ident),*) => {$(
        impl Element for $t {
            const TYPE: ElementType = ElementType::$v;
        }
    )*};
}
element!(i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, u8 => UInt8, u16 => UInt16, u32 => UInt32,
    u64 => UInt64, half::f16 => Float16, f32 => Float32, f64 => Float64);

/// The values in native-endian `bytes`, which may be unaligned; a remainder is dropped.
#[must_use]
pub fn to_values<T: Element>(bytes: &[u8]) -> Vec<T> {
    let whole = bytes.len() / size_of::<T>() * size_of::<T>();
    bytemuck::pod_collect_to_vec(&bytes[..whole])
}

/// The native-endian bytes of `values`.
#[must_use]
pub fn to_bytes<T: Element>(values: &[T]) -> Vec<u8> {
    bytemuck::cast_slice(values).to_vec()
}
