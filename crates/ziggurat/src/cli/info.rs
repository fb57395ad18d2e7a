//! `ziggurat info`.

use serde_json::{Value, json};
use ziggurat::core::codec::CodecSpec;
use ziggurat::core::time::TimeUnits;
use ziggurat::core::{Array, Axis, Dimension, Region, Result};
use ziggurat::pyramid::{Datastore, Member};

use super::args::Info;
use super::get::time_at;
use super::{open, print};

pub(super) fn run(args: &Info) -> Result<()> {
    let datastore = open(&args.store)?;
    let info = describe(&datastore)?;
    if args.json {
        return print(&info.to_string());
    }
    text(&info).lines().try_for_each(print)
}

fn describe(datastore: &Datastore) -> Result<Value> {
    let members: Vec<Value> = datastore
        .members()
        .iter()
        .map(|m| member(datastore, m))
        .collect::<Result<_>>()?;
    let stale: Vec<Value> = datastore
        .stale()?
        .into_iter()
        .map(|(variable, region)| json!({"variable": variable, "start": region.start, "shape": region.shape}))
        .collect();
    let names: Vec<&str> = datastore.aggregators().iter().map(|a| a.name()).collect();
    Ok(json!({
        "store": datastore.store().place(""), "levels": datastore.levels(), "aggregators": names,
        "stale": stale, "variables": members,
    }))
}

fn member(datastore: &Datastore, member: &Member) -> Result<Value> {
    let variable = member.variable();
    let shape = variable.shape();
    let bounds = match (
        variable.transform,
        variable.axis(Axis::X),
        variable.axis(Axis::Y),
    ) {
        (Some(t), Some(x), Some(y)) => Some(t.bounds(float(shape[x]), float(shape[y]))),
        _ => None,
    };
    let mut levels = Vec::new();
    for number in 0..=datastore.levels() {
        levels.push(level(number, member.array(None, number)?)?);
    }
    let mut aggregates = serde_json::Map::new();
    for &aggregator in datastore
        .aggregators()
        .iter()
        .skip(1)
        .filter(|_| datastore.levels() > 0)
    {
        let arrays = (1..=datastore.levels()).map(|n| level(n, member.array(Some(aggregator), n)?));
        aggregates.insert(
            aggregator.name().into(),
            arrays.collect::<Result<Vec<_>>>()?.into(),
        );
    }
    let extent = datastore.extent(&variable.name)?;
    let region = |r: &Region| json!({"start": r.start, "shape": r.shape});
    let base = member.base();
    Ok(json!({
        "name": variable.name, "data_type": variable.element.name(),
        "dimensions": variable.dims.iter().map(dimension).collect::<Vec<_>>(),
        "fill_value": base.document()["fill_value"],
        "attributes": variable.attributes,
        "crs": variable.crs.as_ref().and_then(|c| c.code.clone().or_else(|| c.wkt.clone())),
        "transform": variable.transform.map(|t| t.0),
        "bbox": bounds, "extent": extent.as_ref().map(region),
        "factors": member.factors(), "levels": levels, "aggregates": aggregates,
    }))
}

fn dimension(dim: &Dimension) -> Value {
    let attribute = |key: &str| dim.attributes.get(key).and_then(Value::as_str);
    let units = attribute("units");
    let time = match dim.axis {
        Axis::Time => units.and_then(|u| TimeUnits::parse(u, attribute("calendar")).ok()),
        _ => None,
    };
    let at = |index| match &time {
        Some(units) => time_at(dim, units, index).map(|t| json!(t.to_string())),
        None => dim
            .coordinate
            .as_ref()
            .and_then(|c| c.at(index))
            .map(|v| json!(v)),
    };
    json!({
        "name": dim.name, "size": dim.size, "axis": dim.axis.name(), "units": units,
        "first": at(0), "last": at(dim.size.saturating_sub(1)),
    })
}

fn level(number: usize, array: &Array) -> Result<Value> {
    let layout = array.layout();
    let codecs = &array.metadata().codecs;
    let codec =
        CodecSpec::from_chain(codecs).map_or_else(|| json!(codecs).to_string(), |c| c.to_string());
    let stored = array.stored_size()?;
    let raw = Region::whole(array.shape())
        .len()
        .saturating_mul(array.element().size() as u64);
    Ok(json!({
        "level": number, "path": array.path(), "shape": array.shape(), "data_type": array.element().name(),
        "superchunk": layout.superchunk(), "chunk": layout.chunk(), "block": layout.block(),
        "sharded": layout.is_sharded(), "codec": codec, "superchunks": array.superchunks()?.len(),
        "bytes": raw, "stored_bytes": stored,
        "ratio": (stored > 0).then(|| (float(raw) / float(stored) * 100.0).round() / 100.0),
    }))
}

/// The same for people.
fn text(info: &Value) -> String {
    let mut out = format!("{}\n", plain(&info["store"]));
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    for variable in list(&info["variables"]) {
        let names: Vec<String> = list(&variable["dimensions"])
            .iter()
            .map(|d| plain(&d["name"]))
            .collect();
        out += &format!(
            "\n{} ({}) {}",
            plain(&variable["name"]),
            names.join(", "),
            plain(&variable["data_type"])
        );
        if let Some(units) = variable["attributes"]["units"].as_str() {
            out += &format!(" [{units}]");
        }
        out += &format!(", fill {}\n", plain(&variable["fill_value"]));
        for dim in list(&variable["dimensions"]) {
            out += &format!("  {:<12}{:>10}", plain(&dim["name"]), plain(&dim["size"]));
            if !dim["first"].is_null() {
                let units = dim["units"].as_str().unwrap_or_default();
                let units = if dim["axis"] == "T" { "" } else { units };
                out += &format!(
                    "   {} .. {} {units}",
                    plain(&dim["first"]),
                    plain(&dim["last"])
                );
            }
            out = out.trim_end().to_owned() + "\n";
        }
        if let Some(crs) = variable["crs"].as_str() {
            out += &format!("  crs         {}\n", crs.split('[').next().unwrap_or(crs));
        }
        if let Some(bbox) = variable["bbox"].as_array() {
            let edges: Vec<String> = bbox.iter().map(plain).collect();
            out += &format!("  bbox        {}\n", edges.join(", "));
        }
        if variable["extent"].is_null() {
            out += "  extent      empty\n";
        }
        out += &levels(&variable["levels"]);
        for (name, aggregate) in variable["aggregates"].as_object().into_iter().flatten() {
            out += &format!("  {name}\n{}", levels(aggregate));
        }
    }
    let names: Vec<String> = list(&info["aggregators"]).iter().map(plain).collect();
    out += &format!("\naggregators {}\n", names.join(", "));
    match list(&info["stale"]).len() {
        0 => out += "levels      up to date\n",
        n => out += &format!("levels      behind {n} writes; run `ziggurat refresh`\n"),
    }
    out
}

fn levels(levels: &Value) -> String {
    let mut out = format!(
        "  {:>5}  {:<22}{:<18}{:<18}{:<18}{:<20}{:>11}  {:>5}\n",
        "level", "shape", "block", "chunk", "superchunk", "codec", "stored", "ratio"
    );
    let shape = |v: &Value| {
        let sizes: Vec<String> = v.as_array().into_iter().flatten().map(plain).collect();
        sizes.join("x")
    };
    for level in levels.as_array().into_iter().flatten() {
        out += &format!(
            "  {:>5}  {:<22}{:<18}{:<18}{:<18}{:<20}{:>11}  {:>5}\n",
            plain(&level["level"]),
            shape(&level["shape"]),
            shape(&level["block"]),
            shape(&level["chunk"]),
            shape(&level["superchunk"]),
            plain(&level["codec"]),
            bytes(level["stored_bytes"].as_u64().unwrap_or(0)),
            plain(&level["ratio"]),
        );
    }
    out
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

fn bytes(n: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", float(n) / float(*size)),
        None => format!("{n} B"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "sizes for people")]
fn float(n: u64) -> f64 {
    n as f64
}
