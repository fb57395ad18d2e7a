//! Where test input lies, and what every test of a source does with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use ziggurat::source::Source;
use ziggurat_core::{Coordinate, Dimension, Region};

/// The file `name` of the real input that lies beside the project, if it is there.
pub(super) fn real(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("ZIGGURAT_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("data").join(name);
    if !path.exists() {
        eprintln!("{} is missing: test skipped", path.display());
        return None;
    }
    Some(path)
}

/// The file `name` of the test input within the project.
pub(super) fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// `archive` decompressed into `name` in a directory of its own.
pub(super) fn unxz(archive: &Path, name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let out = std::fs::File::create(&path).unwrap();
    let status = Command::new("xz")
        .arg("-dkc")
        .arg(archive)
        .stdout(out)
        .status();
    assert!(status.expect("xz is installed").success());
    (dir, path)
}

/// The tree that the archive holds.
pub(super) fn untar(archive: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut tar = Command::new("tar");
    let status = tar
        .arg("xzf")
        .arg(archive)
        .arg("-C")
        .arg(dir.path())
        .status();
    assert!(status.expect("tar is installed").success());
    dir
}

/// SHA-256 of all values of variable number `i`, little-endian.
pub(super) fn digest(source: &dyn Source, i: usize) -> String {
    let variable = &source.variables()[i];
    let mut bytes = source.read(i, &Region::whole(&variable.shape())).unwrap();
    if cfg!(target_endian = "big") {
        bytes
            .chunks_exact_mut(variable.element.word())
            .for_each(<[u8]>::reverse);
    }
    format!("{:x}", Sha256::digest(bytes))
}

/// Checks that reading by `read_shape` and by an odd shape gives the same values as reading whole.
pub(super) fn check_regions(source: &dyn Source, i: usize) {
    let variable = &source.variables()[i];
    let shape = variable.shape();
    let size = variable.element.size();
    let whole = source.read(i, &Region::whole(&shape)).unwrap();
    let odd: Vec<u64> = shape.iter().map(|&n| (n / 3 + 1).min(n.max(1))).collect();
    for tile in [source.read_shape(i), odd] {
        assert_eq!(tile.len(), shape.len());
        let mut out = vec![0; whole.len()];
        for index in Region::whole(&shape).cells(&tile).indices() {
            let region = Region::of_cell(&index, &tile)
                .intersect(&Region::whole(&shape))
                .unwrap();
            let part = source.read(i, &region).unwrap();
            assert_eq!(part.len() as u64, region.len() * size as u64);
            let (zero, start) = (vec![0; shape.len()], region.start.clone());
            let from = ziggurat_core::region::Window {
                shape: &region.shape,
                start: &zero,
            };
            let to = ziggurat_core::region::Window {
                shape: &shape,
                start: &start,
            };
            ziggurat_core::region::copy(&region.shape, size, &part, from, &mut out, to);
        }
        assert!(out == whole, "{} in tiles of {tile:?}", variable.name);
    }
}

/// Number of the variable `name`.
pub(super) fn find(source: &dyn Source, name: &str) -> usize {
    let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
    names
        .iter()
        .position(|n| *n == name)
        .unwrap_or_else(|| panic!("no {name} in {names:?}"))
}

/// Kind, first and last coordinate of a dimension, in short.
pub(super) fn summary(dim: &Dimension) -> String {
    let ends = |c: &Coordinate| {
        let last = c.at(dim.size - 1).unwrap();
        format!("{}..{last}", c.at(0).unwrap())
    };
    let (name, axis, size) = (&dim.name, dim.axis, dim.size);
    let what = match &dim.coordinate {
        None => "none".to_owned(),
        Some(c @ Coordinate::Regular { step, .. }) => format!("regular {} by {step}", ends(c)),
        Some(c @ Coordinate::Float(_)) => format!("float {}", ends(c)),
        Some(c @ Coordinate::Int(_)) => format!("int {}", ends(c)),
        Some(Coordinate::Text(names)) => format!("text {}", names.join(",")),
    };
    format!("{name}[{size}] {axis:?} {what}")
}

/// [`summary`] of every dimension.
pub(super) fn dims(source: &dyn Source, i: usize) -> Vec<String> {
    source.variables()[i].dims.iter().map(summary).collect()
}
