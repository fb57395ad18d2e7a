//! Changes of a table: rows and columns that come and go.

use std::ops::Range;

use super::access::rows_of;
use super::columns;
use super::schema::{self, leaves};
use super::{Rows, Table};
use crate::dtype::DType;
use crate::{Array, Attributes, CreateOptions, Error, Result};

impl Table {
    /// Appends rows, which have all the columns, and returns their numbers.
    ///
    /// All of them are there when it returns, or none. Processes that append at the same time take turns.
    ///
    /// # Errors
    /// [`Error::Caller`] if the columns are not those of the table; [`Error::Conflict`] if another took
    /// over since this took too long. Then nothing is appended.
    pub fn append(&mut self, rows: &Rows) -> Result<Range<u64>> {
        let count = rows.count() as u64;
        self.change(&[], |change, state| {
            let start = state.rows;
            let end = start.checked_add(count);
            let end = end.ok_or_else(|| Error::limit("rows", "no more than 2^64 - 1"))?;
            let leaves = change.leaves()?;
            if let Some((path, ..)) = rows.columns().nth(leaves.len()) {
                let what = format!("column {path:?} and others that the table has not");
                return Err(Error::caller("rows", what));
            }
            let cells: Vec<_> = leaves
                .iter()
                .map(|leaf| rows.find(leaf))
                .collect::<Result<_>>()?;
            for (leaf, (_, cells)) in leaves.iter().zip(cells) {
                change.renew()?;
                let mut array = change.array(leaf)?;
                change.set_rows(&mut array, end, false)?;
                array.write(&rows_of(&array, start, count), cells)?;
            }
            state.rows = end;
            Ok(start..end)
        })
    }

    /// Changes the number of rows: cuts the last ones off, or adds such as hold the fill values.
    ///
    /// # Errors
    /// [`Error::Conflict`] as for [`append`](Self::append).
    pub fn resize(&mut self, rows: u64) -> Result<()> {
        self.change(&[], |change, state| {
            let cuts = rows < state.rows;
            state.rows = rows;
            if cuts {
                // First for all to see, then done: so nobody sees a row that is half cut off.
                change.commit(state)?;
            }
            for leaf in change.leaves()? {
                change.renew()?;
                change.set_rows(&mut change.array(&leaf)?, rows, true)?;
            }
            Ok(())
        })
    }

    /// Adds a column at the end; `fill` writes to its array (a record: to each, by its path) what the rows
    /// hold that are there. Nobody sees it before all is written.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is such a column or node already; otherwise as
    /// [`create_filled`](Self::create_filled).
    pub fn add_column(
        &mut self,
        name: &str,
        dtype: &DType,
        shape: &[u64],
        options: impl Fn(&str) -> CreateOptions,
        mut fill: impl FnMut(&str, &Array) -> Result<()>,
    ) -> Result<()> {
        let place = self.place();
        let record = DType::record([(name.to_owned(), dtype.clone(), shape.to_vec())])?;
        leaves(&place, &record)?;
        let record = schema::packed(&record)?;
        self.change(&[name.to_owned()], |change, state| {
            if state.has(name) {
                let what = format!("it has a column {name:?} already");
                return Err(Error::conflict(&place, what));
            }
            let new = columns::New {
                record: &record,
                rows: state.rows,
                options: &options,
                fill: &mut fill,
            };
            let metadata = new.metadata(&place)?;
            new.create(change, metadata)?;
            let mut all = columns::parts(state.record.as_ref());
            all.extend(columns::parts(Some(&record)));
            state.record = Some(DType::record(all)?);
            Ok(())
        })
    }

    /// Takes away a column, or a record of columns.
    ///
    /// It is gone for all at once, and then deleted.
    ///
    /// # Errors
    /// [`Error::Caller`] if there is none of this name, or no other.
    pub fn drop_column(&mut self, name: &str) -> Result<()> {
        let place = self.place();
        self.change(&[name.to_owned()], |change, state| {
            let mut rest = columns::parts(state.record.as_ref());
            rest.retain(|(column, ..)| column != name);
            if !state.has(name) || rest.is_empty() {
                let what = match state.has(name) {
                    true => format!("{name:?} is its only column; delete the table"),
                    false => format!("it has no column {name:?}"),
                };
                return Err(Error::caller(&place, what));
            }
            state.record = Some(DType::record(rest)?);
            change.commit(state)?;
            change.delete(name)
        })
    }

    /// Replaces the user attributes.
    ///
    /// # Errors
    /// [`Error::Conflict`] as for [`append`](Self::append).
    pub fn set_attributes(&mut self, attributes: Attributes) -> Result<()> {
        self.change(&[], |_, state| {
            state.attributes = attributes;
            Ok(())
        })
    }
}
