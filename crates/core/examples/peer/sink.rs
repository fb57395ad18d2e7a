//! Where updates go, by the way that was asked for.

use ziggurat_core::{Array, Region, Result, Writer, WriterOptions};

use crate::task::Updates;

/// An array that takes updates.
pub(crate) enum Sink {
    /// Each update is visible to others when it is done.
    Direct(Array),
    /// Updates are visible, and durable, when the sink is closed.
    Held(Writer),
}

impl Sink {
    /// A sink before `array`; `None` if there is no such way.
    pub(crate) fn new(array: Array, updates: Updates) -> Option<Self> {
        match updates {
            Updates::Rewrite => Some(Self::Direct(array)),
            Updates::InPlace => None,
            Updates::Writer => Some(Self::Held(array.writer(WriterOptions::default()))),
        }
    }

    /// Appends along the first dimension.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<Region> {
        match self {
            Self::Direct(array) => array.append(0, bytes),
            Self::Held(writer) => writer.append(0, bytes),
        }
    }

    pub(crate) fn write(&mut self, region: &Region, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Direct(array) => array.write(region, bytes),
            Self::Held(writer) => writer.write(region, bytes),
        }
    }

    pub(crate) fn close(self) -> Result<()> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Held(mut writer) => writer.sync(),
        }
    }
}
