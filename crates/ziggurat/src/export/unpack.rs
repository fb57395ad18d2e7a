//! Packed values to physical ones.

use serde_json::Value;
use ziggurat_core::element::to_bytes;
use ziggurat_core::{ElementType, Result, Variable};

use super::Image;
use super::cells::Cells;

/// The CF attribute `name` as a number, also from a one-element list.
pub(super) fn number(variable: &Variable, name: &str) -> Option<f64> {
    match variable.attributes.get(name)? {
        Value::Array(list) if list.len() == 1 => list[0].as_f64(),
        value => value.as_f64(),
    }
}

/// `value * scale_factor + add_offset` as `float64` with NaN for missing, and the variable that says so.
///
/// Source: CF conventions, section 8.1 (packed data).
pub(super) fn unpack(place: &str, image: &Image<'_>) -> Result<(Variable, Vec<u8>)> {
    let cells = Cells::real(place, image.variable)?;
    let scale = number(image.variable, "scale_factor").unwrap_or(1.0);
    let offset = number(image.variable, "add_offset").unwrap_or(0.0);
    let values: Vec<f64> = image
        .bytes
        .chunks_exact(image.variable.element.size())
        .map(|cell| cells.number(cell).map_or(f64::NAN, |v| v * scale + offset))
        .collect();
    let mut variable = image.variable.clone();
    variable.element = ElementType::Float64;
    variable.nodata = None;
    for packing in [
        "scale_factor",
        "add_offset",
        "_FillValue",
        "missing_value",
        "valid_range",
        "valid_min",
        "valid_max",
    ] {
        variable.attributes.shift_remove(packing);
    }
    Ok((variable, to_bytes(&values)))
}
