//! `NumPy` files of numbers.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use ziggurat_codecs::dtype::DType;
use ziggurat_codecs::npy::encode_header;
use ziggurat_core::progress::Progress;
use ziggurat_core::{Error, Region, Result};

use super::elements::slabs;
use super::input::{Description, Input};
use super::shapes;
use crate::relay::relay;
use crate::source::{Npy, Source};

/// The array in a file.
pub(super) struct NpyArray {
    file: Npy,
    description: Description,
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<NpyArray> {
    let file = Npy::open(path)?;
    let variable = &file.variables()[0];
    let (shape, element) = (variable.shape(), variable.element);
    let chunk = shapes::of_any(&shape, element.size());
    let description = Description::new(&shape, &DType::number(element), chunk);
    Ok(NpyArray { file, description })
}

impl Input for NpyArray {
    fn place(&self) -> &str {
        self.file.place()
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>> {
        self.file.read(0, region)
    }
}

/// Writes `input` to the file `path`, row by row.
pub(super) fn write(input: &dyn Input, path: &Path, progress: &dyn Progress) -> Result<()> {
    let of = input.description();
    let DType::Number { element, .. } = of.dtype else {
        let what = format!("elements of type {}: npy files hold numbers here", of.dtype);
        return Err(Error::unsupported(input.place(), what));
    };
    let failed = |e| Error::io(path, "write", e);
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(&encode_header(element, &of.shape))
        .map_err(failed)?;
    let slabs = slabs(of);
    progress.start("rows", slabs.len() as u64);
    relay(
        slabs.into_iter(),
        progress,
        |region| input.read(region),
        |_, bytes| file.write_all(bytes).map_err(failed),
    )?;
    file.sync_all().map_err(failed)
}
