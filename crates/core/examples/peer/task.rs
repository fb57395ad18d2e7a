//! The task file, and what all workloads need of it.

use std::error::Error;
use std::sync::Arc;

use serde::Deserialize;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::store::{LocalStore, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, Region};

/// How updates reach the store.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    Rewrite,
    InPlace,
    Writer,
}

/// What is asked of the library.
pub(crate) struct Options {
    pub(crate) cache: bool,
    pub(crate) updates: Way,
}

impl Options {
    /// Whether nothing is asked.
    pub(crate) fn plain(&self) -> bool {
        !self.cache && self.reads()
    }

    /// Whether nothing is asked that matters for updates only.
    pub(crate) fn reads(&self) -> bool {
        self.updates == Way::Rewrite
    }
}

/// One piece of work.
#[derive(Deserialize)]
pub(crate) struct Task {
    pub(crate) workload: String,
    dtype: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) shard: Vec<u64>,
    pub(crate) chunk: Vec<u64>,
    codec: Option<Codec>,
    data: String,
    pub(crate) store: String,
    pub(crate) threads: usize,
    boxes: String,
    pub(crate) params: Params,
}

#[derive(Deserialize)]
struct Codec {
    name: String,
    #[serde(default)]
    cname: String,
    #[serde(default)]
    clevel: u32,
    #[serde(default)]
    shuffle: String,
    #[serde(default)]
    level: i32,
}

/// What only some workloads have.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) mode: String,
    pub(crate) planes: u64,
    pub(crate) plane: Vec<u64>,
    pub(crate) targets: Vec<Vec<u64>>,
}

pub(crate) fn from_arguments(
    arguments: impl Iterator<Item = String>,
) -> Result<(Options, Task), Box<dyn Error>> {
    let mut options = Options {
        cache: false,
        updates: Way::Rewrite,
    };
    let mut file = None;
    for argument in arguments {
        match argument.as_str() {
            "--cache" => options.cache = true,
            "--rewrite" => options.updates = Way::Rewrite,
            "--in-place" => options.updates = Way::InPlace,
            "--writer" => options.updates = Way::Writer,
            _ => file = Some(argument),
        }
    }
    let file = file.ok_or("no task file given")?;
    Ok((options, serde_json::from_slice(&std::fs::read(file)?)?))
}

impl Task {
    pub(crate) fn element(&self) -> Result<ElementType, Box<dyn Error>> {
        Ok(self.dtype.parse()?)
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::new(LocalStore::new(&self.store))
    }

    /// Metadata of an array of this `shape` in the layout and codec of the task.
    pub(crate) fn metadata(&self, shape: &[u64]) -> Result<ArrayMetadata, Box<dyn Error>> {
        let codec = match &self.codec {
            None => CodecSpec::None,
            Some(codec) if codec.name == "zstd" => CodecSpec::Zstd(codec.level),
            Some(codec) => CodecSpec::Blosc {
                compressor: codec.cname.clone(),
                level: codec.clevel,
                shuffle: codec.shuffle.clone(),
            },
        };
        let layout = Layout::sharded(&self.shard, &self.chunk, &self.chunk)?;
        let element = self.element()?;
        let fill = vec![0; element.size()];
        Ok(ArrayMetadata::new(shape, element, &fill, layout, &codec))
    }

    pub(crate) fn open(&self) -> Result<Array, Box<dyn Error>> {
        Ok(Array::open(self.store(), "")?)
    }

    /// The elements that are written, little-endian and in C order, of an array of `shape`.
    pub(crate) fn data(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(std::fs::read(&self.data)?)
    }

    /// The elements of `region` of what [`data`](Self::data) gave.
    pub(crate) fn cut(&self, data: &[u8], region: &Region) -> Result<Vec<u8>, Box<dyn Error>> {
        let size = self.element()?.size();
        let mut out = vec![0; usize::try_from(region.len())? * size];
        let from = Window {
            shape: &self.shape,
            start: &region.start,
        };
        let origin = vec![0; region.rank()];
        let to = Window {
            shape: &region.shape,
            start: &origin,
        };
        copy(&region.shape, size, data, from, &mut out, to);
        Ok(out)
    }

    pub(crate) fn boxes(&self) -> Result<Vec<Region>, Box<dyn Error>> {
        let numbers: Vec<u64> = bytemuck::pod_collect_to_vec(&std::fs::read(&self.boxes)?);
        let regions = numbers
            .chunks_exact(6)
            .map(|n| Region::new(&n[..3], &n[3..]));
        Ok(regions.collect())
    }
}

/// The sum of the bit patterns as signed integers, which every driver reports of what it read.
pub(crate) fn check(element: ElementType, bytes: &[u8]) -> i64 {
    fn sum<T: Into<i64> + bytemuck::Pod>(bytes: &[u8]) -> i64 {
        let values = bytes.chunks_exact(size_of::<T>());
        values.fold(0, |sum, value| {
            sum.wrapping_add(bytemuck::pod_read_unaligned::<T>(value).into())
        })
    }
    match element.size() {
        2 => sum::<i16>(bytes),
        4 => sum::<i32>(bytes),
        _ => sum::<i64>(bytes),
    }
}
