//! W1, W5, W6: the whole array, one plane after the other, and one block after the other.

use std::path::Path;

use serde_json::{Value, json};
use ziggurat_core::{Array, Region};

use crate::Outcome;
use crate::meter::Meter;
use crate::sink::Sink;
use crate::task::{Options, Task, check};

/// All of it from memory, with the document.
pub(crate) fn whole(task: &Task) -> Outcome {
    let data = task.data()?;
    let metadata = task.metadata(&task.shape)?;
    let meter = Meter::start()?;
    let array = Array::create(task.store(), "", metadata)?;
    array.write(&Region::whole(array.shape()), &data)?;
    Ok(Some(Value::Object(meter.stop()?)))
}

/// Planes along the first dimension.
pub(crate) fn append(options: &Options, task: &Task) -> Outcome {
    let data = task.data()?;
    let plane = &task.params.plane;
    let planes: Vec<Vec<u8>> = (0..task.params.planes)
        .map(|i| task.cut(&data, &Region::new([i, 0, 0], [1, plane[0], plane[1]])))
        .collect::<Result<_, _>>()?;
    drop(data);
    let metadata = task.metadata(&[0, plane[0], plane[1]])?;
    let array = Array::create(task.store(), "", metadata)?;
    let mut sink = Sink::new(array, options.updates);
    let mut meter = Meter::start()?;
    for bytes in &planes {
        sink.append(bytes)?;
        meter.tick();
    }
    sink.close()?;
    let mut out = meter.stop()?;
    let array = task.open()?;
    let bytes = array.read(&Region::whole(array.shape()))?;
    out.insert("check".into(), json!(check(array.element(), &bytes)));
    Ok(Some(Value::Object(out)))
}

/// Blocks of one superchunk. `file_peak` is the largest size that its file had after an update.
pub(crate) fn overwrite(options: &Options, task: &Task) -> Outcome {
    let data = task.data()?;
    let updates: Vec<(Region, Vec<u8>)> = task
        .params
        .targets
        .iter()
        .map(|start| {
            // What is written stands in the neighbouring superchunk of the source.
            let mut source = start.clone();
            source[0] += task.shard[0];
            let bytes = task.cut(&data, &Region::new(source, &*task.chunk))?;
            Ok((Region::new(&**start, &*task.chunk), bytes))
        })
        .collect::<Result<_, Box<dyn std::error::Error>>>()?;
    drop(data);
    let array = task.open()?;
    let file = Path::new(&task.store).join(array.superchunk_key(&[0, 0, 0]));
    let mut sink = Sink::new(array, options.updates);
    let mut peak = 0;
    let mut meter = Meter::start()?;
    for (region, bytes) in &updates {
        sink.write(region, bytes)?;
        peak = peak.max(std::fs::metadata(&file)?.len());
        meter.tick();
    }
    sink.close()?;
    let mut out = meter.stop()?;
    let array = task.open()?;
    let bytes = array.read(&Region::new([0, 0, 0], &*task.shard))?;
    out.insert("check".into(), json!(check(array.element(), &bytes)));
    out.insert("file_peak".into(), json!(peak));
    Ok(Some(Value::Object(out)))
}
