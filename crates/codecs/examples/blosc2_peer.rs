//! Does the tasks of the benchmark `blosc2` with this library, as benches/peers/cblosc2.py does with python-blosc2.
//!
//! ```text
//! RAYON_NUM_THREADS=2 blosc2_peer ELEMENTS < TASKS
//! ```
//! `ELEMENTS` is an array of `float32`, N x 512 x 512. A task is an object in a line, and is answered by a line:
//! what it cost (`wall` and `cpu`, in seconds) and what came out.
//!
//! | `op` | |
//! |---|---|
//! | `encode` | all chunks, in memory, with `codec`, `level` and `filter`: their `bytes` |
//! | `decode` | what `encode` made, one chunk after the other |
//! | `write` | the array to the frame `path`: its `bytes` |
//! | `store` | the array to a Zarr array `path` with the codec `b2nd` |
//! | `read` | `boxes` (start and shape) of what lies at `path`, one after the other: the sum as `check` |
//! | `shuffle` | `function` over `bytes` in elements of `typesize`, `turns` times |

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::{Value, json};
use ziggurat_codecs::b2nd::Configuration;
use ziggurat_codecs::blosc2::{
    B2nd, ChunkIndex, Compressor, Contiguous, Encoder, Filter, Filters, Metalayers, NdLayout,
    NdWriter,
};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::codec::blosc::shuffle::{bitshuffle, bitunshuffle, shuffle, unshuffle};
use ziggurat_core::layout::Layout;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TYPESIZE: usize = 4;
const PLANE: [u64; 2] = [512, 512];
const CHUNK: [u64; 3] = [64, 128, 128];
const BLOCK: [u64; 3] = [16, 32, 32];

fn main() -> Result<()> {
    ziggurat_codecs::register();
    let path = std::env::args().nth(1).ok_or("no file of elements given")?;
    let mut peer = Peer::new(std::fs::read(path)?)?;
    println!("{{}}");
    for line in std::io::stdin().lock().lines() {
        let answer = peer.run(&serde_json::from_str(&line?)?)?;
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

struct Peer {
    elements: Vec<u8>,
    layout: NdLayout,
    /// The elements, chunk after chunk in blocks.
    chunks: Vec<Vec<u8>>,
    encoded: Vec<Vec<u8>>,
}

impl Peer {
    fn new(elements: Vec<u8>) -> Result<Self> {
        let planes = elements.len() as u64 / (PLANE[0] * PLANE[1] * TYPESIZE as u64);
        let shape = [planes, PLANE[0], PLANE[1]];
        let layout = NdLayout::new(&shape, &CHUNK, &BLOCK, Some("<f4"))?;
        let whole = Region::whole(&shape);
        let chunks = whole.cells(&CHUNK).indices().map(|index| {
            let cell = Region::of_cell(&index, &CHUNK);
            let mut chunk = vec![0; usize::try_from(cell.len())? * TYPESIZE];
            let window = |shape, start| Window { shape, start };
            let (from, to) = (window(&shape, &cell.start), window(&CHUNK, &[0; 3]));
            copy(&CHUNK, TYPESIZE, &elements, from, &mut chunk, to);
            Ok(layout.to_blocks(&index, TYPESIZE, &chunk)?)
        });
        Ok(Self {
            chunks: chunks.collect::<Result<_>>()?,
            elements,
            layout,
            encoded: Vec::new(),
        })
    }

    fn run(&mut self, task: &Value) -> Result<Value> {
        match text(task, "op")? {
            "encode" => self.encode(task),
            "decode" => self.decode(),
            "write" => self.write(task),
            "store" => self.store(task),
            "read" => read(task),
            _ => shuffled(task),
        }
    }

    fn encode(&mut self, task: &Value) -> Result<Value> {
        let block = BLOCK.iter().product::<u64>();
        let encoder = encoder(task)?.block(usize::try_from(block)? * TYPESIZE)?;
        self.encoded = Vec::with_capacity(self.chunks.len());
        let meter = Meter::start()?;
        for chunk in &self.chunks {
            self.encoded.push(encoder.encode(chunk)?);
        }
        let cost = meter.stop()?;
        let bytes = self.encoded.iter().map(Vec::len).sum::<usize>();
        Ok(with(cost, "bytes", json!(bytes)))
    }

    fn decode(&self) -> Result<Value> {
        let mut out = vec![1; self.chunks[0].len()];
        let meter = Meter::start()?;
        for chunk in &self.encoded {
            ChunkIndex::parse(chunk)?.decode(chunk, &mut out)?;
        }
        let cost = meter.stop()?;
        match Some(&out) == self.chunks.last() {
            true => Ok(cost),
            false => Err("not what was encoded".into()),
        }
    }

    fn write(&self, task: &Value) -> Result<Value> {
        let path = text(task, "path")?;
        let meter = Meter::start()?;
        let target = Contiguous::new(File::create(path)?);
        let layers = Metalayers::default();
        let mut writer = NdWriter::new(target, self.layout.clone(), encoder(task)?, &layers)?;
        writer.push_array(&self.elements)?;
        writer.finish(&layers)?;
        let cost = meter.stop()?;
        Ok(with(cost, "bytes", json!(std::fs::metadata(path)?.len())))
    }

    fn store(&self, task: &Value) -> Result<Value> {
        let path = text(task, "path")?;
        let (codec, level, filters) = pipeline(task)?;
        let configuration = Configuration::new(BLOCK)
            .compressor(codec, level)
            .filters(&filters)?;
        let (shape, element) = (self.layout.shape(), ElementType::Float32);
        let layout = Layout::unsharded(&CHUNK)?;
        let mut metadata =
            ArrayMetadata::new(shape, element, &[0; TYPESIZE], layout, &CodecSpec::None);
        metadata.codecs = vec![configuration.to_json()];
        let meter = Meter::start()?;
        let array = Array::create(Arc::new(LocalStore::new(path)), "", metadata)?;
        array.write(&Region::whole(shape), &self.elements)?;
        meter.stop()
    }
}

type Settings = (Compressor, u8, Vec<Filter>);

fn pipeline(task: &Value) -> Result<Settings> {
    let codec = Compressor::parse(text(task, "codec")?).ok_or("no such codec")?;
    let filters = match text(task, "filter")? {
        "shuffle" => vec![Filter::Shuffle { group: 0 }],
        "bitshuffle" => vec![Filter::Bitshuffle],
        _ => Vec::new(),
    };
    Ok((codec, u8::try_from(number(task, "level")?)?, filters))
}

fn encoder(task: &Value) -> Result<Encoder> {
    let (codec, level, filters) = pipeline(task)?;
    Ok(Encoder::new(TYPESIZE)?
        .compressor(codec, level)?
        .filters(Filters::new(&filters)?)?)
}

fn read(task: &Value) -> Result<Value> {
    let path = text(task, "path")?;
    if Path::new(path).join("zarr.json").exists() {
        let array = Array::open(Arc::new(LocalStore::new(path)), "")?;
        return read_boxes(task, |region| array.read(region));
    }
    let array = B2nd::open(path)?;
    read_boxes(task, |region| array.read(region))
}

fn read_boxes(
    task: &Value,
    read: impl Fn(&Region) -> ziggurat_core::Result<Vec<u8>>,
) -> Result<Value> {
    let boxes: Vec<[Vec<u64>; 2]> = serde_json::from_value(task["boxes"].clone())?;
    let mut parts = Vec::with_capacity(boxes.len());
    let meter = Meter::start()?;
    for [start, shape] in &boxes {
        parts.push(read(&Region::new(&start[..], &shape[..]))?);
    }
    let cost = meter.stop()?;
    let words = parts.iter().flat_map(|part| part.as_chunks().0);
    let sum: i64 = words.map(|word| i64::from(i32::from_le_bytes(*word))).sum();
    Ok(with(cost, "check", json!(sum)))
}

/// A filter alone, over the same buffers in each turn.
fn shuffled(task: &Value) -> Result<Value> {
    let (typesize, size) = (number(task, "typesize")?, number(task, "bytes")?);
    let from: Vec<u8> = (0..=u8::MAX).cycle().take(size).collect();
    let planes: Vec<&[u8]> = from.chunks_exact(size / typesize).collect();
    let (mut out, mut between) = (vec![1; size], vec![1; size]);
    let function = text(task, "function")?;
    let mut turn = || match function {
        "shuffle" => shuffle(typesize, &from, &mut out),
        "unshuffle" => unshuffle(&planes, &mut out),
        "bitshuffle" => bitshuffle(typesize, &from, &mut between, &mut out),
        _ => bitunshuffle(&planes, &mut between, &mut out),
    };
    turn();
    let meter = Meter::start()?;
    for _ in 0..number(task, "turns")? {
        turn();
    }
    meter.stop()
}

fn text<'a>(task: &'a Value, name: &str) -> Result<&'a str> {
    task[name]
        .as_str()
        .ok_or_else(|| format!("no {name}").into())
}

fn number(task: &Value, name: &str) -> Result<usize> {
    let number = task[name].as_u64().ok_or_else(|| format!("no {name}"))?;
    Ok(usize::try_from(number)?)
}

fn with(mut cost: Value, name: &str, value: Value) -> Value {
    cost[name] = value;
    cost
}

/// What a stretch of work costs.
struct Meter {
    started: Instant,
    used: f64,
}

impl Meter {
    fn start() -> Result<Self> {
        let used = cpu()?;
        let started = Instant::now();
        Ok(Self { started, used })
    }

    fn stop(self) -> Result<Value> {
        let wall = self.started.elapsed().as_secs_f64();
        Ok(json!({"wall": wall, "cpu": cpu()? - self.used}))
    }
}

/// Seconds of all threads.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
