//! What several tests need.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::store::{ByteRange, Expected, Fetched, ObjectWriter, Store, Version};
use ziggurat_core::{Array, ElementType, Error, Region, Result};

pub(crate) use super::counting::Counting;

/// The elements of an array as a vector.
pub(crate) struct Model {
    pub(crate) shape: Vec<u64>,
    size: usize,
    fill: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Model {
    pub(crate) fn new(array: &Array) -> Self {
        let count = Region::whole(array.shape()).len() as usize;
        Self {
            shape: array.shape().to_vec(),
            size: array.element().size(),
            fill: array.metadata().fill.clone(),
            bytes: array.metadata().fill.repeat(count),
        }
    }

    pub(crate) fn write(&mut self, region: &Region, bytes: &[u8]) {
        let zero = vec![0; region.rank()];
        let from = Window {
            shape: &region.shape,
            start: &zero,
        };
        let to = Window {
            shape: &self.shape,
            start: &region.start,
        };
        copy(&region.shape, self.size, bytes, from, &mut self.bytes, to);
    }

    pub(crate) fn read(&self, region: &Region) -> Vec<u8> {
        let mut out = vec![0; region.len() as usize * self.size];
        let zero = vec![0; region.rank()];
        let from = Window {
            shape: &self.shape,
            start: &region.start,
        };
        let to = Window {
            shape: &region.shape,
            start: &zero,
        };
        copy(&region.shape, self.size, &self.bytes, from, &mut out, to);
        out
    }

    /// What is cut off is gone; what is new is the fill value.
    pub(crate) fn resize(&mut self, shape: &[u64]) {
        let kept = Region::whole(&self.shape).intersect(&Region::whole(shape));
        let old = kept.map(|kept| (self.read(&kept), kept));
        self.shape = shape.to_vec();
        self.bytes = self.fill.repeat(Region::whole(shape).len() as usize);
        if let Some((bytes, kept)) = old {
            self.write(&kept, &bytes);
        }
    }
}

/// Any small layout: blocks of 1 to 4 cells, 1 to 3 blocks in a chunk, 1 to 3 chunks in a superchunk.
pub(crate) fn layouts(rank: usize) -> impl Strategy<Value = Layout> {
    prop::collection::vec((1..5u64, 1..4u64, 1..4u64), rank).prop_map(|dims| {
        let part = |f: fn(&(u64, u64, u64)) -> u64| dims.iter().map(f).collect::<Vec<_>>();
        Layout::sharded(
            &part(|(b, c, s)| b * c * s),
            &part(|(b, c, _)| b * c),
            &part(|(b, _, _)| *b),
        )
        .unwrap()
    })
}

/// Any layout, sharded or not.
pub(crate) fn any_layout(rank: usize) -> impl Strategy<Value = Layout> {
    let unsharded = layouts(rank).prop_map(|l| Layout::unsharded(l.block()).unwrap());
    prop_oneof![3 => layouts(rank), 1 => unsharded]
}

pub(crate) fn codecs() -> impl Strategy<Value = CodecSpec> {
    let names = [
        "none",
        "zstd:1",
        "gzip:1",
        "blosc-lz4:5:shuffle",
        "blosc-zstd:1:bitshuffle",
        "blosc-blosclz:3:noshuffle",
    ];
    prop::sample::select(names.map(|n| n.parse().unwrap()).to_vec())
}

pub(crate) fn elements() -> impl Strategy<Value = ElementType> {
    prop::sample::select(ElementType::ALL.to_vec())
}

/// A region within `shape`.
pub(crate) fn region_in(shape: &[u64]) -> impl Strategy<Value = Region> + use<> {
    let dims: Vec<_> = shape
        .iter()
        .map(|&n| (0..n).prop_flat_map(move |s| (Just(s), 1..=n - s)))
        .collect();
    dims.prop_map(|dims| {
        let (start, shape): (Vec<u64>, Vec<u64>) = dims.into_iter().unzip();
        Region::new(start, shape)
    })
}

/// Bytes of `count` elements that depend on `seed`; with `seed` 0 nothing but `fill`.
pub(crate) fn noise(count: u64, element: ElementType, fill: &[u8], seed: u64) -> Vec<u8> {
    if seed == 0 {
        return fill.repeat(count as usize);
    }
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 56) as u8
    };
    let mut bytes: Vec<u8> = (0..count as usize * element.size())
        .map(|_| byte())
        .collect();
    if element == ElementType::Bool {
        for byte in &mut bytes {
            *byte &= 1;
        }
    }
    bytes
}

/// A store that dies: after so many changes every further one is refused.
#[derive(Debug)]
pub(crate) struct Mortal<S> {
    inner: S,
    left: AtomicUsize,
    count: AtomicUsize,
}

impl<S: Store> Mortal<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            left: AtomicUsize::new(usize::MAX),
            count: AtomicUsize::new(0),
        }
    }

    pub(crate) fn dies_after(&self, changes: usize) {
        self.left.store(changes, Ordering::Relaxed);
    }

    pub(crate) fn lives(&self) {
        self.dies_after(usize::MAX);
    }

    pub(crate) fn count_anew(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    /// Changes since counting began.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn change(&self) -> Result<()> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        match left {
            0 => Err(Error::Interrupted {
                what: "the store died".into(),
            }),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl<S: Store> Store for Mortal<S> {
    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        self.inner.get(key).await
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        self.inner.get_ranges(key, ranges, known).await
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        self.inner.version(key).await
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        self.change()?;
        self.inner.create(key).await
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        self.change()?;
        self.inner.delete_if(key, expected).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.change()?;
        self.inner.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        self.change()?;
        self.inner.delete_prefix(prefix).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list(prefix).await
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list_dir(prefix).await
    }
}
