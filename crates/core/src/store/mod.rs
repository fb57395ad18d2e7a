//! Stores: keys to bytes.
//!
//! A store knows no format. Fetching is asynchronous; local and in-memory stores answer at once.

mod local;
mod object;

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

pub use local::LocalStore;
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

    /// Several ranges of one object, in the order asked; `None` if there is no object.
    ///
    /// A range beyond the end of the object is [`crate::Error::Data`].
    async fn get_ranges(&self, key: &str, ranges: &[ByteRange]) -> Result<Option<Vec<Bytes>>>;

    /// The size of the object in bytes, or `None` if there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>>;

    /// Creates or replaces the object: others see the old bytes or the new ones, never a part.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// Deletes the object; that there is none is no error.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Deletes every object below `prefix`.
    async fn delete_prefix(&self, prefix: &str) -> Result<()>;

    /// The keys of all objects below `prefix`, in no particular order.
    async fn list(&self, prefix: &str) -> Result<Vec<String>>;

    /// The names of the objects and prefixes directly below `prefix`, sorted.
    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>>;
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
