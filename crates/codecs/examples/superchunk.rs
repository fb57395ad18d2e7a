//! Makes an array of superchunks that are Blosc2 arrays too, and changes it as a script says, so that other
//! software can tell what it should hold.
//!
//! `superchunk STORE SCRIPT`, where SCRIPT is a file with a change on each line, in JSON. Elements are in
//! files beside it, as they are:
//!
//! ```text
//! {"create": {"shape": [9, 9], "superchunk": [8, 8], "chunk": [4, 8], "block": [4, 4],
//!             "type": "int16", "fill": FILE, "codec": "zstd:3"}}
//! {"write": [[0, 0], [2, 9]], "elements": FILE}
//! {"append": 0, "elements": FILE}
//! {"resize": [4, 20]}
//! {"erase": [[0, 0], [2, 2]]}
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use ziggurat_codecs::superchunk;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, Region};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, script] = arguments.as_slice() else {
        return Err("usage: superchunk STORE SCRIPT; see the head of its source".into());
    };
    ziggurat_codecs::register();
    let beside = Path::new(script).parent().unwrap_or(Path::new("."));
    for line in fs::read_to_string(script)?.lines() {
        let change: Value = serde_json::from_str(line)?;
        let file = |value: &Value| -> Result<Vec<u8>> { Ok(fs::read(beside.join(text(value)?))?) };
        if change["create"].is_object() {
            create(store, &change["create"], &file(&change["create"]["fill"])?)?;
            continue;
        }
        let mut array = Array::open(Arc::new(LocalStore::new(store)), "")?;
        if let Some(dimension) = change["append"].as_u64() {
            array.append(usize::try_from(dimension)?, &file(&change["elements"])?)?;
        } else if change["resize"].is_array() {
            array.resize(&sizes(&change["resize"])?)?;
        } else if change["erase"].is_array() {
            array.erase(&region(&change["erase"])?)?;
        } else {
            array.write(&region(&change["write"])?, &file(&change["elements"])?)?;
        }
    }
    Ok(())
}

fn create(store: &str, options: &Value, fill: &[u8]) -> Result<()> {
    let [superchunk, chunk, block] =
        ["superchunk", "chunk", "block"].map(|name| sizes(&options[name]));
    let layout = Layout::sharded(&superchunk?, &chunk?, &block?)?;
    let element = text(&options["type"])?.parse()?;
    let codec = text(&options["codec"])?.parse()?;
    let shape = sizes(&options["shape"])?;
    let mut metadata = ArrayMetadata::new(&shape, element, fill, layout, &codec);
    metadata.framing = Some(superchunk::NAME.to_owned());
    Array::create(Arc::new(LocalStore::new(store)), "", metadata)?;
    Ok(())
}

fn region(value: &Value) -> Result<Region> {
    Ok(Region::new(sizes(&value[0])?, sizes(&value[1])?))
}

fn sizes(value: &Value) -> Result<Vec<u64>> {
    let list = value.as_array();
    let sizes: Option<Vec<u64>> = list.and_then(|list| list.iter().map(Value::as_u64).collect());
    sizes.ok_or_else(|| format!("{value} is no list of sizes").into())
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .ok_or_else(|| format!("{value} is no text").into())
}
