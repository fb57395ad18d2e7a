//! What `ziggurat info` says of a table.

use serde_json::{Value, json};
use ziggurat::core::{Result, Table};

use super::print;

/// Prints its columns and rows.
pub(super) fn show(table: &Table, as_json: bool) -> Result<()> {
    let info = describe(table)?;
    if as_json {
        return print(&info.to_string());
    }
    print(&format!("{}\n", table.place()))?;
    print(&format!("table of {} rows", table.rows()))?;
    let columns = info["columns"].as_array().cloned().unwrap_or_default();
    let texts = columns.iter().map(|column| {
        let text = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
        let cell = match &column["shape"] {
            Value::Array(shape) if shape.is_empty() => String::new(),
            shape => format!(" {shape}"),
        };
        let bytes = &column["stored_bytes"];
        (text("name"), text("dtype") + &cell, bytes.to_string())
    });
    let texts: Vec<_> = texts.collect();
    let names = texts.iter().map(|(name, ..)| name.chars().count()).max();
    let types = texts.iter().map(|(_, dtype, _)| dtype.len()).max();
    let (names, types) = (names.unwrap_or(0), types.unwrap_or(0));
    texts.iter().try_for_each(|(name, dtype, bytes)| {
        print(&format!(
            "  {name:<names$}  {dtype:<types$}  {bytes:>10} bytes"
        ))
    })
}

fn describe(table: &Table) -> Result<Value> {
    let mut columns = Vec::new();
    for (path, dtype, shape) in table.schema() {
        let array = table.column(&path)?;
        columns.push(json!({
            "name": path, "dtype": dtype.to_string(), "shape": shape,
            "data_type": array.element().name(), "fill_value": array.document()["fill_value"],
            "superchunk": array.layout().superchunk(), "chunk": array.layout().chunk(),
            "block": array.layout().block(), "codecs": array.metadata().codecs,
            "stored_bytes": array.stored_size()?,
        }));
    }
    Ok(json!({
        "store": table.place(), "rows": table.rows(), "attributes": table.attributes(),
        "columns": columns,
    }))
}
