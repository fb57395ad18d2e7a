//! Appends planes to an array, each visible to others when it is written.
//!
//! `append ARRAY FILE` appends the elements in FILE, native-endian and in C order, along the first dimension of
//! the array in the directory ARRAY, in place and one plane after the other.

use std::sync::Arc;

use ziggurat_core::store::LocalStore;
use ziggurat_core::{Array, Error, InPlace, Result, Updates};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, file] = &arguments[..] else {
        return Err(Error::caller("append", "give ARRAY FILE"));
    };
    let elements = std::fs::read(file).map_err(|e| Error::io(file, "read", e))?;
    let mut array = Array::open(Arc::new(LocalStore::new(path)), "")?
        .with_updates(Updates::InPlace(InPlace::default()));
    let plane: u64 = array.shape()[1..].iter().product();
    let plane = usize::try_from(plane).unwrap_or(0) * array.element().size();
    for bytes in elements.chunks(plane.max(1)) {
        array.append(0, bytes)?;
    }
    Ok(())
}
