//! Cells of a table, read and replaced.

use std::sync::Arc;

use super::schema::Leaf;
use super::{Rows, Table};
use crate::store::join;
use crate::{Array, Error, Pick, Region, Result, Selection};

impl Table {
    /// The columns of these names; a record is all of its fields, and no name means all columns.
    fn named(&self, names: &[&str]) -> Result<Vec<Leaf>> {
        let all = self.leaves()?;
        if names.is_empty() {
            return Ok(all);
        }
        let mut found = Vec::new();
        for name in names {
            let is = |leaf: &&Leaf| {
                let rest = leaf.path.strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let before = found.len();
            found.extend(all.iter().filter(is).cloned());
            if found.len() == before {
                let what = format!(
                    "it has no column {name:?}, but {}",
                    self.columns().join(", ")
                );
                return Err(Error::caller(self.place(), what));
            }
        }
        Ok(found)
    }

    /// The array of one column, with the rows that the table has.
    ///
    /// Its elements may be changed; its number of rows only by the table. Times are `int64`; texts have
    /// one dimension more, of bytes or of code points (`uint32`).
    ///
    /// # Errors
    /// [`Error::Caller`] if there is no such column; [`Error::Conflict`] if it is shorter than the table.
    pub fn column(&self, path: &str) -> Result<Array> {
        match &self.named(&[path])?[..] {
            [leaf] => self.array(leaf),
            several => {
                let names: Vec<&str> = several.iter().map(|leaf| &leaf.path[..]).collect();
                let what = format!("{path} is several columns: {}", names.join(", "));
                Err(Error::caller(self.place(), what))
            }
        }
    }

    fn array(&self, leaf: &Leaf) -> Result<Array> {
        let mut array = Array::open(Arc::clone(&self.store), &join(&self.path, &leaf.path))?;
        let (element, cell) = leaf.elements();
        if array.element() != element || array.shape().get(1..) != Some(&cell) {
            let (have, shape) = (array.element(), array.shape());
            let what = format!(
                "{have} {shape:?} is no column of {} {:?}",
                leaf.dtype, leaf.shape
            );
            return Err(Error::data(array.place(), what));
        }
        let mut shape = array.shape().to_vec();
        if shape[0] < self.rows() {
            let (have, want) = (shape[0], self.rows());
            let what = format!("it has {have} rows where the table has {want}; refresh the table");
            return Err(Error::conflict(array.place(), what));
        }
        // What lies beyond is no part of the table (yet).
        shape[0] = self.rows();
        array.set_shape(shape);
        Ok(array)
    }

    /// Some rows of some columns; nothing of others is fetched.
    ///
    /// A record is all of its fields; no name means all columns. An index picks one row.
    ///
    /// # Errors
    /// [`Error::Caller`] if there is no such column or row, [`Error::Data`] if a column is damaged.
    pub fn read(&self, columns: &[&str], rows: &Pick) -> Result<Rows> {
        let whole = Region::whole(&[self.rows()]);
        let selection = Selection::from([rows.clone()]);
        let count = selection.shape(&whole.shape)?.first().copied();
        let mut found = Rows::new(usize::try_from(count.unwrap_or(1)).unwrap_or(usize::MAX));
        for leaf in self.named(columns)? {
            let bytes = self.array(&leaf)?.select(&selection)?.bytes;
            found = found.with(&leaf.path, &leaf.dtype, &leaf.shape, bytes)?;
        }
        Ok(found)
    }

    /// Replaces cells from row `start` on, in those columns that `rows` has.
    ///
    /// Each superchunk is replaced atomically, not all columns at once.
    ///
    /// # Errors
    /// [`Error::Caller`] if there are not so many rows, or for columns that the table has not.
    pub fn write(&self, start: u64, rows: &Rows) -> Result<()> {
        let all = self.leaves()?;
        for (path, ..) in rows.columns() {
            let Some(leaf) = all.iter().find(|leaf| leaf.path == path) else {
                let what = format!("it has no column {path:?}");
                return Err(Error::caller(self.place(), what));
            };
            let (_, cells) = rows.find(leaf)?;
            let array = self.array(leaf)?;
            array.write(&rows_of(&array, start, rows.count() as u64), cells)?;
        }
        Ok(())
    }
}

/// So many rows of a column.
pub(super) fn rows_of(array: &Array, start: u64, count: u64) -> Region {
    let mut region = Region::whole(array.shape());
    region.start[0] = start;
    region.shape[0] = count;
    region
}
