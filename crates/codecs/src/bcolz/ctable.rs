//! Tables: columns in their order.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};
use ziggurat_core::{Error, Result};

use super::carray::read_attributes;
use super::writer::{self, ATTRIBUTES};
use super::{Carray, Storage};
use crate::directory::{self, check_name, place, read_json, write_text};

/// The file that names the columns.
pub(super) const NAMES: &str = "__rootdirs__";

/// A table, open for reading.
#[derive(Debug)]
pub struct Ctable {
    columns: Vec<(String, Carray)>,
    attributes: Map<String, Value>,
}

impl Ctable {
    /// Opens the table in the directory `root`, and its columns, of which no values are read.
    ///
    /// # Errors
    /// [`Error::Data`] if columns have several lengths or names that are none; otherwise as
    /// [`Carray::open`] for each column.
    pub fn open(root: &Path) -> Result<Self> {
        let path = root.join(NAMES);
        let names = read_json(&path)?;
        let names: Option<Vec<&str>> = names["names"]
            .as_array()
            .and_then(|names| names.iter().map(Value::as_str).collect());
        let names = names.ok_or_else(|| Error::data(place(&path), "has no list of 'names'"))?;
        let mut columns: Vec<(String, Carray)> = Vec::with_capacity(names.len());
        for name in names {
            check_name(&place(&path), name)?;
            let column = Carray::open(&root.join(name))?;
            if columns.iter().any(|(other, _)| other == name) {
                return Err(Error::data(place(&path), format!("names '{name}' twice")));
            }
            if let Some((first, other)) = columns.first().filter(|(_, c)| c.rows() != column.rows())
            {
                let what = format!(
                    "column '{name}' has {} rows, and '{first}' has {}: a column was added half",
                    column.rows(),
                    other.rows(),
                );
                return Err(Error::data(place(root), what));
            }
            columns.push((name.to_owned(), column));
        }
        Ok(Self {
            columns,
            attributes: read_attributes(root)?,
        })
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Carray)] {
        &self.columns
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Carray> {
        self.columns
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, column)| column)
    }

    /// Number of rows; 0 without columns.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.columns.first().map_or(0, |(_, column)| column.rows())
    }

    /// What users noted of the table.
    #[must_use]
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// Writes a table to the directory `root`, which must not exist, by the columns that `fill` writes.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it exists; [`Error::Caller`] for columns of several lengths. Nothing is left
    /// behind.
    pub fn create(
        root: &Path,
        attributes: &Map<String, Value>,
        fill: impl FnOnce(&mut TableWriter) -> Result<()>,
    ) -> Result<()> {
        directory::create(root, |staged| {
            let mut writer = TableWriter {
                root: staged.display().to_string(),
                rows: None,
                names: Vec::new(),
            };
            fill(&mut writer)?;
            write_text(
                &staged.join(ATTRIBUTES),
                &format!("{}\n", json!(attributes)),
            )?;
            write_text(
                &staged.join(NAMES),
                &format!("{}\n", json!({"names": writer.names})),
            )
        })
    }
}

/// Writes the columns of a table.
#[derive(Debug)]
pub struct TableWriter {
    root: String,
    rows: Option<u64>,
    names: Vec<String>,
}

impl TableWriter {
    /// Writes the next column; arguments as of [`write_carray`](super::write_carray).
    ///
    /// # Errors
    /// [`Error::Caller`] if the name is taken or no name, or if the column is not as long as the first.
    pub fn column(
        &mut self,
        name: &str,
        storage: &Storage,
        shape: &[u64],
        attributes: &Map<String, Value>,
        from: &mut impl Read,
    ) -> Result<()> {
        check_name(&self.root, name).map_err(|e| Error::caller(name, e.to_string()))?;
        if self.names.iter().any(|n| n == name) {
            return Err(Error::caller(name, "the table has this column already"));
        }
        let rows = shape.first().copied().unwrap_or(0);
        if *self.rows.get_or_insert(rows) != rows {
            let what = format!("the column has {rows} rows, unlike those before it");
            return Err(Error::caller(name, what));
        }
        let path = Path::new(&self.root).join(name);
        fs::create_dir(&path).map_err(|e| Error::io(&path, "create", e))?;
        writer::fill_carray(&path, storage, shape, attributes, from)?;
        self.names.push(name.to_owned());
        Ok(())
    }
}
