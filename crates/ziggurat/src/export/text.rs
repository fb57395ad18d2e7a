//! Printing values.

use std::fmt::{self, Display};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use ziggurat_core::{Element, ElementType, Error, Result, Scalar};

use super::cells::Cells;
use super::{Image, Options};

/// Prints the values to standard output; a reader that goes away early is no error.
pub(super) fn print(path: &Path, image: &Image<'_>, _: &Options) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match render(&mut out, image).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|e| Error::io(path, "write to standard output", e)),
    }
}

/// One line per row of the last dimension with spaces between values, an empty line between planes.
///
/// Values have every digit that is needed to read them back exactly. Missing values are `nan` in
/// float arrays and `_` in others; `bool` is 0 or 1; complex numbers are like `1.0-2.5j`.
pub(super) fn render(out: &mut impl Write, image: &Image<'_>) -> io::Result<()> {
    let shape = image.variable.shape();
    let element = image.variable.element;
    let cells = Cells::new(image.variable);
    let missing = if element.is_float() { "nan" } else { "_" };
    let mut sizes = shape.iter().rev().copied().chain([1, 1]);
    let mut next = || usize::try_from(sizes.next().unwrap_or(1)).unwrap_or(usize::MAX);
    let (width, height) = (next(), next());
    if image.bytes.is_empty() {
        return Ok(());
    }
    let rows = image.bytes.chunks_exact(width * element.size());
    for (i, row) in rows.enumerate() {
        if i > 0 && i % height == 0 {
            out.write_all(b"\n")?;
        }
        for (j, cell) in row.chunks_exact(element.size()).enumerate() {
            let space = if j == 0 { "" } else { " " };
            if cells.is_missing(cell) {
                write!(out, "{space}{missing}")?;
            } else {
                write!(out, "{space}{}", Cell(element, cell))?;
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Native-endian bytes of one element, displayed exactly.
struct Cell<'a>(ElementType, &'a [u8]);

impl Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(element, bytes) = *self;
        match element {
            ElementType::Float32 => write!(f, "{:?}", f32::from_ne(bytes)),
            ElementType::Complex64 => complex(f, bytes, |b| format!("{:?}", f32::from_ne(b))),
            ElementType::Complex128 => complex(f, bytes, |b| format!("{:?}", f64::from_ne(b))),
            _ => match Scalar::from_element(bytes, element) {
                Some(Scalar::Float(v)) => write!(f, "{v:?}"),
                Some(Scalar::Int(v)) => write!(f, "{v}"),
                Some(Scalar::UInt(v)) => write!(f, "{v}"),
                None => Ok(()),
            },
        }
    }
}

fn complex(f: &mut fmt::Formatter<'_>, bytes: &[u8], part: fn(&[u8]) -> String) -> fmt::Result {
    let (re, im) = bytes.split_at(bytes.len() / 2);
    let (re, im) = (part(re), part(im));
    let plus = if im.starts_with('-') { "" } else { "+" };
    write!(f, "{re}{plus}{im}j")
}
