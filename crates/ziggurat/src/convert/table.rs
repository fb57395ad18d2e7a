//! Records as columns, and columns as records.
//!
//! A table of any format is an array of records to who reads it, and gives its columns to who asks for them; an
//! array of records of one dimension becomes a table.

use std::path::Path;
use std::sync::Arc;

use ziggurat_codecs::bcolz::Ctable;
use ziggurat_codecs::dtype::DType;
use ziggurat_core::progress::Progress;
use ziggurat_core::store::{LocalStore, Store};
use ziggurat_core::{Array, CreateOptions, Error, Pick, Region, Result, Rows, Table};
use ziggurat_pyramid::Size;

use super::elements::with_elements;
use super::input::{Description, Input};
use super::zarr::ZarrArray;
use super::{Options, bcolz, shapes};
use crate::relay::relay;

/// Rows of a chunk of records, where nothing says it: about a MiB.
fn chunk(size: usize, rows: u64) -> Vec<u64> {
    vec![((1 << 20) / size.max(1) as u64).clamp(1, rows.max(1))]
}

/// Arrays of one shape that are the fields of records, outer names before inner ones with `/` between.
pub(super) struct Columns {
    place: String,
    description: Description,
    arrays: Vec<(String, Box<dyn Input>)>,
}

impl Columns {
    /// Columns of `shape`, which may go on with that of a cell.
    pub(super) fn new(
        place: String,
        shape: &[u64],
        arrays: Vec<(String, Box<dyn Input>)>,
    ) -> Result<Self> {
        let fields: Vec<(Vec<&str>, DType, Vec<u64>)> = arrays
            .iter()
            .map(|(path, column)| {
                let of = column.description();
                let cell = of.shape.get(shape.len()..).unwrap_or_default();
                (path.split('/').collect(), of.dtype.clone(), cell.to_vec())
            })
            .collect();
        let dtype = record(&fields).map_err(|e| e.at(&place))?;
        let first = arrays.first().map(|(_, column)| column.description());
        let chunk = first.map_or_else(Vec::new, |of| of.chunk[..shape.len()].to_vec());
        let mut description = Description::new(shape, &dtype, chunk);
        if let Some(of) = first {
            description.codec = of.codec.clone();
        }
        Ok(Self {
            place,
            description,
            arrays,
        })
    }

    /// The same with attributes of the whole table.
    pub(super) fn with_attributes(mut self, attributes: ziggurat_core::Attributes) -> Self {
        self.description.attributes = attributes;
        self
    }
}

/// A record of fields, those of one outer name together.
fn record(fields: &[(Vec<&str>, DType, Vec<u64>)]) -> Result<DType> {
    let mut parts = Vec::new();
    let same = |a: &(Vec<&str>, DType, Vec<u64>), b: &(Vec<&str>, DType, Vec<u64>)| {
        a.0.len() > 1 && b.0.len() > 1 && a.0[0] == b.0[0]
    };
    for group in fields.chunk_by(same) {
        let (names, dtype, shape) = &group[0];
        if let [name] = names[..] {
            parts.push((name.to_owned(), dtype.clone(), shape.clone()));
            continue;
        }
        let inner = group
            .iter()
            .map(|(names, dtype, shape)| (names[1..].to_vec(), dtype.clone(), shape.clone()));
        let inner: Vec<_> = inner.collect();
        parts.push((names[0].to_owned(), record(&inner)?, Vec::new()));
    }
    DType::record(parts)
}

impl Input for Columns {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let mut rows = Rows::new(usize::try_from(region.len()).unwrap_or(usize::MAX));
        for (path, column) in &self.arrays {
            let of = column.description();
            let cell = &of.shape[region.rank()..];
            let bytes = column.read(&with_cell(region, cell))?;
            rows = rows.with(path, &of.dtype, cell, bytes)?;
        }
        rows.to_records(&self.description.dtype)
    }

    fn column(&self, path: &str) -> Option<&dyn Input> {
        let found = self.arrays.iter().find(|(name, _)| name == path);
        found.map(|(_, column)| &**column)
    }
}

/// The whole cells of a region of rows.
fn with_cell(region: &Region, cell: &[u64]) -> Region {
    let origin = vec![0; cell.len()];
    Region::new(
        [&region.start[..], &origin].concat(),
        [&region.shape[..], cell].concat(),
    )
}

/// A table in a Zarr store.
pub(super) struct ZarrTable {
    place: String,
    description: Description,
    table: Table,
    columns: Vec<(String, ZarrArray)>,
}

/// Opens the table in the directory `path`.
pub(super) fn open(path: &Path) -> Result<ZarrTable> {
    let place = path.display().to_string();
    let table = match Table::open(Arc::new(LocalStore::new(path)), "") {
        Err(Error::Caller { .. }) => {
            let what = "a group that is no table; name an array in it, such as 0/NAME in a pyramid";
            return Err(Error::unsupported(place, what));
        }
        opened => opened?,
    };
    let record = table.record();
    let mut columns = Vec::new();
    for (path, dtype, ..) in Rows::from_records(&record, &[])?.columns() {
        let array = ZarrArray::apart(&place, table.column(path)?, &dtype);
        columns.push((path.to_owned(), array));
    }
    let chunk = chunk(record.size(), table.rows());
    let description = Description {
        attributes: table.attributes().clone(),
        ..Description::new(&[table.rows()], &record, chunk)
    };
    Ok(ZarrTable {
        place,
        description,
        table,
        columns,
    })
}

impl Input for ZarrTable {
    fn place(&self) -> &str {
        &self.place
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        // No table has 2^63 rows.
        let row = |row: u64| i64::try_from(row).unwrap_or(i64::MAX);
        let rows = Pick::from(row(region.start[0])..row(region.end(0)));
        self.table
            .read(&[], &rows)?
            .to_records(&self.description.dtype)
    }

    fn column(&self, path: &str) -> Option<&dyn Input> {
        let found = self.columns.iter().find(|(name, _)| name == path);
        found.map(|(_, column)| column as &dyn Input)
    }
}

/// A column of what is an array of records: of whole cells, if records have to be read for it.
struct Column<'a> {
    path: String,
    description: Description,
    records: &'a dyn Input,
}

/// The columns of an array of records of one dimension.
fn columns(records: &dyn Input) -> Result<Vec<Column<'_>>> {
    let of = records.description();
    let none = Rows::from_records(&of.dtype, &[]).map_err(|e| of_source(records, e))?;
    let column = |(path, dtype, cell, _): (&str, DType, &[u64], &[u8])| {
        let description = match records.column(path) {
            Some(column) => column.description().clone(),
            None => Description {
                codec: of.codec.clone(),
                ..Description::new(
                    &[&of.shape, cell].concat(),
                    &dtype,
                    [&of.chunk, cell].concat(),
                )
            },
        };
        Column {
            path: path.to_owned(),
            description,
            records,
        }
    };
    Ok(none.columns().map(column).collect())
}

/// An error about columns that are none here, which is the matter of the source.
fn of_source(input: &dyn Input, error: Error) -> Error {
    match error {
        Error::Caller { what, .. } => Error::unsupported(input.place(), what),
        other => other,
    }
}

impl Input for Column<'_> {
    fn place(&self) -> &str {
        self.records.place()
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        if let Some(column) = self.records.column(&self.path) {
            return column.read(region);
        }
        let rows = Region::new([region.start[0]], [region.shape[0]]);
        let records = self.records.read(&rows)?;
        let rows = Rows::from_records(&self.records.description().dtype, &records)?;
        Ok(rows.column(&self.path).unwrap_or_default().to_vec())
    }
}

/// Writes records as a table in the directory `path`, one column after the other.
pub(super) fn write_zarr(
    input: &dyn Input,
    path: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let of = input.description();
    let columns = columns(input)?;
    let column = |path: &str| columns.iter().find(|column| column.path == path);
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(path));
    let created = Table::create_filled(
        store,
        "",
        &of.dtype,
        of.shape[0],
        |path| column(path).map_or_else(CreateOptions::default, |c| stored_as(c, options)),
        |path, array| match column(path) {
            Some(column) => fill(column, array, progress),
            None => Ok(()),
        },
    );
    let mut table = created.map_err(|e| of_source(input, e))?;
    table.set_attributes(of.attributes.clone())
}

/// How a column is stored.
fn stored_as(column: &Column<'_>, options: &Options) -> CreateOptions {
    let of = &column.description;
    let mut chosen = CreateOptions {
        codec: options.codec.clone().unwrap_or_else(|| of.codec.clone()),
        attributes: of.attributes.clone(),
        fill: match of.dtype {
            DType::Number { .. } | DType::Time { .. } => of.fill.clone(),
            _ => None,
        },
        ..CreateOptions::default()
    };
    let targets = &mut chosen.targets;
    for (given, target) in [
        (&options.block, &mut targets.block),
        (&options.chunk, &mut targets.chunk),
        (&Some(options.superchunk.clone()), &mut targets.superchunk),
    ] {
        match given {
            Some(Size::Bytes(bytes)) => *target = *bytes,
            // So many rows.
            Some(Size::Shape(cells)) => {
                let row = shapes::row(&of.shape, of.dtype.size());
                *target = cells[0].saturating_mul(row);
            }
            Some(Size::Auto) | None => {}
        }
    }
    chosen
}

fn fill(column: &Column<'_>, array: &Array, progress: &dyn Progress) -> Result<()> {
    let whole = Region::whole(array.shape());
    let cell = &column.description.shape[1..];
    let mut slab = array.shape().to_vec();
    slab[0] = array.layout().superchunk()[0];
    let grid = whole.cells(&slab);
    progress.start(&column.path, grid.len());
    let rows = grid
        .indices()
        .filter_map(|index| Region::of_cell(&index, &slab).intersect(&whole));
    relay(
        rows,
        progress,
        |region| {
            let rows = Region::new([region.start[0]], [region.shape[0]]);
            column.read(&with_cell(&rows, cell))
        },
        |region, bytes| array.write(region, bytes),
    )
}

/// Writes records as a ctable in the directory `path`; a column in a record is named with a period.
pub(super) fn write_bcolz(
    input: &dyn Input,
    path: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<()> {
    let columns = columns(input)?;
    Ctable::create(path, &input.description().attributes, |table| {
        for column in &columns {
            let of = &column.description;
            let storage = bcolz::storage(of, options);
            let name = column.path.replace('/', ".");
            with_elements(column, progress, |elements| {
                table.column(&name, &storage, &of.shape, &of.attributes, elements)
            })?;
        }
        Ok(())
    })
}
