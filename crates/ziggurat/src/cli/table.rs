//! What `ziggurat info` prints for people, from its JSON.

use serde_json::Value;

use super::info::float;

/// The lines of the text.
pub(super) fn lines(info: &Value) -> Vec<String> {
    let mut lines = vec![plain(&info["store"])];
    if let Some(array) = info.get("array") {
        lines.push(String::new());
        describe(array, &mut lines);
        return lines;
    }
    for variable in list(&info["variables"]) {
        lines.push(String::new());
        describe(variable, &mut lines);
    }
    lines.push(String::new());
    let names: Vec<String> = list(&info["aggregators"]).iter().map(plain).collect();
    lines.push(format!("aggregators {}", names.join(", ")));
    lines.push(match list(&info["stale"]).len() {
        0 => "levels      up to date".to_owned(),
        n => format!("levels      behind {n} writes; run `ziggurat refresh`"),
    });
    lines
}

fn describe(variable: &Value, lines: &mut Vec<String>) {
    let dims = list(&variable["dimensions"]);
    let names: Vec<String> = dims.iter().map(|d| plain(&d["name"])).collect();
    let units = variable["attributes"]["units"].as_str();
    lines.push(format!(
        "{} ({}) {}{}, fill {}",
        plain(&variable["name"]),
        names.join(", "),
        plain(&variable["data_type"]),
        units.map(|u| format!(" [{u}]")).unwrap_or_default(),
        plain(&variable["fill_value"]),
    ));
    let width = names.iter().map(String::len).max().unwrap_or(0).max(11);
    for dim in dims {
        let units = dim["units"]
            .as_str()
            .filter(|_| dim["axis"] != "T")
            .unwrap_or_default();
        let span = match &dim["first"] {
            Value::Null => String::new(),
            first => format!("   {} .. {} {units}", plain(first), plain(&dim["last"])),
        };
        let line = format!(
            "  {:<width$}{:>10}{span}",
            plain(&dim["name"]),
            plain(&dim["size"])
        );
        lines.push(line.trim_end().to_owned());
    }
    if let Some(crs) = variable["crs"].as_str() {
        lines.push(format!(
            "  {:<width$}   {}",
            "crs",
            crs.split('[').next().unwrap_or(crs)
        ));
    }
    let edges: Vec<String> = list(&variable["bbox"]).iter().map(plain).collect();
    if !edges.is_empty() {
        lines.push(format!("  {:<width$}   {}", "bbox", edges.join(", ")));
    }
    if variable["extent"].is_null() {
        lines.push(format!("  {:<width$}   empty", "extent"));
    }
    levels(&variable["levels"], lines);
    for (name, aggregate) in variable["aggregates"].as_object().into_iter().flatten() {
        lines.push(format!("  {name}"));
        levels(aggregate, lines);
    }
}

/// A table of levels.
fn levels(levels: &Value, lines: &mut Vec<String>) {
    let mut rows = vec![
        [
            "level",
            "shape",
            "block",
            "chunk",
            "superchunk",
            "codec",
            "stored",
            "ratio",
        ]
        .map(str::to_owned),
    ];
    for level in list(levels) {
        rows.push([
            plain(&level["level"]),
            shape(&level["shape"]),
            shape(&level["block"]),
            shape(&level["chunk"]),
            shape(&level["superchunk"]),
            codec(level),
            bytes(level["stored_bytes"].as_u64().unwrap_or(0)),
            plain(&level["ratio"]),
        ]);
    }
    let widths: Vec<usize> = (0..8)
        .map(|c| rows.iter().map(|r| r[c].len()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        lines.push(format!("  {}", cells.join("  ")));
    }
}

/// The codec of blocks, and what superchunks are besides shards.
fn codec(level: &Value) -> String {
    let codec = plain(&level["codec"]);
    match level["framing"].as_str() {
        Some(framing) => format!("{codec}, {framing}"),
        None => codec,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn shape(sizes: &Value) -> String {
    let sizes: Vec<String> = list(sizes).iter().map(plain).collect();
    sizes.join("x")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

pub(super) fn bytes(n: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", float(n) / float(*size)),
        None => format!("{n} B"),
    }
}
