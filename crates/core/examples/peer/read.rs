//! W2, W3, W4: the whole array, shard by shard or chunk by chunk, and boxes.

use std::error::Error;
use std::sync::Arc;

use serde_json::{Value, json};
use ziggurat_core::{Array, BlockCache, Region, Selection};

use crate::Outcome;
use crate::meter::Meter;
use crate::task::{Options, Task, check};

/// Bytes of the cache: what the peers that have one are given.
const CACHE: usize = 256 << 20;

fn open(options: &Options, task: &Task) -> Result<Array, Box<dyn Error>> {
    let array = task.open()?;
    Ok(match options.cache {
        true => array.with_cache(&Arc::new(BlockCache::new(CACHE))),
        false => array,
    })
}

/// All of it into memory.
pub(crate) fn whole(task: &Task) -> Outcome {
    let array = task.open()?;
    let region = Region::whole(array.shape());
    let meter = Meter::start()?;
    let bytes = array.read(&region)?;
    let mut out = meter.stop()?;
    out.insert("check".into(), json!(check(array.element(), &bytes)));
    Ok(Some(Value::Object(out)))
}

/// Superchunk by superchunk or block by block, one call after the other; the first element of each is checked.
pub(crate) fn units(options: &Options, task: &Task) -> Outcome {
    let array = open(options, task)?;
    let unit = match task.params.mode.as_str() {
        "shard" => &task.shard,
        _ => &task.chunk,
    };
    let size = array.element().size();
    let cells: Vec<Region> = Region::whole(array.shape())
        .cells(unit)
        .indices()
        .map(|index| Region::of_cell(&index, unit))
        .collect();
    let mut sum = 0i64;
    let mut meter = Meter::start()?;
    for cell in &cells {
        let bytes = array.read(cell)?;
        sum = sum.wrapping_add(check(array.element(), &bytes[..size]));
        meter.tick();
    }
    let mut out = meter.stop()?;
    out.insert("check".into(), json!(sum));
    Ok(Some(Value::Object(out)))
}

/// Boxes or planes, one call after the other; points in one call.
pub(crate) fn boxes(options: &Options, task: &Task) -> Outcome {
    let array = open(options, task)?;
    let boxes = task.boxes()?;
    if task.params.mode == "points" {
        return points(&array, &boxes);
    }
    let mut read = Vec::with_capacity(boxes.len());
    let mut meter = Meter::start()?;
    for region in &boxes {
        read.push(array.read(region)?);
        meter.tick();
    }
    let mut out = meter.stop()?;
    let sum = read.iter().fold(0i64, |sum, bytes| {
        sum.wrapping_add(check(array.element(), bytes))
    });
    out.insert("check".into(), json!(sum));
    Ok(Some(Value::Object(out)))
}

fn points(array: &Array, boxes: &[Region]) -> Outcome {
    let along = |d: usize| boxes.iter().map(move |b| i64::try_from(b.start[d]));
    let lists: Result<Vec<Vec<i64>>, _> = (0..array.shape().len())
        .map(|d| along(d).collect())
        .collect();
    let selection = Selection::Points(lists?);
    let mut meter = Meter::start()?;
    let read = array.select(&selection)?;
    meter.tick();
    let mut out = meter.stop()?;
    out.insert("check".into(), json!(check(array.element(), &read.bytes)));
    Ok(Some(Value::Object(out)))
}
