//! Stores: keys to bytes.
//!
//! A store knows no format. Fetching is asynchronous; local and in-memory stores answer at once.

mod local;
mod object;

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

pub use local::{LocalObject, LocalStore};
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
    pub fn resolve(self, size: u64) -> Option<std::ops::Range<u64>> {
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
    File { inode: u64, modified: u128 },
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

    /// When a file changed last; `None` for other objects.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        match self.tag {
            Tag::File { modified, .. } => {
                let nanos = u64::try_from(modified).ok()?;
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(nanos))
            }
            Tag::Entity(_) => None,
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

    /// Creates or replaces the object: others see the old bytes or the new ones, never a part.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// Creates or replaces the object by `parts`, one after the other, if it is as `expected`.
    ///
    /// Returns the new version, or `None`, having changed nothing, if the object is not as expected.
    /// Of several writers that expect the same version one succeeds. When it returns, a replaced
    /// object survives a power failure in its old or its new version.
    async fn put_if(
        &self,
        key: &str,
        parts: &[Bytes],
        expected: &Expected,
    ) -> Result<Option<Version>>;

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

/// `prefix/name`, or `name` below the root.
#[must_use]
pub fn join(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", _) => name.to_owned(),
        (_, "") => prefix.to_owned(),
        _ => format!("{prefix}/{name}"),
    }
}
