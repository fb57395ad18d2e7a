//! The world stops at every call, and at every byte of a write, while an array is resized.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use ziggurat_codecs::blosc2::{B2nd, Encoder, Metalayers, NdLayout, NdWriter, Sparse};
use ziggurat_core::Region;
use ziggurat_core::store::{Disk, LocalStore, System};

use super::support::array;

/// A disk that makes so many calls and writes so many bytes, and then nothing more.
#[derive(Debug)]
struct Dying(AtomicUsize);

impl Dying {
    /// How many of `bytes` are still written.
    fn spend(&self, bytes: usize) -> (usize, io::Result<()>) {
        let left = self.0.load(Ordering::Relaxed);
        self.0
            .store(left.saturating_sub(bytes + 1), Ordering::Relaxed);
        match left > bytes {
            true => (bytes, Ok(())),
            false => (left, Err(io::ErrorKind::StorageFull.into())),
        }
    }
}

impl Disk for Dying {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.spend(0).1?;
        System.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.spend(0).1?;
        System.create(path)
    }

    fn write(&self, file: &File, parts: &[Bytes]) -> io::Result<()> {
        let bytes = parts.concat();
        let (written, done) = self.spend(bytes.len());
        System.write(file, &[bytes[..written].to_vec().into()])?;
        done
    }

    fn copy(&self, from: &File, range: Range<u64>, file: &File) -> io::Result<()> {
        let (copied, done) = self.spend((range.end - range.start) as usize);
        System.copy(from, range.start..range.start + copied as u64, file)?;
        done
    }

    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (written, done) = self.spend(bytes.len());
        System.write_at(file, offset, &bytes[..written])?;
        done
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.spend(0).1?;
        System.truncate(file, length)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        self.spend(0).1
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.spend(0).1
    }

    fn set_modified(&self, file: &File, time: SystemTime) -> io::Result<()> {
        self.spend(0).1?;
        System.set_modified(file, time)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.spend(0).1?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.spend(0).1?;
        System.remove(path)
    }
}

/// An array of 3 x 6 elements; what lies beyond its edge in its chunks are not zeros.
fn make(path: &Path, sparse: bool) {
    let layout = NdLayout::new(&[5, 6], &[4, 4], &[2, 2], Some("|u1")).unwrap();
    let (encoder, data) = (Encoder::new(1).unwrap(), (1..=30).collect::<Vec<u8>>());
    if sparse {
        let target = Sparse::create(path).unwrap();
        let none = Metalayers::default();
        let mut writer = NdWriter::new(target, layout, encoder, &none).unwrap();
        writer.push_array(&data).unwrap();
        writer.finish(&none).unwrap();
    } else {
        fs::write(path, array(&layout, &encoder, &data)).unwrap();
    }
    let shrunk = B2nd::open(path).unwrap().resize(&[3, 6]).unwrap();
    shrunk.apply(path).unwrap();
}

/// Its shape and elements.
fn state(path: &Path) -> (Vec<u64>, Vec<u8>) {
    let array = B2nd::open(path).unwrap();
    let shape = array.layout().shape().to_vec();
    (shape.clone(), array.read(&Region::whole(&shape)).unwrap())
}

#[test]
fn a_crash_while_resizing_leaves_the_old_array_or_the_new() {
    let row = |y: u8, n: u8| (1..=n).map(move |x| y * 6 + x);
    let old = (vec![3, 6], (0..3).flat_map(|y| row(y, 6)).collect());
    let rows = (0..3).flat_map(|y| row(y, 3));
    let new = (vec![8, 3], rows.chain([0; 15]).collect::<Vec<u8>>());
    for sparse in [false, true] {
        let mut found_old = 0;
        for budget in 0.. {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("array.b2nd");
            make(&path, sparse);
            let resize = B2nd::open(&path).unwrap().resize(&[8, 3]).unwrap();
            let disk = Arc::new(Dying(AtomicUsize::new(budget)));
            let store = LocalStore::on(directory.path(), disk);
            let done = resize.apply_in(&store, "array.b2nd");
            let found = state(&path);
            match found == old {
                true => found_old += 1,
                false => assert_eq!(found, new, "after {budget} steps"),
            }
            if done.is_ok() {
                assert_eq!(found, new);
                break;
            }
            B2nd::open(&path)
                .unwrap()
                .resize(&[8, 3])
                .unwrap()
                .apply(&path)
                .unwrap();
            assert_eq!(state(&path), new, "mended after {budget} steps");
        }
        assert!(found_old > 100, "the world stopped too late");
    }
}
