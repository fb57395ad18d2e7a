//! Where updates go, by the way that was asked for.

use ziggurat_core::{Array, InPlace, Region, Result, Updates, Writer, WriterOptions};

use crate::task::Way;

/// An array that takes updates.
pub(crate) enum Sink {
    /// Each update is visible to others when it is done.
    Direct(Box<Array>),
    /// Updates are visible, and durable, when the sink is closed.
    Held(Box<Writer>),
}

impl Sink {
    pub(crate) fn new(array: Array, way: Way) -> Self {
        let in_place = Updates::InPlace(InPlace::default());
        match way {
            Way::Rewrite => Self::Direct(Box::new(array)),
            Way::InPlace => Self::Direct(Box::new(array.with_updates(in_place))),
            Way::Writer => Self::Held(Box::new(array.writer(WriterOptions::default()))),
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
