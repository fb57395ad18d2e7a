//! Decoding and encoding of blocks, ours beside zarrs: MB/s of elements on one thread.
//!
//! `cargo run --release -p ziggurat-core --example codec_speed`
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the values are small"
)]

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zarrs::array::codec::api::ArrayToBytesCodecTraits;
use zarrs::array::{Array, ArrayBytes, CodecOptions};
use ziggurat_core::ElementType;
use ziggurat_core::codec::{BlockCodec, CodecSpec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:22}{:34}{:>8}{:>8}{:>8}{:>8}{:>9}{:>9}",
        "block", "codec", "encode", "zarrs", "decode", "zarrs", "bytes", "zarrs"
    );
    let counts = noise(1 << 15, |base, random| (base + random % 6) as i16);
    let floats = noise(1 << 15, |base, random| {
        (base as f32).sin() + (random % 4096) as f32 * 1e-4
    });
    let specs = [
        "none",
        "zstd:3",
        "zstd:5",
        "gzip:5",
        "blosc-lz4:5",
        "blosc-lz4:5:bitshuffle",
        "blosc-lz4:5:noshuffle",
        "blosc-lz4hc:5",
        "blosc-zstd:5",
        "blosc-zstd:1:bitshuffle",
        "blosc-zlib:5",
        "blosc-blosclz:5",
    ];
    for spec in specs {
        let spec: CodecSpec = spec.parse()?;
        row("4 KiB of int16", ElementType::Int16, &counts[..4096], &spec)?;
        row("64 KiB of int16", ElementType::Int16, &counts, &spec)?;
        row("128 KiB of float32", ElementType::Float32, &floats, &spec)?;
    }
    Ok(())
}

/// Little-endian values that rise slowly, with noise.
fn noise<T: bytemuck::NoUninit>(n: u32, value: impl Fn(u32, u32) -> T) -> Vec<u8> {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    (0..n)
        .flat_map(|i| bytemuck::bytes_of(&value(1000 + i / 1024, random())).to_vec())
        .collect()
}

fn row(
    name: &str,
    element: ElementType,
    block: &[u8],
    spec: &CodecSpec,
) -> Result<(), Box<dyn std::error::Error>> {
    let codecs = spec.chain(element);
    let shape = [(block.len() / element.size()) as u64];
    let ours = BlockCodec::new("", &codecs, element, &vec![0; element.size()], &shape)?;
    let theirs = Theirs::new(&codecs, element, shape[0])?;
    let encoded = ours.encode("", block)?.unwrap_or_default();
    let foreign = theirs.encode(block);
    let mut out = vec![0; block.len()];
    let mut many = Vec::new();
    let times = fastest(&mut [
        &mut || {
            many.clear();
            ours.encode_into("", block, &mut many).is_ok()
        },
        &mut || theirs.encode(block).len() == foreign.len(),
        &mut || ours.decode_into("", &encoded, &mut out).is_ok(),
        &mut || theirs.decode(&foreign).len() == block.len(),
    ]);
    print!("{name:22}{:34}", spec.to_string());
    for time in times {
        print!("{:8.0}", block.len() as f64 / 1e6 / time.as_secs_f64());
    }
    println!("{:9}{:9}", encoded.len(), foreign.len());
    Ok(())
}

/// The least time of each, in turns short enough that other work of the machine seldom falls into one.
fn fastest(works: &mut [&mut dyn FnMut() -> bool]) -> Vec<Duration> {
    let mut least = vec![Duration::MAX; works.len()];
    for _ in 0..400 {
        for (work, least) in works.iter_mut().zip(&mut least) {
            let (start, mut runs) = (Instant::now(), 0);
            while runs == 0 || start.elapsed() < Duration::from_micros(300) {
                assert!(work(), "a codec fails");
                runs += 1;
            }
            *least = (*least).min(start.elapsed() / runs);
        }
    }
    least
}

struct Theirs(Array<zarrs::storage::store::MemoryStore>, [NonZeroU64; 1]);

impl Theirs {
    fn new(
        codecs: &[Value],
        element: ElementType,
        n: u64,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let metadata = serde_json::from_value(json!({
            "zarr_format": 3, "node_type": "array", "shape": [n], "data_type": element.name(),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [n]}},
            "chunk_key_encoding": {"name": "default"}, "fill_value": 0, "codecs": codecs,
        }))?;
        let store = Arc::new(zarrs::storage::store::MemoryStore::new());
        let shape = [NonZeroU64::new(n).ok_or("empty")?];
        Ok(Self(Array::new_with_metadata(store, "/", metadata)?, shape))
    }

    fn encode(&self, block: &[u8]) -> Vec<u8> {
        let Self(array, shape) = self;
        let (kind, fill, options) = (
            array.data_type(),
            array.fill_value(),
            CodecOptions::default(),
        );
        let block = ArrayBytes::new_flen(block);
        array
            .codecs()
            .encode(block, shape, kind, fill, &options)
            .map(Into::into)
            .unwrap_or_default()
    }

    fn decode(&self, bytes: &[u8]) -> Vec<u8> {
        let Self(array, shape) = self;
        let (kind, fill, options) = (
            array.data_type(),
            array.fill_value(),
            CodecOptions::default(),
        );
        array
            .codecs()
            .decode(bytes.into(), shape, kind, fill, &options)
            .and_then(|block| Ok(block.into_fixed()?.into_owned()))
            .unwrap_or_default()
    }
}
