//! Writing 512 x 512 x 512 elements of int16 at once, and appending 256 planes: seconds, CPU seconds, page faults.
//!
//! `cargo run --release -p ziggurat-core --example write_speed -- DIRECTORY`

use std::sync::Arc;
use std::time::Instant;

use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, Result, WriterOptions};

const SHAPE: [u64; 3] = [512, 512, 512];

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "/dev/shm".into());
    let root = format!("{directory}/ziggurat-write-speed");
    let elements = elements();
    for (block, codec) in [
        (64, "blosc-lz4:5:shuffle"),
        (32, "blosc-lz4:5:shuffle"),
        (32, "blosc-zstd:5:shuffle"),
        (32, "none"),
    ] {
        for _ in 0..3 {
            let _ = std::fs::remove_dir_all(&root);
            let array = create(&root, &SHAPE, block, codec)?;
            measure(&format!("whole, blocks of {block}, {codec}"), || {
                array.write(&Region::whole(&SHAPE), &elements)
            })?;
            println!("{:10} bytes", array.stored_size()?);
        }
    }
    for _ in 0..3 {
        let _ = std::fs::remove_dir_all(&root);
        let array = create(&root, &[0, 512, 512], 32, "blosc-lz4:5:shuffle")?;
        let mut writer = array.writer(WriterOptions::default());
        measure("256 planes appended one by one", || {
            for plane in elements.chunks(512 * 512 * 2).take(256) {
                writer.append(0, plane)?;
            }
            writer.sync()
        })?;
        println!("{:10} bytes", writer.array().stored_size()?);
    }
    let _ = std::fs::remove_dir_all(&root);
    Ok(())
}

fn create(root: &str, shape: &[u64], block: u64, codec: &str) -> Result<Array> {
    let codec: CodecSpec = codec.parse()?;
    let layout = Layout::sharded(&[256; 3], &[block; 3], &[block; 3])?;
    let metadata = ArrayMetadata::new(shape, ElementType::Int16, &[0; 2], layout, &codec);
    Array::create(Arc::new(LocalStore::new(root)), "a", metadata)
}

/// A smooth field with noise of about six counts.
fn elements() -> Vec<u8> {
    let mut state = 1u32;
    let mut bytes = Vec::with_capacity(512 * 512 * 512 * 2);
    for z in 0..512 {
        for y in 0..512 {
            for x in 0..512 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise: i32 = (0..4).map(|i| (state >> (8 * i)) as i32 & 7).sum();
                let wave = (z * z / 90) + (y * (512 - y) / 40) - x * 3;
                bytes.extend_from_slice(&((wave + noise) as i16).to_ne_bytes());
            }
        }
    }
    bytes
}

fn measure(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let (cpu, faults) = usage();
    let begin = Instant::now();
    work()?;
    let wall = begin.elapsed().as_secs_f64();
    let (cpu_after, faults_after) = usage();
    let (cpu, faults) = (cpu_after - cpu, faults_after - faults);
    print!("{name:36} {wall:6.3} s  {cpu:6.3} CPU s  {faults:7} faults  ");
    Ok(())
}

/// CPU seconds and page faults of this process so far.
fn usage() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<u64> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .map(|word| word.parse().unwrap_or(0))
        .collect();
    let ticks = fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0);
    (ticks as f64 / 100.0, *fields.get(7).unwrap_or(&0))
}
