//! Values of single arguments.

use ziggurat::codecs::dtype::DType;
use ziggurat::core::Scalar;
use ziggurat::pyramid::{Bounds, Factors, Levels, Size};

/// `auto` or a number.
pub(super) fn levels(text: &str) -> Result<Levels, String> {
    match text {
        "auto" => Ok(Levels::Auto),
        _ => text
            .parse()
            .map(Levels::Count)
            .map_err(|_| "use auto, or a number of 0 or more".into()),
    }
}

/// A type as `NumPy` names it.
pub(super) fn dtype(text: &str) -> Result<DType, String> {
    DType::parse(text).map_err(|e| e.to_string())
}

/// A number of 1 or more.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "use a number of 1 or more".into())
}

/// `2`, or `time=4,y=2,x=2`.
pub(super) fn factors(text: &str) -> Result<Factors, String> {
    if let Ok(factor) = text.parse() {
        return Ok(Factors::Spatial(factor));
    }
    let named = text.split(',').map(|part| {
        let (name, factor) = part.split_once('=')?;
        Some((name.trim().to_owned(), factor.trim().parse().ok()?))
    });
    let named: Option<Vec<(String, u64)>> = named.collect();
    named
        .map(Factors::Named)
        .ok_or_else(|| "use a number, or DIM=NUMBER,...".into())
}

/// `auto`, `64KiB`, or `128,128`.
pub(super) fn size(text: &str) -> Result<Size, String> {
    if text == "auto" {
        return Ok(Size::Auto);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => None,
        "b" => Some(1),
        "kib" | "k" => Some(1 << 10),
        "mib" | "m" => Some(1 << 20),
        "gib" | "g" => Some(1 << 30),
        "kb" => Some(1000),
        "mb" => Some(1_000_000),
        _ => return Err("use auto, a size such as 64KiB, or a shape such as 128,128".into()),
    };
    if let Some(unit) = unit {
        let bytes = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
        return bytes
            .filter(|n| *n > 0)
            .map(Size::Bytes)
            .ok_or_else(|| "use a size such as 64KiB".into());
    }
    let shape: Option<Vec<u64>> = text
        .split(',')
        .map(|n| n.trim().parse().ok().filter(|n| *n > 0))
        .collect();
    shape
        .map(Size::Shape)
        .ok_or_else(|| "use auto, a size such as 64KiB, or a shape such as 128,128".into())
}

/// Four numbers.
pub(super) fn bounds(text: &str) -> Result<Bounds, String> {
    match numbers(text)?[..] {
        [xmin, ymin, xmax, ymax] => Ok(Bounds {
            xmin,
            ymin,
            xmax,
            ymax,
        }),
        _ => Err("use XMIN,YMIN,XMAX,YMAX".into()),
    }
}

/// Two numbers, the first below the second.
pub(super) fn range(text: &str) -> Result<(f64, f64), String> {
    match numbers(text)?[..] {
        [min, max] if min < max => Ok((min, max)),
        _ => Err("use MIN,MAX with MIN below MAX".into()),
    }
}

/// Rows and columns.
pub(super) fn shape(text: &str) -> Result<(u64, u64), String> {
    let parts: Option<Vec<u64>> = text
        .split([',', 'x'])
        .map(|n| n.trim().parse().ok().filter(|n| *n > 0))
        .collect();
    match parts.as_deref() {
        Some(&[rows, columns]) => Ok((rows, columns)),
        _ => Err("use ROWS,COLUMNS, both 1 or more".into()),
    }
}

/// A number, kept exact if it is an integer.
pub(super) fn scalar(text: &str) -> Result<Scalar, String> {
    if let Ok(v) = text.parse() {
        return Ok(Scalar::Int(v));
    }
    if let Ok(v) = text.parse() {
        return Ok(Scalar::UInt(v));
    }
    text.parse()
        .map(Scalar::Float)
        .map_err(|_| "use a number or nan".into())
}

/// `DIM=I` or `DIM=FROM:TO`, as a name and the ends; an end that is left out is `None`.
pub(super) fn index(text: &str) -> Option<(String, Option<u64>, Option<u64>)> {
    let (name, range) = text.split_once('=')?;
    let end = |part: &str| match part.trim() {
        "" => Some(None),
        n => n.parse().ok().map(Some),
    };
    let (from, to) = if let Some((from, to)) = range.split_once(':') {
        (end(from)?, end(to)?)
    } else {
        let at: u64 = range.trim().parse().ok()?;
        (Some(at), Some(at.checked_add(1)?))
    };
    Some((name.trim().to_owned(), from, to))
}

fn numbers(text: &str) -> Result<Vec<f64>, String> {
    let numbers = text
        .split(',')
        .map(|n| n.trim().parse::<f64>().ok().filter(|v| v.is_finite()));
    numbers
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{text:?} is no list of numbers"))
}
