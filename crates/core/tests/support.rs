//! What several tests need.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{ByteRange, Expected, Fetched, ObjectWriter, Store, Version};
use ziggurat_core::{ElementType, Region, Result};

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

/// A store that remembers what was read of it: keys with numbers of bytes.
#[derive(Debug)]
pub(crate) struct Counting<S> {
    inner: S,
    reads: Mutex<Vec<(String, u64)>>,
}

impl<S: Store> Counting<S> {
    pub(crate) fn new(inner: S) -> Self {
        let reads = Mutex::default();
        Self { inner, reads }
    }

    /// What was read since this was asked last: one entry per range.
    pub(crate) fn taken(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.reads.lock().unwrap())
    }

    fn note(&self, key: &str, bytes: u64) {
        self.reads.lock().unwrap().push((key.to_owned(), bytes));
    }
}

#[async_trait]
impl<S: Store> Store for Counting<S> {
    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let found = self.inner.get(key).await?;
        self.note(key, found.as_ref().map_or(0, |b| b.len() as u64));
        Ok(found)
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        let found = self.inner.get_ranges(key, ranges, known).await?;
        match &found {
            Fetched::Absent | Fetched::Changed => self.note(key, 0),
            Fetched::Ranges(_, list) => list.iter().for_each(|b| self.note(key, b.len() as u64)),
        }
        Ok(found)
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        self.note(key, 0);
        self.inner.version(key).await
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        self.inner.create(key).await
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        self.inner.delete_if(key, expected).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.inner.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        self.inner.delete_prefix(prefix).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list(prefix).await
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list_dir(prefix).await
    }
}
