//! Rows in memory, column by column.

use super::schema::{Leaf, leaves};
use crate::dtype::DType;
use crate::{Error, Result};

/// Rows of some columns, as they go into a [`Table`](super::Table) and come out of it.
///
/// Each column is the bytes of its cells, one after the other, native-endian. Columns of records are
/// those of their fields, named `outer/inner`. Packed records, as in a structured array of `NumPy`, are
/// made of them and they of those.
///
/// ```
/// use ziggurat_core::{Rows, dtype::DType};
/// let records = DType::parse("[('id', '|u1'), ('size', '>u2')]")?;
/// let rows = Rows::from_records(&records, &[1, 0, 10, 2, 0, 20])?;
/// assert_eq!(rows.count(), 2);
/// assert_eq!(rows.column("size"), Some(&[10_u16, 20].map(u16::to_ne_bytes).concat()[..]));
/// let sizes = DType::parse("[('size', '>u2')]")?;
/// assert_eq!(rows.to_records(&sizes)?, [0, 10, 0, 20]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    count: usize,
    pub(super) columns: Vec<(Leaf, Vec<u8>)>,
}

/// The place that errors name.
const PLACE: &str = "rows";

impl Rows {
    /// So many rows, of no columns yet.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self {
            count,
            columns: Vec::new(),
        }
    }

    /// The same rows with one column more, of native-endian `bytes`.
    ///
    /// ```
    /// use ziggurat_core::{Rows, dtype::DType};
    /// let rows = Rows::new(2).with("id", &DType::parse("|u1")?, &[], vec![1, 2])?;
    /// assert!(rows.with("pair", &DType::parse("|u1")?, &[2], vec![1, 2]).is_err());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Caller`] if these are not the bytes of so many cells of this `shape`, for records, and
    /// if there is such a column already.
    pub fn with(
        mut self,
        path: &str,
        dtype: &DType,
        shape: &[u64],
        bytes: Vec<u8>,
    ) -> Result<Self> {
        let fault = |what: String| Err(Error::caller(PLACE, format!("column {path}: {what}")));
        if matches!(dtype, DType::Record { .. }) {
            return fault("it is of records; give each field".to_owned());
        }
        if self.column(path).is_some() {
            return fault("it is given twice".to_owned());
        }
        let leaf = Leaf {
            path: path.to_owned(),
            offset: 0,
            dtype: dtype.to_native(),
            shape: shape.to_vec(),
        };
        if leaf.size().checked_mul(self.count) != Some(bytes.len()) {
            let (have, rows, size) = (bytes.len(), self.count, leaf.size());
            return fault(format!("{have} bytes for {rows} cells of {size}"));
        }
        self.columns.push((leaf, bytes));
        Ok(self)
    }

    /// The rows in packed records of type `record`, in the byte order that it says.
    ///
    /// # Errors
    /// [`Error::Caller`] if it is no record, or if `bytes` are not whole ones; [`Error::Unsupported`] for
    /// types that no column has.
    pub fn from_records(record: &DType, bytes: &[u8]) -> Result<Self> {
        let leaves = leaves(PLACE, record)?;
        let size = record.size();
        if size == 0 || !bytes.len().is_multiple_of(size) {
            let what = format!("{} bytes are no records of {size}", bytes.len());
            return Err(Error::caller(PLACE, what));
        }
        let column = |leaf: Leaf| {
            let mut cells = Vec::with_capacity(bytes.len() / size * leaf.size());
            for row in bytes.chunks_exact(size) {
                cells.extend_from_slice(&row[leaf.offset..leaf.offset + leaf.size()]);
            }
            leaf.dtype.swap_to_native(&mut cells);
            (leaf, cells)
        };
        Ok(Self {
            count: bytes.len() / size,
            columns: leaves.into_iter().map(column).collect(),
        })
    }

    /// The rows as packed records of type `record`, whose fields are some of the columns, in any order
    /// and byte order; gaps are zero.
    ///
    /// # Errors
    /// [`Error::Caller`] if a field is no column, or one of another type.
    pub fn to_records(&self, record: &DType) -> Result<Vec<u8>> {
        let size = record.size();
        let mut records = vec![0; size * self.count];
        for to in leaves(PLACE, record)? {
            let (_, cells) = self.find(&to)?;
            let mut cells = cells.to_vec();
            to.dtype.swap_to_native(&mut cells);
            let rows = records.chunks_exact_mut(size);
            for (row, cell) in rows.zip(cells.chunks_exact(to.size())) {
                row[to.offset..to.offset + to.size()].copy_from_slice(cell);
            }
        }
        Ok(records)
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The columns in order: path, type in the byte order of this machine, shape of a cell, cells.
    pub fn columns(&self) -> impl Iterator<Item = (&str, DType, &[u64], &[u8])> {
        let columns = self.columns.iter();
        columns.map(|(leaf, cells)| {
            let dtype = leaf.dtype.to_native();
            (&leaf.path[..], dtype, &leaf.shape[..], &cells[..])
        })
    }

    /// The cells of one column.
    #[must_use]
    pub fn column(&self, path: &str) -> Option<&[u8]> {
        let mut columns = self.columns.iter();
        let found = columns.find(|(leaf, _)| leaf.path == path);
        found.map(|(_, cells)| &cells[..])
    }

    /// The column that is like `wanted`.
    pub(super) fn find(&self, wanted: &Leaf) -> Result<(&Leaf, &[u8])> {
        let fault = |what: String| {
            let what = format!("column {}: {what}", wanted.path);
            Err(Error::caller(PLACE, what))
        };
        let mut columns = self.columns.iter();
        match columns.find(|(leaf, _)| leaf.path == wanted.path) {
            None => fault("it is not there".to_owned()),
            Some((leaf, _)) if !leaf.is_like(wanted) => {
                let (have, want) = (&leaf.dtype, &wanted.dtype);
                let shapes = (&leaf.shape, &wanted.shape);
                fault(format!(
                    "{have} {:?} is not {want} {:?}",
                    shapes.0, shapes.1
                ))
            }
            Some((leaf, cells)) => Ok((leaf, cells)),
        }
    }
}
