//! Any store of the `object_store` crate: memory, and later S3, GCS, Azure and HTTP.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    UpdateVersion,
};

use super::{ByteRange, Expected, Fetched, ObjectWriter, Store, Tag, Version};
use crate::{Error, Result};

/// A [`Store`] over an [`ObjectStore`].
///
/// ```
/// use ziggurat_core::store::{ObjectBackend, Store};
/// let store = ObjectBackend::memory();
/// ziggurat_core::exec::block_on(store.put("a/b", "bytes".into()))?;
/// assert_eq!(ziggurat_core::exec::block_on(store.list_dir(""))?, ["a"]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ObjectBackend {
    inner: Arc<dyn ObjectStore>,
    name: String,
}

impl ObjectBackend {
    /// The store `inner`, called `name` in messages.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { inner, name }
    }

    /// An empty store in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()), "memory://")
    }

    /// The path of a key, spelled as it is: [`Path::from`] would escape some characters, and what is
    /// listed would no longer be what was put.
    fn path(&self, key: &str) -> Result<Path> {
        Path::parse(key).map_err(|e| Error::caller(self.place(key), format!("not a key: {e}")))
    }

    async fn get_range(&self, key: &str, range: ByteRange) -> Result<Option<(Version, Bytes)>> {
        let wanted = match range {
            // No request can ask for no bytes.
            ByteRange::Bounded { length: 0, .. } | ByteRange::Suffix { length: 0 } => {
                return match self.version(key).await? {
                    Some(v) if range.resolve(v.size()).is_none() => Err(self.beyond(key, range)),
                    found => Ok(found.map(|version| (version, Bytes::new()))),
                };
            }
            ByteRange::Bounded { offset, length } => {
                GetRange::Bounded(offset..offset.saturating_add(length))
            }
            ByteRange::Suffix { length } => GetRange::Suffix(length),
        };
        let options = GetOptions {
            range: Some(wanted),
            ..GetOptions::default()
        };
        let path = self.path(key)?;
        let read = async {
            let found = self.inner.get_opts(&path, options).await?;
            let version = version_of(&found.meta);
            Ok((version, found.bytes().await?))
        };
        match (present(read.await), range) {
            (Ok(Some((_, bytes))), ByteRange::Bounded { length, .. })
                if length != bytes.len() as u64 =>
            {
                Err(self.beyond(key, range))
            }
            (Ok(found), _) => Ok(found),
            // Stores have no common error for a range that begins beyond the end.
            (Err(e), _) => match self.size(key).await? {
                Some(size) if range.resolve(size).is_none() => Err(self.beyond(key, range)),
                _ => Err(self.fail(key, "read", e)),
            },
        }
    }

    fn beyond(&self, key: &str, range: ByteRange) -> Error {
        let what = format!("{range:?} lies beyond its end: it is truncated");
        Error::data(self.place(key), what)
    }

    fn fail(&self, key: &str, what: &str, e: object_store::Error) -> Error {
        Error::other(self.place(key), format!("cannot {what}"), e)
    }
}

fn version_of(meta: &ObjectMeta) -> Version {
    Version::new(meta.size, Tag::Entity(meta.e_tag.clone()))
}

/// `None` where the object is absent.
fn present<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

#[async_trait]
impl Store for ObjectBackend {
    fn place(&self, key: &str) -> String {
        format!("{}{key}", self.name)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let path = self.path(key)?;
        let read = async { self.inner.get(&path).await?.bytes().await };
        present(read.await).map_err(|e| self.fail(key, "read", e))
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        let mut version = known.cloned();
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            match self.get_range(key, *range).await? {
                None => return Ok(Fetched::Absent),
                Some((found, _)) if version.as_ref().is_some_and(|v| *v != found) => {
                    return Ok(Fetched::Changed);
                }
                Some((found, bytes)) => {
                    version = Some(found);
                    out.push(bytes);
                }
            }
        }
        if out.is_empty() {
            version = self.version(key).await?;
        }
        Ok(match version {
            None => Fetched::Absent,
            Some(found) if known.is_some_and(|v| *v != found) => Fetched::Changed,
            Some(found) => Fetched::Ranges(found, out),
        })
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        present(self.inner.head(&self.path(key)?).await)
            .map(|found| found.map(|meta| version_of(&meta)))
            .map_err(|e| self.fail(key, "look at", e))
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        Ok(Box::new(Collected {
            store: self.clone(),
            key: key.to_owned(),
            parts: Vec::new(),
        }))
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        // No store deletes on a condition: between the look and the deletion another may write.
        if !expected.admits(self.version(key).await?.as_ref()) {
            return Ok(false);
        }
        self.delete(key).await.map(|()| true)
    }

    async fn delete(&self, key: &str) -> Result<()> {
        present(self.inner.delete(&self.path(key)?).await)
            .map(drop)
            .map_err(|e| self.fail(key, "delete", e))
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        for key in self.list(prefix).await? {
            self.delete(&key).await?;
        }
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut below = vec![self.path(prefix)?];
        while let Some(path) = below.pop() {
            let listed = self.inner.list_with_delimiter(Some(&path)).await;
            let listed = listed.map_err(|e| self.fail(prefix, "list", e))?;
            keys.extend(listed.objects.into_iter().map(|o| o.location.to_string()));
            below.extend(listed.common_prefixes);
        }
        Ok(keys)
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        let listed = self
            .inner
            .list_with_delimiter(Some(&self.path(prefix)?))
            .await;
        let listed = listed.map_err(|e| self.fail(prefix, "list", e))?;
        let objects = listed.objects.into_iter().map(|o| o.location);
        let mut names: Vec<String> = objects
            .chain(listed.common_prefixes)
            .filter_map(|path| path.filename().map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }
}

/// The parts of an object, which are put in one request.
#[derive(Debug)]
struct Collected {
    store: ObjectBackend,
    key: String,
    parts: Vec<Bytes>,
}

#[async_trait]
impl ObjectWriter for Collected {
    async fn write(&mut self, parts: &[Bytes]) -> Result<()> {
        self.parts.extend_from_slice(parts);
        Ok(())
    }

    async fn copy(&mut self, seen: &Version, range: Range<u64>) -> Result<bool> {
        let range = ByteRange::Bounded {
            offset: range.start,
            length: range.end - range.start,
        };
        match self
            .store
            .get_ranges(&self.key, &[range], Some(seen))
            .await?
        {
            Fetched::Ranges(_, parts) => self.write(&parts).await.map(|()| true),
            Fetched::Absent | Fetched::Changed => Ok(false),
        }
    }

    async fn finish(self: Box<Self>, expected: &Expected) -> Result<Option<Version>> {
        let Self { store, key, parts } = *self;
        let size = parts.iter().map(|part| part.len() as u64).sum();
        let mode = match expected {
            Expected::Any => PutMode::Overwrite,
            Expected::Absent => PutMode::Create,
            Expected::Version(Version {
                tag: Tag::Entity(Some(tag)),
                ..
            }) => PutMode::Update(UpdateVersion {
                e_tag: Some(tag.clone()),
                version: None,
            }),
            Expected::Version(_) => {
                let what = "conditional writes: the store gives objects no entity tag";
                return Err(Error::unsupported(store.place(&key), what));
            }
        };
        let payload: PutPayload = parts.into_iter().collect();
        let path = store.path(&key)?;
        match store.inner.put_opts(&path, payload, mode.into()).await {
            Ok(done) => Ok(Some(Version::new(size, Tag::Entity(done.e_tag)))),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(None),
            Err(e) => Err(store.fail(&key, "write", e)),
        }
    }
}
