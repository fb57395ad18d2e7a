//! Tables: a structured type, stored column by column.
//!
//! A table is a Zarr group; each field that is no record is an array of its own, whose first dimension are
//! the rows, and a field that is a record is a group of such arrays. `spec/table.md` says what is on disk,
//! `docs/design/011-tables.md` why. What holds at all times: **the document of the group says which
//! columns and how many rows there are**, and replacing it is the one step that makes a change.

mod change;
mod columns;
mod document;
mod rows;
mod schema;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub use self::rows::Rows;

use self::change::Change;
use self::document::{Seen, State};
use self::schema::{Leaf, leaves};
use crate::dtype::DType;
use crate::store::{Store, join};
use crate::{Array, Attributes, CreateOptions, Error, Pick, Region, Result, Selection};

/// Rows of named columns in a store.
///
/// The type of a row is a record ([`DType::Record`]) of numbers, times, texts of a fixed size, arrays of
/// those, and records. Several processes may change a table, one at a time: others wait for their turn.
/// If one dies, or its store fails, the table stays as it was, and the next change clears what was left.
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::{CreateOptions, Pick, Rows, Table, dtype::DType, store::ObjectBackend};
///
/// let record = DType::parse("[('id', '<u4'), ('at', [('x', '<f4'), ('y', '<f4')]), ('name', 'S3')]")?;
/// let store = Arc::new(ObjectBackend::memory());
/// let mut table = Table::create(store, "points", &record, |_| CreateOptions::default())?;
/// let row = |id: u32, x: f32, name: &[u8; 3]| {
///     [&id.to_le_bytes()[..], &x.to_le_bytes(), &(-x).to_le_bytes(), name].concat()
/// };
/// let records = [row(1, 0.5, b"ab\0"), row(2, 1.5, b"cde")].concat();
/// assert_eq!(table.append(&Rows::from_records(&record, &records)?)?, 0..2);
///
/// let found = table.read(&["at/y", "name"], &Pick::from(1..2))?;
/// assert_eq!(found.column("at/y"), Some(&(-1.5_f32).to_ne_bytes()[..]));
/// assert_eq!(found.column("name"), Some(&b"cde"[..]));
/// assert_eq!(table.read(&[], &Pick::ALL)?.to_records(&record)?, records);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Table {
    store: Arc<dyn Store>,
    path: String,
    state: State,
    lease: Duration,
}

impl Table {
    /// Creates a table without rows.
    ///
    /// `options` are those of the column that it is given the path of (`outer/inner` in records). The byte
    /// order is that of the field; shapes have the dimensions of the column, rows first.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is a node at `path` already; [`Error::Caller`] for names that no node
    /// can have; [`Error::Unsupported`] for arrays of records and for cells without bytes.
    pub fn create(
        store: Arc<dyn Store>,
        path: &str,
        record: &DType,
        options: impl Fn(&str) -> CreateOptions,
    ) -> Result<Self> {
        Self::create_filled(store, path, record, 0, options, |_, _| Ok(()))
    }

    /// Creates a table of so many `rows`, which `fill` writes to the array of each column; it gets the
    /// path of the column too. Nobody sees the table before all is written.
    ///
    /// # Errors
    /// As [`create`](Self::create), and those of `fill`; then nothing is left.
    pub fn create_filled(
        store: Arc<dyn Store>,
        path: &str,
        record: &DType,
        rows: u64,
        options: impl Fn(&str) -> CreateOptions,
        mut fill: impl FnMut(&str, &Array) -> Result<()>,
    ) -> Result<Self> {
        leaves(&store.place(path), record)?;
        let record = schema::packed(record)?;
        let new = columns::New {
            record: &record,
            rows,
            options: &options,
            fill: &mut fill,
        };
        let metadata = new.metadata(&store.place(path))?;
        let lease = change::LEASE;
        let nodes = columns::names(&record);
        let mut change = Change::begin_new(&store, path, &nodes, lease)?;
        let (state, ()) = change.run(|change, state| {
            new.create(change, &store, path, metadata)?;
            *state = State {
                record: Some(record.clone()),
                rows,
                attributes: Attributes::new(),
            };
            Ok(())
        })?;
        Ok(Self {
            store,
            path: path.to_owned(),
            state,
            lease,
        })
    }

    /// Opens the table at `path`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, or none yet; [`Error::Caller`] if the node is no table;
    /// [`Error::Data`] if its document is damaged.
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<Self> {
        let state = Seen::read(&*store, path)?.state;
        if state.record.is_none() {
            let what = "the table is being made, or that was interrupted; create it again";
            return Err(Error::not_found(store.place(path), what));
        }
        Ok(Self {
            store,
            path: path.to_owned(),
            state,
            lease: change::LEASE,
        })
    }

    /// The same table, with another lease: how long a change by another that shows no progress is
    /// waited for before it is taken for dead. The default is ten seconds.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Takes over what is committed by now: rows, columns and attributes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn refresh(&mut self) -> Result<()> {
        self.state = Self::open(Arc::clone(&self.store), &self.path)?.state;
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.state.rows
    }

    /// The type of a row: a record of the columns in their order, without gaps.
    #[must_use]
    pub fn record(&self) -> DType {
        let fields = self.state.fields().to_vec();
        let size = fields.iter().map(crate::dtype::Field::size).sum();
        DType::Record { fields, size }
    }

    /// The paths of the columns that are stored, in their order: `outer/inner` in records.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let leaves = self.leaves().unwrap_or_default();
        leaves.into_iter().map(|leaf| leaf.path).collect()
    }

    /// User attributes of the table; see [`attributes`](crate::attributes) for their types.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.state.attributes
    }

    /// Path of the group in its store.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The table as a user knows it, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.place(&self.path)
    }

    fn leaves(&self) -> Result<Vec<Leaf>> {
        leaves(&self.place(), &self.record())
    }

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
        let (store, path) = (Arc::clone(&self.store), self.path.clone());
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
            new.create(change, &store, &path, metadata)?;
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

/// So many rows of a column.
fn rows_of(array: &Array, start: u64, count: u64) -> Region {
    let mut region = Region::whole(array.shape());
    region.start[0] = start;
    region.shape[0] = count;
    region
}
