//! The header of a `NumPy` `.npy` file, versions 1 to 3.
//!
//! A file is the header, then the elements without padding, in C or Fortran order. The header is
//! magic, version, length and a Python dictionary literal with `descr`, `fortran_order` and
//! `shape`. See <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//!
//! Nothing here does I/O: [`header_size`] says how many bytes to read, [`parse_header`] reads them.

use ziggurat_core::{ElementType, Error, Result};

use crate::dtype::code;
use crate::dtype::literal::{self, Literal};

/// The first bytes of every `.npy` file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Bytes that [`header_size`] needs to see.
pub const PREFIX: usize = 12;

/// Longest header that is read: ten times what 10 000 dimensions need.
const MAX_HEADER: usize = 1 << 20;

/// Most bytes that a shape may claim: 1 PiB, more than any one file holds.
const MAX_BYTES: u64 = 1 << 50;

/// The place that errors name until the caller puts the file there with [`Error::at`].
const PLACE: &str = "npy header";

/// What a `.npy` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of the elements.
    pub element: ElementType,
    /// Size of each dimension, slowest first in C order; empty for a single number.
    pub shape: Vec<u64>,
    /// Whether the *first* dimension varies fastest.
    pub fortran: bool,
    /// Whether the elements are big-endian.
    pub big_endian: bool,
    /// Position of the first element in the file, in bytes.
    pub data_offset: u64,
}

impl Header {
    /// Bytes of all elements; [`parse_header`] has checked that this is no overflow.
    #[must_use]
    pub fn data_size(&self) -> u64 {
        let count: u64 = self.shape.iter().product();
        count * self.element.size() as u64
    }
}

/// Length of the whole header, magic included, from the first [`PREFIX`] bytes of a file (a
/// version 1 file may have as few as 10).
///
/// # Errors
/// [`Error::Data`] if this is not the start of a `.npy` file, [`Error::Unsupported`] for a version
/// above 3, [`Error::Limit`] for a header above 1 MiB.
pub fn header_size(prefix: &[u8]) -> Result<usize> {
    let short = || Error::data(PLACE, "the file ends within the header; obtain it again");
    if !MAGIC.starts_with(&prefix[..prefix.len().min(MAGIC.len())]) {
        return Err(Error::data(PLACE, "does not start with the npy magic"));
    }
    let (start, length) = match (prefix.get(6).ok_or_else(short)?, prefix.get(8..)) {
        (1, Some(&[a, b, ..])) => (10, usize::from(u16::from_le_bytes([a, b]))),
        (2 | 3, Some(&[a, b, c, d, ..])) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        (1..=3, _) => return Err(short()),
        (version, _) => {
            let what = format!("npy version {version}; save it again with a NumPy of today");
            return Err(Error::unsupported(PLACE, what));
        }
    };
    match start + length {
        size if size > MAX_HEADER => Err(Error::limit(
            PLACE,
            format!("{size} bytes long, at most {MAX_HEADER} are read"),
        )),
        size => Ok(size),
    }
}

/// Reads the header at the start of `bytes`, which may go on beyond it.
///
/// ```
/// use ziggurat_codecs::npy;
/// use ziggurat_core::ElementType;
/// let header = npy::parse_header(&npy::encode_header(ElementType::Int16, &[2, 3]))?;
/// assert_eq!((header.element, header.shape), (ElementType::Int16, vec![2, 3]));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Data`] for anything damaged or cut off; [`Error::Unsupported`] for types that are no
/// plain numbers, saying how to convert them; [`Error::Limit`] for a shape of more than 1 PiB.
/// The place in the error is `npy header`; see [`Error::at`].
pub fn parse_header(bytes: &[u8]) -> Result<Header> {
    let size = header_size(&bytes[..bytes.len().min(PREFIX)])?;
    let start = if bytes[6] == 1 { 10 } else { 12 };
    let text = bytes
        .get(start..size)
        .ok_or_else(|| Error::data(PLACE, "the file ends within the header; obtain it again"))?;
    let Some(Literal::Dict(mut entries)) = literal::parse(text) else {
        return Err(Error::data(PLACE, "is not a Python dictionary literal"));
    };
    let mut take = |key: &str| {
        let at = entries.iter().position(|(k, _)| k == key);
        at.map(|i| entries.swap_remove(i).1)
            .ok_or_else(|| Error::data(PLACE, format!("lacks '{key}'")))
    };
    let Literal::Text(descr) = take("descr")? else {
        let what = "structured elements; save each field on its own: np.save(f, a['field'])";
        return Err(Error::unsupported(PLACE, what));
    };
    let (element, big_endian) = parse_descr(&descr)?;
    let Literal::Bool(fortran) = take("fortran_order")? else {
        return Err(Error::data(
            PLACE,
            "'fortran_order' is neither True nor False",
        ));
    };
    let shape = take("shape")?.into_sizes();
    let shape = shape.ok_or_else(|| Error::data(PLACE, "'shape' is not a tuple of sizes"))?;
    check_size(&shape, element)?;
    Ok(Header {
        element,
        shape,
        fortran,
        big_endian,
        data_offset: size as u64,
    })
}

/// The header of an array in C order whose elements are in this machine's byte order.
///
/// Version 1, padded so that the elements start at a multiple of 64 bytes; version 2 if the shape
/// is so long that it does not fit.
#[must_use]
pub fn encode_header(element: ElementType, shape: &[u64]) -> Vec<u8> {
    let order = match (element.size(), cfg!(target_endian = "big")) {
        (1, _) => '|',
        (_, true) => '>',
        (_, false) => '<',
    };
    let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let dict = format!(
        "{{'descr': '{order}{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        code(element),
        sizes.join(", "),
    );
    let padded = |start: usize| (start + dict.len() + 1).next_multiple_of(64) - start;
    let mut out = MAGIC.to_vec();
    if let Ok(length) = u16::try_from(padded(10)) {
        out.extend([1, 0]);
        out.extend(length.to_le_bytes());
    } else {
        out.extend([2, 0]);
        out.extend(u32::try_from(padded(12)).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend(dict.as_bytes());
    out.resize((out.len() + 1).next_multiple_of(64) - 1, b' ');
    out.push(b'\n');
    out
}

/// Element type and whether it is big-endian.
pub(crate) fn parse_descr(descr: &str) -> Result<(ElementType, bool)> {
    let (big_endian, name) = match descr.as_bytes() {
        [b'>', ..] => (true, &descr[1..]),
        [b'<', ..] => (false, &descr[1..]),
        [b'|' | b'=', ..] => (cfg!(target_endian = "big"), &descr[1..]),
        _ => (cfg!(target_endian = "big"), descr),
    };
    if let Some(element) = ElementType::ALL.into_iter().find(|&e| code(e) == name) {
        return Ok((element, big_endian));
    }
    let advice = match name.as_bytes().first() {
        Some(b'O') => "it holds pickled Python objects, which are never loaded; save numbers",
        Some(b'M' | b'm') => "save its ticks: np.save(f, a.view('int64'))",
        Some(b'f' | b'c') => "save it as float64 or complex128: np.save(f, a.astype('float64'))",
        Some(b'U' | b'S' | b'a') => "it holds text, not numbers",
        _ => "save it as one of NumPy's plain numbers",
    };
    let what = format!("elements of type '{descr}': {advice}");
    Err(Error::unsupported(PLACE, what))
}

fn check_size(shape: &[u64], element: ElementType) -> Result<()> {
    // Zeros last: a shape such as (10^18, 10^18, 0) holds nothing, but is no honest claim either.
    let claimed = shape
        .iter()
        .filter(|&&s| s != 0)
        .try_fold(element.size() as u64, |n, &s| {
            n.checked_mul(s).filter(|&n| n <= MAX_BYTES)
        });
    claimed.map(|_| ()).ok_or_else(|| {
        let what = format!("shape {shape:?} of {element} is more than 1 PiB");
        Error::limit(PLACE, what)
    })
}

#[cfg(test)]
mod tests;
