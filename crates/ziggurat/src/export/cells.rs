//! The values of cells, and which of them are missing.

use ziggurat_core::{ElementType, Error, Result, Scalar, Variable};

/// Reads the cells of a variable.
#[derive(Debug)]
pub(super) struct Cells {
    element: ElementType,
    nodata: Option<Vec<u8>>,
}

impl Cells {
    pub(super) fn new(variable: &Variable) -> Self {
        let element = variable.element;
        let nodata = variable.nodata.and_then(|v| v.to_element(element));
        Self { element, nodata }
    }

    /// As [`new`](Self::new); an error if the values are complex.
    pub(super) fn real(place: &str, variable: &Variable) -> Result<Self> {
        if Scalar::from_element(&vec![0; variable.element.size()], variable.element).is_none() {
            let what = "complex values are not converted; write .npy or .tif";
            return Err(Error::unsupported(place, what));
        }
        Ok(Self::new(variable))
    }

    /// Whether `cell` is nodata or NaN.
    pub(super) fn is_missing(&self, cell: &[u8]) -> bool {
        self.nodata.as_deref() == Some(cell)
            || self.element.is_float() && self.value(cell).is_some_and(f64::is_nan)
    }

    /// The number in `cell`; `None` if it is missing.
    pub(super) fn number(&self, cell: &[u8]) -> Option<f64> {
        let declared = self.nodata.as_deref() == Some(cell);
        self.value(cell).filter(|v| !declared && !v.is_nan())
    }

    fn value(&self, cell: &[u8]) -> Option<f64> {
        Scalar::from_element(cell, self.element).map(Scalar::as_f64)
    }
}
