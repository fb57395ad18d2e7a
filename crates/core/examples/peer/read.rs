//! W2, W3, W4: the whole array, shard by shard or chunk by chunk, and boxes.

use serde_json::{Value, json};
use ziggurat_core::Region;

use crate::Outcome;
use crate::meter::Meter;
use crate::task::{Options, Task, check};

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
    if options.cache {
        return Ok(None);
    }
    let array = task.open()?;
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

/// Boxes, planes or points, one call after the other.
pub(crate) fn boxes(options: &Options, task: &Task) -> Outcome {
    if options.cache {
        return Ok(None);
    }
    let array = task.open()?;
    let boxes = task.boxes()?;
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
