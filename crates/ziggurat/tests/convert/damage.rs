//! Files that are cut off or changed: an error that names them, and no target.

use std::fs;
use std::path::{Path, PathBuf};

use ziggurat::convert::open;

use super::{Options, elements, reopen, samples, to};

/// What happens to a file.
type Change<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// The files below `path`.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap();
    let mut found: Vec<_> = entries
        .flat_map(|entry| files(&entry.unwrap().path()))
        .collect();
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        copy(&path, &to.join(path.file_name().unwrap()));
    }
}

/// Calls `check` with a copy of each sample whose first, middle or last file is changed by each of `changes`.
fn damaged(family: &str, changes: &[Change<'_>], check: impl Fn(&Path, &Path, &Path)) {
    for original in samples(family) {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join(original.file_name().unwrap());
        copy(&original, &victim);
        let files = files(&victim);
        let mut some = vec![0, files.len() / 2, files.len() - 1];
        some.dedup();
        for file in some.into_iter().map(|i| &files[i]) {
            let bytes = fs::read(file).unwrap();
            for change in changes {
                let other = change(&bytes);
                if other != bytes {
                    fs::write(file, other).unwrap();
                    check(&original, &victim, &dir.path().join("target.zarr"));
                }
            }
            fs::write(file, bytes).unwrap();
        }
    }
}

/// Converts what is damaged: an error that names it and leaves nothing, or a target. Returns whether it is one.
fn try_convert(victim: &Path, target: &Path) -> bool {
    match to(victim, target) {
        Ok(()) => true,
        Err(error) => {
            let name = victim.file_name().unwrap().to_str().unwrap();
            assert!(error.to_string().contains(name), "{error}");
            let parent = target.parent().unwrap();
            let left = fs::read_dir(parent).unwrap().count();
            assert_eq!(left, 1, "{error}");
            false
        }
    }
}

#[test]
fn what_is_cut_off_is_refused() {
    let cuts: [Change<'_>; 5] = [
        &|_| Vec::new(),
        &|bytes| bytes[..bytes.len().min(3)].to_vec(),
        &|bytes| bytes[..bytes.len() / 3].to_vec(),
        &|bytes| bytes[..bytes.len() * 2 / 3].to_vec(),
        &|bytes| bytes[..bytes.len().saturating_sub(1)].to_vec(),
    ];
    for family in ["b2nd", "caterva", "bloscpack", "bcolz"] {
        damaged(family, &cuts, |original, victim, target| {
            if try_convert(victim, target) {
                // Of JSON the last line end may be missing, and of metadata what nobody reads.
                assert_eq!(
                    elements(&*reopen(original)),
                    elements(&*reopen(target)),
                    "{}",
                    victim.display()
                );
                fs::remove_dir_all(target).unwrap();
            }
        });
    }
}

#[test]
fn what_is_changed_is_refused_where_a_checksum_tells() {
    let flip = |part: usize| {
        move |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            if !bytes.is_empty() {
                let at = (bytes.len() - 1) * part / 7;
                bytes[at] ^= 1 << (part % 8);
            }
            bytes
        }
    };
    let flips: Vec<_> = (0..8).map(flip).collect();
    let changes: Vec<Change<'_>> = flips.iter().map(|f| f as _).collect();
    for family in ["b2nd", "caterva", "bloscpack", "bcolz"] {
        damaged(family, &changes, |original, victim, target| {
            if !try_convert(victim, target) {
                return;
            }
            let name = original.file_name().unwrap().to_str().unwrap();
            let unchecked = ["i4_None.blp", "raw_crc32.blp"].contains(&name);
            if family == "bloscpack" && !unchecked && open(original, &Options::default()).is_ok() {
                let (expected, found) = (reopen(original), reopen(target));
                // What is not under a checksum, the metadata header or the version, may have changed the array.
                if expected.description().dtype == found.description().dtype {
                    assert_eq!(elements(&*expected), elements(&*found), "{name}");
                }
            }
            fs::remove_dir_all(target).unwrap();
        });
    }
}
