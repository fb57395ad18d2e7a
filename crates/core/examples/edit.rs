//! Overwrites random blocks of an array and tells what it cost.
//!
//! `edit ARRAY in-place|rewrite COUNT` sets COUNT blocks of the `int16` array in the directory ARRAY, each
//! visible to others when it is written; one superchunk of 256 x 256 x 256 is made if there is none.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ziggurat_core::layout::Layout;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Error, InPlace, Region, Result, Updates};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, mode, count] = &arguments[..] else {
        return Err(Error::caller("edit", "give ARRAY in-place|rewrite COUNT"));
    };
    let count = count
        .parse()
        .map_err(|e| Error::other(count, "not a number", e))?;
    let store = Arc::new(LocalStore::new(path));
    if !Path::new(path).join("zarr.json").exists() {
        create(Arc::clone(&store))?;
    }
    let array = Array::open(store, "")?.with_updates(match mode.as_str() {
        "in-place" => Updates::InPlace(InPlace::default()),
        _ => Updates::Rewrite,
    });
    let written = written();
    let begin = Instant::now();
    let mut random = 1u64;
    for version in 1..=count {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
        let blocks = Region::whole(array.shape()).cells(array.layout().block());
        let number = (random >> 33) % blocks.len();
        let Some(index) = blocks.indices().nth(usize::try_from(number).unwrap_or(0)) else {
            break;
        };
        let block = Region::of_cell(&index, array.layout().block());
        let values = values(block.len(), version);
        array.write(&block, bytemuck::cast_slice(&values))?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        r#"{{"seconds": {seconds:.4}, "written": {}, "size": {}}}"#,
        self::written() - written,
        array.stored_size()?,
    );
    Ok(())
}

fn create(store: Arc<LocalStore>) -> Result<()> {
    let shape = [256; 3];
    let layout = Layout::sharded(&shape, &shape, &[32; 3])?;
    let codec = "blosc-lz4:5:shuffle".parse()?;
    let metadata = ArrayMetadata::new(&shape, ElementType::Int16, &[0; 2], layout, &codec);
    let array = Array::create(store, "", metadata)?;
    let values = values(256 * 256 * 256, 0);
    array.write(&Region::whole(&shape), bytemuck::cast_slice(&values))
}

/// Numbers below 700 that look like noise.
fn values(count: u64, version: u64) -> Vec<i16> {
    let value = |i: u64| {
        let mixed = (i + version * 1_000_003).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        i16::try_from((mixed >> 40) % 700).unwrap_or(0)
    };
    (0..count).map(value).collect()
}

/// Bytes that this process has written to files.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}
