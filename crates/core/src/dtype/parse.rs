//! Reading of type names and of the literals that describe records.

use super::literal::{self, Literal};
use super::{DType, Field, MAX_SIZE, code};
use crate::{ElementType, Error, Result};

/// The place that errors name until the caller puts the file there with [`Error::at`].
const PLACE: &str = "data type";

/// The ticks of time that `NumPy` knows.
const TICKS: [&str; 13] = [
    "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as",
];

/// Numbers that every machine understands in its own way.
const UNPORTABLE: [&str; 8] = [
    "f12",
    "f16",
    "c24",
    "c32",
    "float96",
    "float128",
    "complex256",
    "longdouble",
];

impl DType {
    /// Reads a type: its name, or the Python literal of a name or of a record.
    ///
    /// ```
    /// use ziggurat_core::dtype::DType;
    /// let record = DType::parse("[('a', '<i4'), ('b', [('x', '>f8')], (2,))]")?;
    /// assert_eq!(record.size(), 4 + 2 * 8);
    /// assert_eq!(DType::parse("float64")?, DType::parse("<f8")?);
    /// assert!(DType::parse("|O").is_err());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Data`] if it is no type; [`Error::Unsupported`] for Python objects and for numbers that are
    /// not the same on every machine; [`Error::Limit`] for elements over [`MAX_SIZE`].
    pub fn parse(text: &str) -> Result<Self> {
        let quoted = ['[', '{', '(', '\'', '"'];
        if !text.trim_start().starts_with(quoted) {
            return from_name(text);
        }
        from_literal(literal::parse(text.as_bytes()).ok_or_else(|| malformed(text))?)
    }
}

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::data(PLACE, format!("{what} is not a NumPy data type"))
}

fn from_name(name: &str) -> Result<DType> {
    let wrong = || malformed(format!("'{name}'"));
    let native = cfg!(target_endian = "big");
    let (big_endian, rest) = match name.as_bytes() {
        [b'>', ..] => (true, &name[1..]),
        [b'<', ..] => (false, &name[1..]),
        [b'|' | b'=', ..] => (native, &name[1..]),
        _ => (native, name),
    };
    // Long names stand alone, as `str(dtype)` gives them.
    let is_named = |e: &ElementType| e.name() == name || code(*e) == rest;
    let flag = (rest == "?").then_some(ElementType::Bool);
    if let Some(element) = ElementType::ALL.into_iter().find(is_named).or(flag) {
        return Ok(DType::Number {
            element,
            // Single bytes have no order: one type, however it is written.
            big_endian: if element.size() == 1 {
                native
            } else {
                big_endian
            },
        });
    }
    if rest.starts_with('O') || name == "object" {
        let what = "Python objects, which are pickled and never loaded; save numbers or text";
        return Err(Error::unsupported(PLACE, what));
    }
    if UNPORTABLE.contains(&rest) {
        let what = format!("'{name}' differs between machines; save it as float64 or complex128");
        return Err(Error::unsupported(PLACE, what));
    }
    let times = [
        ("datetime64", false),
        ("M8", false),
        ("timedelta64", true),
        ("m8", true),
    ];
    for (prefix, span) in times {
        if let Some(unit) = rest.strip_prefix(prefix) {
            let unit = tick(unit).ok_or_else(wrong)?;
            return Ok(DType::Time {
                span,
                unit,
                big_endian,
            });
        }
    }
    let (kind, digits) = rest.split_at_checked(1).ok_or_else(wrong)?;
    let digits = Some(digits).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let length: u64 = digits.and_then(|d| d.parse().ok()).ok_or_else(wrong)?;
    match kind {
        "S" | "a" => Ok(DType::Bytes(limited(Some(length))?)),
        "V" => Ok(DType::Void(limited(Some(length))?)),
        "U" => {
            let length = limited(length.checked_mul(4))? / 4;
            Ok(DType::Text { length, big_endian })
        }
        _ => Err(wrong()),
    }
}

/// The tick in brackets after `M8`; none is generic.
fn tick(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let unit = text.strip_prefix('[')?.strip_suffix(']')?;
    let name = unit.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = &unit[..unit.len() - name.len()];
    let counts = count.is_empty() || count.parse::<i32>().is_ok_and(|n| n > 0);
    (TICKS.contains(&name) && counts).then(|| unit.to_owned())
}

/// A size in bytes, if it is not too large.
fn limited(size: Option<u64>) -> Result<usize> {
    size.filter(|&n| n <= MAX_SIZE)
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| Error::limit(PLACE, format!("an element has at most {MAX_SIZE} bytes")))
}

fn from_literal(literal: Literal) -> Result<DType> {
    match literal {
        Literal::Text(name) => from_name(&name),
        Literal::Sequence(fields) => packed_record(fields),
        Literal::Dict(entries) => spaced_record(entries),
        other => Err(malformed(format!("{other:?}"))),
    }
}

/// A record of `(name, type)` or `(name, type, shape)`, without gaps but those that have a field.
fn packed_record(items: Vec<Literal>) -> Result<DType> {
    let mut fields = Vec::with_capacity(items.len());
    let mut at = 0;
    for item in items {
        let Literal::Sequence(parts) = item else {
            return Err(malformed("a list of other things than fields"));
        };
        let mut parts = parts.into_iter();
        let (Some(name), Some(dtype), shape, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("a field that is no name, type and shape"));
        };
        let shape = match shape {
            None => Vec::new(),
            Some(Literal::Int(n)) => vec![n],
            Some(sizes) => sizes
                .into_sizes()
                .ok_or_else(|| malformed("a shape that is no tuple"))?,
        };
        let field = field(name, at, from_literal(dtype)?, shape)?;
        at = end(&field)?;
        let is_gap = field.name.is_empty() && matches!(field.dtype, DType::Void(_));
        if !is_gap {
            fields.push(field);
        }
    }
    record(fields, at)
}

/// A record with the offsets of its fields: a dictionary of lists.
fn spaced_record(entries: Vec<(String, Literal)>) -> Result<DType> {
    let (mut names, mut formats, mut offsets, mut size) = (None, None, None, None);
    for (key, value) in entries {
        match (key.as_str(), value) {
            ("names", Literal::Sequence(items)) => names = Some(items),
            ("formats", Literal::Sequence(items)) => formats = Some(items),
            ("offsets", items) => offsets = items.into_sizes(),
            ("itemsize", Literal::Int(n)) => size = Some(n),
            ("aligned" | "titles", _) => {}
            (key, _) => return Err(malformed(format!("a record with '{key}'"))),
        }
    }
    let (Some(names), Some(formats), Some(offsets), Some(_)) = (names, formats, offsets, size)
    else {
        return Err(malformed(
            "a record without names, formats, offsets and itemsize",
        ));
    };
    if names.len() != formats.len() || names.len() != offsets.len() {
        return Err(malformed("a record with lists of several lengths"));
    }
    let size = limited(size)?;
    let mut fields = Vec::with_capacity(names.len());
    for ((name, format), offset) in names.into_iter().zip(formats).zip(offsets) {
        let (dtype, shape) = array(format)?;
        let field = field(name, limited(Some(offset))?, dtype, shape)?;
        if end(&field)? > size {
            return Err(malformed(format!(
                "a record whose field '{}' ends beyond it",
                field.name
            )));
        }
        fields.push(field);
    }
    record(fields, size)
}

/// The type of a field and the shape of the array in it, if it is `('<f4', (2, 3))`.
fn array(format: Literal) -> Result<(DType, Vec<u64>)> {
    match format {
        Literal::Sequence(parts) if !matches!(parts.first(), Some(Literal::Sequence(_))) => {
            let mut parts = parts.into_iter();
            let (Some(dtype), Some(shape), None) = (parts.next(), parts.next(), parts.next())
            else {
                return Err(malformed("a field that is no type and shape"));
            };
            let shape = shape
                .into_sizes()
                .ok_or_else(|| malformed("a shape that is no tuple"))?;
            Ok((from_literal(dtype)?, shape))
        }
        other => Ok((from_literal(other)?, Vec::new())),
    }
}

/// A field; a title beside its name is dropped.
fn field(name: Literal, offset: usize, dtype: DType, shape: Vec<u64>) -> Result<Field> {
    let name = match name {
        Literal::Text(name) => Some(name),
        Literal::Sequence(parts) => match <[Literal; 2]>::try_from(parts) {
            Ok([Literal::Text(_), Literal::Text(name)]) => Some(name),
            _ => None,
        },
        _ => None,
    };
    let name = name.ok_or_else(|| malformed("a field without a name"))?;
    sized(name, offset, dtype, shape)
}

/// A field, if it is not too large.
fn sized(name: String, offset: usize, dtype: DType, shape: Vec<u64>) -> Result<Field> {
    let count = shape.iter().try_fold(1_u64, |n, &s| n.checked_mul(s));
    limited(count.and_then(|n| n.checked_mul(dtype.size() as u64)))?;
    Ok(Field {
        name,
        offset,
        dtype,
        shape,
    })
}

/// See [`DType::record`].
pub(super) fn packed(parts: impl IntoIterator<Item = (String, DType, Vec<u64>)>) -> Result<DType> {
    let mut fields = Vec::new();
    let mut at = 0;
    for (name, dtype, shape) in parts {
        let field = sized(name, at, dtype, shape)?;
        at = end(&field)?;
        fields.push(field);
    }
    record(fields, at)
}

fn end(field: &Field) -> Result<usize> {
    limited((field.offset as u64).checked_add(field.size() as u64))
}

fn record(fields: Vec<Field>, size: usize) -> Result<DType> {
    for (i, field) in fields.iter().enumerate() {
        if field.name.is_empty() || fields[..i].iter().any(|f| f.name == field.name) {
            let name = &field.name;
            return Err(malformed(format!(
                "a record with two fields '{name}', or one without a name"
            )));
        }
    }
    match fields.is_empty() {
        true => Err(malformed("a record without fields")),
        false => Ok(DType::Record { fields, size }),
    }
}
