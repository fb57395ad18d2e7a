//! What is read of a store, counted. The tests of other crates include this file.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use ziggurat_core::Result;
use ziggurat_core::store::{ByteRange, Expected, Fetched, ObjectWriter, Store, Version};

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
