//! Conversion: every sample of every format to Zarr and back, options, damage.

mod damage;
mod samples;
mod tables;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use ziggurat::convert::{Input, Options, convert, open};
use ziggurat::core::progress::Silent;
use ziggurat::core::{Region, Result};

/// A file of the samples of `crates/codecs`.
fn sample(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../codecs/tests/samples")
        .join(path)
}

/// The samples of a family, without what describes them.
fn samples(family: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(sample(family)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths
        .filter(|path| {
            let extension = path.extension().unwrap_or_default();
            extension != "md" && extension != "json" && !path.ends_with("early")
        })
        .collect();
    found.sort();
    found
}

fn to(from: &Path, to: &Path) -> Result<()> {
    convert(from, to, &Options::default(), &Silent)
}

fn reopen(path: &Path) -> Box<dyn Input> {
    open(path, &Options::default()).unwrap()
}

fn elements(input: &dyn Input) -> Vec<u8> {
    let whole = Region::whole(&input.description().shape);
    input.read(&whole).unwrap()
}

/// That two inputs are the same array, with the same attributes.
#[track_caller]
fn assert_same(one: &dyn Input, other: &dyn Input) {
    let (a, b) = (one.description(), other.description());
    assert_eq!(a.shape, b.shape, "{}", one.place());
    assert_eq!(a.dtype, b.dtype, "{}", one.place());
    assert_eq!(a.attributes, b.attributes, "{}", one.place());
    assert_eq!(a.fill, b.fill, "{}", one.place());
    assert!(elements(one) == elements(other), "{}", one.place());
}
