//! An array of any format, as something to read from.

use ziggurat_codecs::dtype::DType;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::{Attributes, Region, Result};

/// What an array is, before an element of it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Size of each dimension.
    pub shape: Vec<u64>,
    /// Type of an element, in the byte order of this machine.
    pub dtype: DType,
    /// The box that is best read at once; at least 1 in each dimension.
    pub chunk: Vec<u64>,
    /// The box that is decoded alone; at least 1 in each dimension, and no larger than a chunk.
    pub block: Vec<u64>,
    /// What an element holds that was never written; `None` for zeros.
    pub fill: Option<Vec<u8>>,
    /// How it is compressed, or how something like it is.
    pub codec: CodecSpec,
    /// What users noted, and what the format has that others have not.
    pub attributes: Attributes,
    /// Names of the dimensions.
    pub dimension_names: Option<Vec<Option<String>>>,
}

impl Description {
    /// Without blocks, fill value, attributes and names.
    pub(super) fn new(shape: &[u64], dtype: &DType, chunk: Vec<u64>) -> Self {
        Self {
            shape: shape.to_vec(),
            dtype: dtype.to_native(),
            block: chunk.clone(),
            chunk,
            fill: None,
            codec: CodecSpec::default(),
            attributes: Attributes::new(),
            dimension_names: None,
        }
    }
}

/// An array, open for reading from any thread.
pub trait Input: Send + Sync {
    /// The place, as the user gave it, for messages.
    fn place(&self) -> &str;

    /// What it is.
    fn description(&self) -> &Description;

    /// The elements of `region` in C order, in the byte order of this machine.
    ///
    /// # Errors
    /// [`ziggurat_core::Error::Data`] if it is damaged, naming the file and the fault.
    fn read(&self, region: &Region) -> Result<Vec<u8>>;

    /// A column of a table, by its path, if columns are stored on their own.
    fn column(&self, _path: &str) -> Option<&dyn Input> {
        None
    }
}
