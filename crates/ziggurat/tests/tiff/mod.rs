//! `GeoTIFF` against values that rasterio read from the same files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ziggurat::source::{GeoTiff, Source};
use ziggurat_core::{Axis, Region, Variable};

mod damaged;
#[cfg(feature = "gdal")]
mod gdal;
mod meaning;
mod real;
mod regions;
mod stacks;
mod values;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/tiff")
        .join(name)
}

fn open(name: &str) -> GeoTiff {
    GeoTiff::open(&file(name)).unwrap()
}

/// The file of the shared real data, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZIGGURAT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = root.join("data").join(name);
    if !path.exists() {
        eprintln!("{} is missing: not tested", path.display());
        return None;
    }
    Some(path)
}

fn digest(source: &dyn Source, variable: usize) -> String {
    let meaning = &source.variables()[variable];
    let bytes = source
        .read(variable, &Region::whole(&meaning.shape()))
        .unwrap();
    sha(bytes, meaning)
}

/// sha256 over little-endian values.
fn sha(mut bytes: Vec<u8>, variable: &Variable) -> String {
    if cfg!(target_endian = "big") {
        bytes
            .chunks_mut(variable.element.word())
            .for_each(<[u8]>::reverse);
    }
    format!("{:x}", Sha256::digest(&bytes))
}

/// Digest of what `region` of the first variable holds.
fn part(source: &dyn Source, region: &Region) -> String {
    let bytes = source.read(0, region).unwrap();
    sha(bytes, &source.variables()[0])[..16].to_owned()
}

fn variable(name: &str) -> Variable {
    open(name).variables()[0].clone()
}

/// Coordinates of the first two cells along the axis.
fn begin(variable: &Variable, axis: Axis) -> Option<(f64, f64)> {
    let dim = &variable.dims[variable.axis(axis)?];
    let coordinate = dim.coordinate.as_ref()?;
    Some((coordinate.at(0)?, coordinate.at(1)?))
}
