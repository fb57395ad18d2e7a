//! Stores: keys to bytes.
//!
//! A store knows no format. Fetching is asynchronous; local and in-memory stores answer at once.

mod local;
mod object;

use std::fmt::Debug;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

pub use local::{Disk, Durability, LocalObject, LocalStore, System};
pub(crate) use local::{lock, parent, read_at, stamp, version_of};
pub use object::ObjectBackend;

use crate::Result;

/// Bytes wanted from an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// `length` bytes from `offset`; both must lie within the object.
    Bounded {
        /// First byte.
        offset: u64,
        /// Number of bytes.
        length: u64,
    },
    /// The last `length` bytes, or all if the object is shorter.
    Suffix {
        /// Number of bytes.
        length: u64,
    },
}

impl ByteRange {
    /// The half-open range in an object of `size` bytes, or `None` if it exceeds the object.
    #[must_use]
    pub fn resolve(self, size: u64) -> Option<Range<u64>> {
        match self {
            Self::Bounded { offset, length } => {
                let end = offset.checked_add(length)?;
                (end <= size).then_some(offset..end)
            }
            Self::Suffix { length } => Some(size.saturating_sub(length)..size),
        }
    }
}

/// Tells one state of an object from every other state of it.
///
/// Local files: length, inode and time of the last change. Object stores: length and entity tag.
/// Two versions of one key are equal only if nothing was written between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    size: u64,
    tag: Tag,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    File { inode: u64, modified: u64 },
    Entity(Option<String>),
}

impl Version {
    pub(crate) fn new(size: u64, tag: Tag) -> Self {
        Self { size, tag }
    }

    /// Bytes of the object.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether no later state of the object can look the same, as far as the version itself tells.
    pub(crate) fn is_unique(&self) -> bool {
        matches!(self.tag, Tag::Entity(Some(_)))
    }

    /// The stamp of a local file; 0 elsewhere.
    pub(crate) fn modified(&self) -> u64 {
        match self.tag {
            Tag::File { modified, .. } => modified,
            Tag::Entity(_) => 0,
        }
    }
}

/// What [`Store::get_ranges`] found.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// There is no object.
    Absent,
    /// The object is not (any more) in the version asked for.
    Changed,
    /// The bytes of each range, all of one version of the object.
    Ranges(Version, Vec<Bytes>),
}

/// What an object must be for a write to go ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything or nothing.
    Any,
    /// Nothing: no object is there.
    Absent,
    /// This version.
    Version(Version),
}

impl Expected {
    /// Whether an object in this state (`None`: absent) is what was expected.
    #[must_use]
    pub fn admits(&self, found: Option<&Version>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
        }
    }
}

/// Keys to bytes, with atomic replacement of whole objects.
///
/// A key has the invariants of a Zarr key: parts separated by `/`, no leading or trailing `/`, no
/// empty part, no `.` or `..`. The empty key is the root, valid as a prefix only.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// The name of `key` for messages: a path or URL.
    fn place(&self, key: &str) -> String;

    /// The whole object, or `None` if there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>>;

    /// Several ranges of one version of an object, in the order asked.
    ///
    /// With `known`, only of that version: otherwise [`Fetched::Changed`]. A range beyond the end
    /// of the object is [`crate::Error::Data`].
    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched>;

    /// The version of the object, or `None` if there is none.
    async fn version(&self, key: &str) -> Result<Option<Version>>;

    /// The size of the object in bytes, or `None` if there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.version(key).await?.map(|version| version.size()))
    }

    /// Begins an object that takes the place of `key` when it is finished.
    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>>;

    /// Creates or replaces the object: others see the old bytes or the new ones, never a part.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let put = self.put_if(key, &[bytes], &Expected::Any).await;
        put.map(drop)
    }

    /// Creates or replaces the object by `parts`, one after the other, if it is as `expected`; see
    /// [`ObjectWriter::finish`].
    async fn put_if(
        &self,
        key: &str,
        parts: &[Bytes],
        expected: &Expected,
    ) -> Result<Option<Version>> {
        let mut writer = self.create(key).await?;
        writer.write(parts).await?;
        writer.finish(expected).await
    }

    /// Deletes the object; that there is none is no error.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Deletes the object if it is as `expected`; `false`, having changed nothing, if it is not.
    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool>;

    /// Deletes every object below `prefix`.
    async fn delete_prefix(&self, prefix: &str) -> Result<()>;

    /// The keys of all objects below `prefix`, in no particular order.
    async fn list(&self, prefix: &str) -> Result<Vec<String>>;

    /// The names of the objects and prefixes directly below `prefix`, sorted.
    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>>;

    /// The directory behind it, if it is one: files can be read and updated in place.
    fn local(&self) -> Option<&LocalStore> {
        None
    }
}

/// An object that is being written, part after part; see [`Store::create`].
///
/// Nobody sees it before it is finished. Dropping it abandons it.
#[async_trait]
pub trait ObjectWriter: Debug + Send {
    /// Appends `parts`.
    async fn write(&mut self, parts: &[Bytes]) -> Result<()>;

    /// Appends bytes of the object that is to be replaced, which must be the version `seen`;
    /// `false` if it is not (any more).
    async fn copy(&mut self, seen: &Version, range: Range<u64>) -> Result<bool>;

    /// Puts the object into its place if what is there is as `expected`.
    ///
    /// Returns the new version, or `None`, having changed nothing, if the object is not as expected.
    /// Of several writers that expect the same version one succeeds. When it returns, a replaced
    /// object survives a power failure in its old or its new version, unless the store was opened
    /// with [`Durability::Process`].
    async fn finish(self: Box<Self>, expected: &Expected) -> Result<Option<Version>>;
}

/// `prefix/name`, or `name` below the root.
#[must_use]
pub fn join(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", _) => name.to_owned(),
        (_, "") => prefix.to_owned(),
        _ => format!("{prefix}/{name}"),
    }
}
