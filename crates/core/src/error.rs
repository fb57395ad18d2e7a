//! One error for the workspace: it says who must act, where, and what to do.

use std::path::Path;

/// What went wrong, sorted by who can mend it.
///
/// Every variant carries a `place` (a file, a store key or a node path, as the user knows it)
/// and one sentence that ends in what to do. The cause, where there is one, is in
/// [`source`](std::error::Error::source) only, so a chain printer says nothing twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are damaged or contradict themselves: whoever made the file must act.
    #[error("{place}: damaged data: {what}")]
    Data {
        /// File, key or node.
        place: String,
        /// The fault.
        what: String,
    },
    /// The request makes no sense for this data: the caller must act.
    #[error("{place}: {what}")]
    Caller {
        /// File, key, node or option.
        place: String,
        /// What was asked, and what would be accepted.
        what: String,
    },
    /// Nothing exists there.
    #[error("{place}: not found: {what}")]
    NotFound {
        /// File, key or node.
        place: String,
        /// What was looked for.
        what: String,
    },
    /// Something exists there already, or changed meanwhile.
    #[error("{place}: conflict: {what}")]
    Conflict {
        /// File, key or node.
        place: String,
        /// With what, and the way out.
        what: String,
    },
    /// The data is legal, but this build or version does not read it.
    #[error("{place}: not supported: {what}")]
    Unsupported {
        /// File, key or node.
        place: String,
        /// The feature, and a way round it.
        what: String,
    },
    /// A size claimed by the data or the request exceeds a limit.
    #[error("{place}: limit exceeded: {what}")]
    Limit {
        /// File, key or node.
        place: String,
        /// The limit and the size that was asked.
        what: String,
    },
    /// The work was interrupted; nothing was left half-done.
    #[error("interrupted: {what}")]
    Interrupted {
        /// What was going on.
        what: String,
    },
    /// The operating system or the network refused.
    #[error("{place}: {what}")]
    Io {
        /// File or key.
        place: String,
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A library below failed.
    #[error("{place}: {what}")]
    Other {
        /// File, key or node.
        place: String,
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $variant:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(place: impl Into<String>, what: impl Into<String>) -> Self {
            Self::$variant { place: place.into(), what: what.into() }
        }
    )*};
}

impl Error {
    constructors! {
        /// [`Error::Data`] at `place`.
        data => Data;
        /// [`Error::Caller`] at `place`.
        caller => Caller;
        /// [`Error::NotFound`] at `place`.
        not_found => NotFound;
        /// [`Error::Conflict`] at `place`.
        conflict => Conflict;
        /// [`Error::Unsupported`] at `place`.
        unsupported => Unsupported;
        /// [`Error::Limit`] at `place`.
        limit => Limit;
    }

    /// An operating system error while doing `what` to `path`; a missing path is [`Error::NotFound`].
    pub fn io(path: impl AsRef<Path>, what: &str, source: std::io::Error) -> Self {
        let place = path.as_ref().display().to_string();
        match source.kind() {
            std::io::ErrorKind::NotFound => {
                Self::not_found(place, format!("cannot {what}: no such file or directory"))
            }
            _ => Self::Io {
                place,
                what: format!("cannot {what}"),
                source,
            },
        }
    }

    /// An error of a library below while doing `what` at `place`.
    pub fn other(
        place: impl Into<String>,
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Other {
            place: place.into(),
            what: what.into(),
            source: source.into(),
        }
    }

    /// The same error at another place.
    #[must_use]
    pub fn map_place(mut self, map: impl FnOnce(&str) -> String) -> Self {
        match &mut self {
            Self::Data { place, .. }
            | Self::Caller { place, .. }
            | Self::NotFound { place, .. }
            | Self::Conflict { place, .. }
            | Self::Unsupported { place, .. }
            | Self::Limit { place, .. }
            | Self::Io { place, .. }
            | Self::Other { place, .. } => *place = map(place),
            Self::Interrupted { .. } => {}
        }
        self
    }

    /// The same error at `place`: decoders of bytes do not know the file they come from.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        self.map_place(|_| place.into())
    }

    /// Whether nothing exists at the place asked for.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
