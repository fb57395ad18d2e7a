//! Tables: a structured type, stored column by column.
//!
//! A table is a Zarr group; each field that is no record is an array of its own, whose first dimension are
//! the rows, and a field that is a record is a group of such arrays. `spec/table.md` says what is on disk,
//! `docs/design/011-tables.md` why. What holds at all times: **the document of the group says which
//! columns and how many rows there are**, and replacing it is the one step that makes a change.

mod access;
mod change;
mod columns;
mod document;
mod edit;
mod rows;
mod schema;

use std::sync::Arc;
use std::time::Duration;

pub use self::rows::Rows;

use self::change::Change;
use self::document::{Seen, State};
use self::schema::{Leaf, leaves};
use crate::dtype::DType;
use crate::store::Store;
use crate::{Array, Attributes, CreateOptions, Error, Result};

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
            new.create(change, metadata)?;
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

    /// The columns that are stored, in their order: path, type, shape of a cell.
    #[must_use]
    pub fn schema(&self) -> Vec<(String, DType, Vec<u64>)> {
        let leaves = self.leaves().unwrap_or_default().into_iter();
        let column = |leaf: Leaf| (leaf.path, leaf.dtype, leaf.shape);
        leaves.map(column).collect()
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
}
