//! Creates an array by options, appends to it and changes it.
//!
//! `carray ARRAY FILE [OPTION...]` appends the elements in FILE, native-endian and in C order, along the first
//! dimension of the array in the directory ARRAY; with the option `at=ROW` it replaces rows from there on.
//! If there is none it is created by the options `type=`, `row=` (the shape of one), `codec=`, `keep=`,
//! `big` and `fortran`.

use std::path::Path;
use std::sync::Arc;

use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, CreateOptions, ElementType, Error, Region, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, file, rest @ ..] = &arguments[..] else {
        return Err(Error::caller("carray", "give ARRAY FILE [OPTION...]"));
    };
    let wrong = |text: &str| Error::caller("carray", format!("what is {text:?}?"));
    let mut options = CreateOptions {
        expected: Some(100),
        ..CreateOptions::default()
    };
    let (mut element, mut shape, mut at) = (ElementType::Float64, vec![0], None);
    for text in rest {
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| wrong(text));
        match text.split_once('=').unwrap_or((text, "")) {
            ("big", _) => options.big_endian = true,
            ("fortran", _) => options.fortran = true,
            ("keep", bits) => options.keep_bits = Some(bits.parse().map_err(|_| wrong(text))?),
            ("codec", codec) => options.codec = codec.parse()?,
            ("type", name) => element = name.parse()?,
            ("at", row) => at = Some(number(row)?),
            ("row", sizes) => {
                shape = vec![0];
                for size in sizes.split(',') {
                    shape.push(number(size)?);
                }
            }
            _ => return Err(wrong(text)),
        }
    }
    let store = Arc::new(LocalStore::new(path));
    let mut array = match Path::new(path).join("zarr.json").exists() {
        true => Array::open(store, "")?,
        false => options.create(store, "", &shape, element)?,
    };
    let elements = std::fs::read(file).map_err(|e| Error::io(file, "read", e))?;
    let Some(row) = at else {
        return array.append(0, &elements).map(drop);
    };
    let mut region = Region::whole(array.shape());
    region.start[0] = row;
    region.shape[0] = 1;
    let size = region.len() * array.element().size() as u64;
    region.shape[0] = (elements.len() as u64).checked_div(size).unwrap_or(0);
    array.write(&region, &elements)
}
