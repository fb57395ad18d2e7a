//! `NumPy` arrays in files: the metadata that describe them.

use serde_json::{Value, json};
use ziggurat_core::{Error, Result};

use crate::dtype::DType;

/// The place that errors name until the caller puts the file there with [`Error::at`].
const PLACE: &str = "bloscpack metadata";

/// An array as metadata describe it.
///
/// ```
/// use ziggurat_codecs::bloscpack::Array;
/// use ziggurat_codecs::dtype::DType;
/// let array = Array { dtype: DType::parse("<i8")?, shape: vec![4, 5], fortran: false };
/// assert_eq!(Array::parse(&array.to_metadata()?)?, array);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// Type of an element.
    pub dtype: DType,
    /// Size of each dimension; empty for a single element.
    pub shape: Vec<u64>,
    /// Whether the *first* dimension varies fastest.
    pub fortran: bool,
}

impl Array {
    /// Whether metadata claim to describe an array.
    #[must_use]
    pub fn is_in(metadata: &Value) -> bool {
        metadata["container"] == "numpy"
    }

    /// Reads the description.
    ///
    /// The type is a Python literal. Before version 0.7.2 it was the bare name, or JSON for a record.
    ///
    /// # Errors
    /// [`Error::Data`] if it is none; [`Error::Unsupported`] for Python objects. The place in the error is
    /// `bloscpack metadata`; see [`Error::at`].
    pub fn parse(metadata: &Value) -> Result<Self> {
        let wrong = |key: &str| Error::data(PLACE, format!("'{key}' is {}", metadata[key]));
        let dtype = match &metadata["dtype"] {
            Value::String(text) => DType::parse(text)?,
            record @ Value::Array(_) => DType::parse(&record.to_string())?,
            _ => return Err(wrong("dtype")),
        };
        let sizes = metadata["shape"].as_array().ok_or_else(|| wrong("shape"))?;
        let shape: Option<Vec<u64>> = sizes.iter().map(Value::as_u64).collect();
        let array = Self {
            dtype,
            shape: shape.ok_or_else(|| wrong("shape"))?,
            fortran: match metadata["order"].as_str() {
                Some("C") => false,
                Some("F") => true,
                _ => return Err(wrong("order")),
            },
        };
        let bytes = array.shape.iter().filter(|&&n| n > 0);
        let bytes = bytes
            .copied()
            .try_fold(array.dtype.size().max(1) as u64, u64::checked_mul);
        match bytes {
            Some(_) => Ok(array),
            None => Err(Error::limit(
                PLACE,
                format!("an array of shape {:?}", array.shape),
            )),
        }
    }

    /// Bytes of all elements; 0 if there is no element, saturating.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = self.dtype.size() as u64;
        self.shape.iter().fold(size, |n, &s| n.saturating_mul(s))
    }

    /// The description, as bloscpack 0.7.2 and later write it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a record whose fields overlap, which has no literal.
    pub fn to_metadata(&self) -> Result<Value> {
        let dtype = self.dtype.to_literal().ok_or_else(|| {
            Error::unsupported(PLACE, "a record whose fields overlap or are not in order")
        })?;
        let order = if self.fortran { "F" } else { "C" };
        Ok(json!({
            "dtype": dtype, "shape": self.shape, "order": order, "container": "numpy",
        }))
    }
}
