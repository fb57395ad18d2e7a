//! `NumPy` data types: what one element is, down to the fields of a record.
//!
//! Files of the `NumPy` world name types in two ways: `dtype.str` (`<f8`, `|S5`, `>M8[ns]`) or its long
//! form (`float64`, `datetime64[ns]`), and for records a list of fields, `[('a', '<i4'), ('b', '<f8',
//! (2,))]`, or the dictionary that stands for a record with gaps. [`DType::parse`] reads them all.
//! Python objects (`O`) are pickled in files and therefore refused.
//!
//! Source: <https://numpy.org/doc/stable/reference/arrays.dtypes.html>.

pub mod literal;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::{ElementType, Result};

/// The largest element: `NumPy` counts its bytes in a C `int`.
pub const MAX_SIZE: u64 = i32::MAX as u64;

/// The type of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DType {
    /// A number or boolean.
    Number {
        /// Which.
        element: ElementType,
        /// Its byte order; of no meaning for single bytes.
        big_endian: bool,
    },
    /// A point in time or a span, as `int64` ticks; the smallest value is "not a time".
    Time {
        /// Whether it is a span (`timedelta64`) and no point since 1970 (`datetime64`).
        span: bool,
        /// The tick, such as `ns` or `25s`; empty if it is generic.
        unit: String,
        /// Byte order.
        big_endian: bool,
    },
    /// Text of bytes, of this many, padded with zeros.
    Bytes(usize),
    /// Text of this many code points (UCS-4), padded with zeros.
    Text {
        /// Code points.
        length: usize,
        /// Byte order.
        big_endian: bool,
    },
    /// Bytes of no meaning here.
    Void(usize),
    /// A record.
    Record {
        /// Fields in order of their names; they do not overlap one another in what `NumPy` writes, but may.
        fields: Vec<Field>,
        /// Bytes of the record, gaps included.
        size: usize,
    },
}

/// A field of a record: one value, or an array of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, unique in the record.
    pub name: String,
    /// Where it starts in the record, in bytes.
    pub offset: usize,
    /// Type of one value.
    pub dtype: DType,
    /// Shape of the array that every record holds; empty for one value.
    pub shape: Vec<u64>,
}

impl Field {
    /// Bytes that the field takes in a record.
    #[must_use]
    pub fn size(&self) -> usize {
        let count: u64 = self.shape.iter().product();
        self.dtype.size() * usize::try_from(count).unwrap_or(usize::MAX)
    }
}

impl DType {
    /// The type of native-endian numbers.
    #[must_use]
    pub const fn number(element: ElementType) -> Self {
        Self::Number {
            element,
            big_endian: cfg!(target_endian = "big"),
        }
    }

    /// The record of fields (name, type and shape of what it holds of it) without gaps.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) if there are none, or two of one name;
    /// [`Error::Limit`](crate::Error::Limit) over [`MAX_SIZE`].
    pub fn record(fields: impl IntoIterator<Item = (String, Self, Vec<u64>)>) -> Result<Self> {
        parse::packed(fields)
    }

    /// Bytes of one element; at most [`MAX_SIZE`], and 0 for text of no length.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Number { element, .. } => element.size(),
            Self::Time { .. } => 8,
            Self::Bytes(size) | Self::Void(size) | Self::Record { size, .. } => *size,
            Self::Text { length, .. } => 4 * length,
        }
    }

    /// The size of what Blosc should shuffle: a number or code point; 1 for whatever is longer than 255.
    #[must_use]
    pub fn shuffle_size(&self) -> usize {
        match self {
            Self::Bytes(_) => 1,
            Self::Text { .. } => 4,
            _ => Some(self.size())
                .filter(|n| (1..=255).contains(n))
                .unwrap_or(1),
        }
    }

    /// Whether the bytes of elements are in the order of this machine.
    #[must_use]
    pub fn is_native(&self) -> bool {
        match self {
            Self::Number { big_endian, .. }
            | Self::Time { big_endian, .. }
            | Self::Text { big_endian, .. } => {
                self.word() == 1 || *big_endian == cfg!(target_endian = "big")
            }
            Self::Bytes(_) | Self::Void(_) => true,
            Self::Record { fields, .. } => fields.iter().all(|f| f.dtype.is_native()),
        }
    }

    /// The type of the same elements in the byte order of this machine.
    #[must_use]
    pub fn to_native(&self) -> Self {
        let mut native = self.clone();
        match &mut native {
            Self::Number { big_endian, .. }
            | Self::Time { big_endian, .. }
            | Self::Text { big_endian, .. } => *big_endian = cfg!(target_endian = "big"),
            Self::Bytes(_) | Self::Void(_) => {}
            Self::Record { fields, .. } => {
                for field in fields {
                    field.dtype = field.dtype.to_native();
                }
            }
        }
        native
    }

    /// Brings `elements` of this type into the byte order of this machine, in place, or back.
    ///
    /// ```
    /// use ziggurat_core::dtype::DType;
    /// let mut elements = [0, 1, 0, 2];
    /// DType::parse(">u2")?.swap_to_native(&mut elements);
    /// assert_eq!(elements, [1_u16.to_ne_bytes(), 2_u16.to_ne_bytes()].concat()[..]);
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    pub fn swap_to_native(&self, elements: &mut [u8]) {
        if self.is_native() || self.size() == 0 {
            return;
        }
        let Self::Record { fields, size } = self else {
            for word in elements.chunks_exact_mut(self.word()) {
                word.reverse();
            }
            return;
        };
        for record in elements.chunks_exact_mut(*size) {
            for field in fields {
                let end = field.offset + field.size();
                field.dtype.swap_to_native(&mut record[field.offset..end]);
            }
        }
    }

    /// Bytes that change places together when the byte order changes.
    fn word(&self) -> usize {
        match self {
            Self::Number { element, .. } => element.word(),
            Self::Time { .. } => 8,
            Self::Text { .. } => 4,
            Self::Bytes(_) | Self::Void(_) | Self::Record { .. } => 1,
        }
    }

    /// The Python literal that stands for the type: `'<f8'`, or the list of fields of a record.
    ///
    /// Gaps in a record are written as fields without a name, as in `.npy` files. A record whose fields
    /// overlap or are not in the order of their offsets has no such list, nor one with both quotes in a
    /// name: `None`.
    #[must_use]
    pub fn to_literal(&self) -> Option<String> {
        let Self::Record { fields, size } = self else {
            return Some(format!("'{self}'"));
        };
        let mut items = Vec::new();
        let mut at = 0;
        for field in fields {
            items.extend(padding(field.offset.checked_sub(at)?));
            let sizes: Vec<String> = field.shape.iter().map(|n| format!("{n},")).collect();
            let shape = match sizes.is_empty() {
                true => String::new(),
                false => format!(", ({})", sizes.concat()),
            };
            let dtype = field.dtype.to_literal()?;
            items.push(format!("({}, {dtype}{shape})", quoted(&field.name)?));
            at = field.offset + field.size();
        }
        items.extend(padding(size.checked_sub(at)?));
        Some(format!("[{}]", items.join(", ")))
    }
}

/// A name as Python writes it, in the quotes that it does not hold.
fn quoted(name: &str) -> Option<String> {
    let quote = ['\'', '"'].into_iter().find(|&q| !name.contains(q))?;
    Some(format!("{quote}{name}{quote}"))
}

/// The field that stands for a gap.
fn padding(gap: usize) -> Option<String> {
    (gap > 0).then(|| format!("('', '|V{gap}')"))
}

/// The `dtype.str` of `NumPy`, such as `<f8`; a record, whose `dtype.str` does not name its fields, is the
/// literal of [`DType::to_literal`] or, if there is none, `|V` and its size.
impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = |big: bool| if big { '>' } else { '<' };
        match self {
            Self::Number { element, .. } if element.size() == 1 => write!(f, "|{}", code(*element)),
            Self::Number {
                element,
                big_endian,
            } => {
                write!(f, "{}{}", order(*big_endian), code(*element))
            }
            Self::Time {
                span,
                unit,
                big_endian,
            } => {
                let kind = if *span { 'm' } else { 'M' };
                write!(f, "{}{kind}8", order(*big_endian))?;
                match unit.as_str() {
                    "" => Ok(()),
                    unit => write!(f, "[{unit}]"),
                }
            }
            Self::Bytes(size) => write!(f, "|S{size}"),
            Self::Text { length, big_endian } => write!(f, "{}U{length}", order(*big_endian)),
            Self::Void(size) => write!(f, "|V{size}"),
            Self::Record { size, .. } => match self.to_literal() {
                Some(literal) => f.write_str(&literal),
                None => write!(f, "|V{size}"),
            },
        }
    }
}

/// The kind and size that stand for `element` in `dtype.str`: `f8`, `b1`.
#[must_use]
pub const fn code(element: ElementType) -> &'static str {
    match element {
        ElementType::Bool => "b1",
        ElementType::Int8 => "i1",
        ElementType::Int16 => "i2",
        ElementType::Int32 => "i4",
        ElementType::Int64 => "i8",
        ElementType::UInt8 => "u1",
        ElementType::UInt16 => "u2",
        ElementType::UInt32 => "u4",
        ElementType::UInt64 => "u8",
        ElementType::Float16 => "f2",
        ElementType::Float32 => "f4",
        ElementType::Float64 => "f8",
        ElementType::Complex64 => "c8",
        ElementType::Complex128 => "c16",
    }
}
