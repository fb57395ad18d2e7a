//! `ziggurat info`.

use std::sync::Arc;

use serde_json::{Value, json};
use ziggurat::core::codec::CodecSpec;
use ziggurat::core::hierarchy::read_document;
use ziggurat::core::store::{LocalStore, Store};
use ziggurat::core::time::TimeUnits;
use ziggurat::core::{Array, Axis, Dimension, Error, Region, Result, Table};
use ziggurat::pyramid::{Datastore, Member};

use super::args::Info;
use super::get::time_at;
use super::{open, print};

pub(super) fn run(args: &Info) -> Result<()> {
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(&args.store));
    match Table::open(Arc::clone(&store), "") {
        Ok(table) => return super::columns::show(&table, args.json),
        Err(error @ Error::Unsupported { .. }) => return Err(error),
        // It may be a datastore.
        Err(_) => {}
    }
    let is_array = read_document(&*store, "").is_ok_and(|d| d["node_type"] == "array");
    let info = match is_array {
        true => describe_array(&Array::open(store, "")?)?,
        false => describe(&open(&args.store)?)?,
    };
    if args.json {
        return print(&info.to_string());
    }
    super::table::lines(&info)
        .iter()
        .try_for_each(|line| print(line))
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

/// An array that is no part of a datastore, in the form of one that is.
fn describe_array(array: &Array) -> Result<Value> {
    let metadata = array.metadata();
    let name = |d: usize| {
        let names = metadata.dimension_names.as_ref();
        let name = names.and_then(|names| names[d].clone());
        name.unwrap_or_else(|| format!("dim_{d}"))
    };
    let sizes = array.shape().iter().enumerate();
    let dims: Vec<Value> = sizes
        .map(|(d, size)| json!({"name": name(d), "size": size}))
        .collect();
    let any = array.find_superchunk()?;
    Ok(json!({
        "store": array.place(),
        "array": {
            "name": "array", "data_type": array.element().name(), "dimensions": dims,
            "fill_value": array.document()["fill_value"], "attributes": metadata.attributes,
            "extent": any.map(|_| json!({"start": vec![0; dims.len()], "shape": array.shape()})),
            "levels": [level(0, array)?],
        },
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
        "sharded": layout.is_sharded(), "framing": array.metadata().framing, "codec": codec, "superchunks": array.superchunks()?.len(),
        "bytes": raw, "stored_bytes": stored,
        "ratio": (stored > 0).then(|| (float(raw) / float(stored) * 100.0).round() / 100.0),
    }))
}

#[allow(clippy::cast_precision_loss, reason = "sizes for people")]
pub(super) fn float(n: u64) -> f64 {
    n as f64
}
