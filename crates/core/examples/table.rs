//! Changes a table, for those who look at it with other software.
//!
//! `table TABLE append RECORD FILE` appends the packed records in FILE, of the `NumPy` type RECORD, to the table
//! in the directory TABLE, which is created if there is none. `table TABLE add NAME TYPE FILE` adds a
//! column of the cells in FILE, native-endian; `table TABLE drop NAME` takes one away; `table TABLE resize
//! ROWS` changes how many rows there are.

use std::path::Path;
use std::sync::Arc;

use ziggurat_core::dtype::DType;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{CreateOptions, ElementType, Error, Region, Result, Rows, Table, attributes};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (path, change) = arguments.split_first().ok_or_else(usage)?;
    let options = |_: &str| CreateOptions {
        superchunk: Some(vec![64]),
        block: Some(vec![8]),
        ..CreateOptions::default()
    };
    let options = |column: &str| match column {
        // Cells of several values have more dimensions than rows.
        "pair" | "name" | "text" => CreateOptions::default(),
        column => options(column),
    };
    let store = Arc::new(LocalStore::new(path));
    match change {
        ["append", record, file] => {
            let record = DType::parse(record)?;
            let mut table = if Path::new(path).join("zarr.json").exists() {
                Table::open(store, "")?
            } else {
                let mut table = Table::create(store, "", &record, options)?;
                let mut noted = table.attributes().clone();
                let mean =
                    attributes::Attribute::scalar(ElementType::Float32, f32::NAN.to_ne_bytes());
                attributes::set(&mut noted, "mean", &mean)?;
                table.set_attributes(noted)?;
                table
            };
            table.append(&Rows::from_records(&record, &read(file)?)?)?;
        }
        ["add", name, dtype, file] => {
            let cells = read(file)?;
            let mut table = Table::open(store, "")?;
            let dtype = DType::parse(dtype)?;
            table.add_column(name, &dtype, &[], options, |_, array| {
                array.write(&Region::whole(array.shape()), &cells)
            })?;
        }
        ["drop", name] => Table::open(store, "")?.drop_column(name)?,
        ["resize", rows] => {
            let rows = rows.parse().map_err(|_| usage())?;
            Table::open(store, "")?.resize(rows)?;
        }
        _ => return Err(usage()),
    }
    Ok(())
}

fn read(file: &str) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|e| Error::io(file, "read", e))
}

fn usage() -> Error {
    let what = "give TABLE and append RECORD FILE, add NAME TYPE FILE, drop NAME or resize ROWS";
    Error::caller("table", what)
}
