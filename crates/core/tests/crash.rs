//! The world stops, or the disk is full, at every call and at every byte of a write.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::shard::ShardIndex;
use ziggurat_core::store::{Disk, Durability, LocalStore, System};
use ziggurat_core::{Array, ArrayMetadata, ElementType, InPlace, Region, Result, Updates};

/// A call that goes wrong: its number, and for writes how many bytes are written all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) call: usize,
    pub(crate) bytes: usize,
    /// Whether nothing happens after it, or only this call fails.
    pub(crate) stops: bool,
}

/// A disk with at most one fault. Waiting for it to be durable takes no time.
#[derive(Debug, Default)]
pub(crate) struct Faulty {
    fault: Option<Fault>,
    /// The calls so far: their names, and the number of bytes of writes.
    calls: Mutex<Vec<(&'static str, usize)>>,
}

impl Faulty {
    pub(crate) fn with(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// The calls so far, with the bytes that were to be written.
    pub(crate) fn calls(&self) -> Vec<(&'static str, usize)> {
        self.calls.lock().unwrap().clone()
    }

    /// Whether a call may be made, and of how many bytes.
    fn call(&self, name: &'static str, bytes: usize) -> (usize, io::Result<()>) {
        let mut calls = self.calls.lock().unwrap();
        let now = calls.len();
        calls.push((name, bytes));
        let fail = || Err(io::ErrorKind::StorageFull.into());
        match self.fault {
            // Where threads write at once the call may be another one.
            Some(fault) if fault.call == now => (fault.bytes.min(bytes), fail()),
            Some(fault) if fault.call < now && fault.stops => (0, fail()),
            _ => (bytes, Ok(())),
        }
    }

    fn simple(&self, name: &'static str) -> io::Result<()> {
        self.call(name, 0).1
    }
}

impl Disk for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.simple("create_dir")?;
        System.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.simple("create")?;
        System.create(path)
    }

    fn write(&self, file: &File, parts: &[Bytes]) -> io::Result<()> {
        let bytes = parts.concat();
        let (written, done) = self.call("write", bytes.len());
        System.write(file, &[bytes[..written].to_vec().into()])?;
        done
    }

    fn copy(&self, from: &File, range: Range<u64>, file: &File) -> io::Result<()> {
        let (copied, done) = self.call("copy", (range.end - range.start) as usize);
        System.copy(from, range.start..range.start + copied as u64, file)?;
        done
    }

    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (written, done) = self.call("write_at", bytes.len());
        System.write_at(file, offset, &bytes[..written])?;
        done
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.simple("truncate")?;
        System.truncate(file, length)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        self.simple("sync")
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.simple("sync_dir")
    }

    fn set_modified(&self, file: &File, time: SystemTime) -> io::Result<()> {
        self.simple("set_modified")?;
        System.set_modified(file, time)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.simple("rename")?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.simple("remove")?;
        System.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.simple("remove_dir")?;
        System.remove_dir(path)
    }
}

const IN_PLACE: Updates = Updates::InPlace(InPlace {
    slack: 10,
    garbage: 10_000,
    grow: true,
});

/// The shape of a block, and its codec.
type Blocks = ([u64; 2], &'static str);

const PLAIN: Blocks = ([4, 4], "none");

/// Blocks that grow plane by plane.
const GROWING: Blocks = ([3, 256], "blosc-lz4");

/// Four blocks in one superchunk.
fn create(dir: &Path, (block, codec): Blocks) -> Array {
    let store = LocalStore::new(dir).with_durability(Durability::Process);
    let shape = block.map(|n| 2 * n);
    let layout = Layout::sharded(&shape, &shape, &block).unwrap();
    let codec: CodecSpec = codec.parse().unwrap();
    let metadata = ArrayMetadata::new(&shape, ElementType::UInt8, &[0], layout, &codec);
    Array::create(Arc::new(store), "a", metadata).unwrap()
}

/// Opens it on a disk with a fault; what ought to be durable is.
fn open(dir: &Path, disk: Faulty, updates: Updates) -> (Array, Arc<Faulty>) {
    let disk = Arc::new(disk);
    let store = LocalStore::on(dir, Arc::<Faulty>::clone(&disk));
    let array = Array::open(Arc::new(store), "a").unwrap();
    (array.with_updates(updates), disk)
}

/// Opens it as another process would that comes later.
fn reopen(dir: &Path, updates: Updates) -> Array {
    let store = LocalStore::new(dir).with_durability(Durability::Process);
    let array = Array::open(Arc::new(store), "a").unwrap();
    array.with_updates(updates)
}

fn set(array: &Array, block: u64, value: u8) -> Result<()> {
    let region = Region::of_cell(&[block / 2, block % 2], array.layout().block());
    array.write(&region, &vec![value; region.len() as usize])
}

/// Replaces one row of all blocks.
fn set_row(array: &Array, row: u64, value: u8) -> Result<()> {
    let columns = array.shape()[1];
    let values: Vec<u8> = (0..columns).map(|i| value + (i % 3) as u8).collect();
    array.write(&Region::new([row, 0], [1, columns]), &values)
}

fn values(array: &Array) -> Vec<u8> {
    array.read(&Region::whole(array.shape())).unwrap()
}

/// One kind of update: what is there before, and the update.
struct Kind {
    name: &'static str,
    blocks: Blocks,
    updates: Updates,
    before: fn(&Array) -> Result<()>,
    update: fn(&Array) -> Result<()>,
    /// A call that tells that it is of this kind.
    calls: &'static str,
}

fn full(array: &Array) -> Result<()> {
    let value = |i: u8| 10 + i / 32 * 2 + i % 8 / 4;
    let values: Vec<u8> = (0..64).map(value).collect();
    array.write(&Region::whole(&[8, 8]), &values)
}

fn gaps(array: &Array) -> Result<()> {
    full(array)?;
    (0..3).try_for_each(|block| set(array, block, 20 + block as u8))
}

const KINDS: [Kind; 10] = [
    Kind {
        name: "create",
        blocks: PLAIN,
        updates: Updates::Rewrite,
        before: |_| Ok(()),
        update: |array| set(array, 1, 7),
        calls: "write set_modified rename",
    },
    Kind {
        name: "rewrite",
        blocks: PLAIN,
        updates: Updates::Rewrite,
        before: full,
        update: |array| set(array, 1, 7),
        calls: "create_dir create copy write copy write sync set_modified rename sync_dir",
    },
    Kind {
        name: "growth",
        blocks: PLAIN,
        updates: IN_PLACE,
        before: full,
        update: |array| set(array, 1, 7),
        calls: "create_dir create write_at sync write_at sync write_at sync write_at sync write_at sync \
                set_modified remove remove_dir",
    },
    Kind {
        name: "patch",
        blocks: PLAIN,
        updates: IN_PLACE,
        before: gaps,
        update: |array| set(array, 1, 7),
        calls: "create_dir create write_at sync write_at sync write_at sync set_modified remove remove_dir",
    },
    Kind {
        name: "several blocks, one of which is removed",
        blocks: PLAIN,
        updates: IN_PLACE,
        before: gaps,
        update: |array| {
            // All columns but the last, so that it is not the whole superchunk that is written.
            let mut new = [7; 56];
            for row in 4..8 {
                new[row * 7..row * 7 + 4].fill(0);
            }
            array.write(&Region::new([0, 0], [8, 7]), &new)
        },
        calls: "write_at write_at write_at",
    },
    Kind {
        name: "compaction",
        blocks: PLAIN,
        updates: IN_PLACE,
        before: gaps,
        update: |array| array.compact().map(drop),
        calls: "create_dir create copy",
    },
    Kind {
        name: "garbage",
        blocks: PLAIN,
        updates: Updates::InPlace(InPlace {
            slack: 0,
            garbage: 1,
            grow: true,
        }),
        before: gaps,
        update: |array| set(array, 1, 7),
        calls: "rename",
    },
    Kind {
        name: "the last block is removed",
        blocks: PLAIN,
        updates: IN_PLACE,
        before: |array| set(array, 2, 3),
        update: |array| set(array, 2, 0),
        calls: "remove",
    },
    Kind {
        name: "planes into blocks that are there",
        blocks: GROWING,
        updates: IN_PLACE,
        before: |array| {
            set(array, 0, 5)?;
            set_row(array, 3, 20)
        },
        update: |array| set_row(array, 4, 30),
        calls: "create_dir create write_at write_at sync write_at sync write_at sync set_modified remove",
    },
    Kind {
        name: "planes into blocks that find no room",
        blocks: GROWING,
        updates: IN_PLACE,
        before: |array| {
            set(array, 0, 5)?;
            set_row(array, 3, 20)?;
            array.compact().map(drop)
        },
        update: |array| set_row(array, 5, 30),
        calls: "create_dir create write_at sync write_at sync write_at write_at sync write_at sync",
    },
];

/// What a kind of update does when all goes well.
struct Example {
    /// The directory before it, with its values.
    before: tempfile::TempDir,
    old: Vec<u8>,
    new: Vec<u8>,
    calls: Vec<(&'static str, usize)>,
}

impl Kind {
    fn example(&self) -> Example {
        let before = tempfile::tempdir().unwrap();
        let array = create(before.path(), self.blocks).with_updates(IN_PLACE);
        (self.before)(&array).unwrap();
        let old = values(&array);
        drop(array);
        let dir = copy_of(before.path());
        let (array, disk) = open(dir.path(), Faulty::default(), self.updates);
        (self.update)(&array).unwrap();
        let new = values(&array);
        drop(array);
        let calls = std::mem::take(&mut *disk.calls.lock().unwrap());
        let names: Vec<_> = calls.iter().map(|(name, _)| *name).collect();
        let names = names.join(" ");
        assert!(names.contains(self.calls), "{}: {names}", self.name);
        Example {
            before,
            old,
            new,
            calls,
        }
    }
}

impl Example {
    /// Every call, and every number of bytes that it may write of those it should.
    fn faults(&self, stops: bool) -> Vec<Fault> {
        let calls = self.calls.iter().enumerate();
        calls
            .flat_map(|(call, (_, bytes))| {
                (0..=*bytes).map(move |bytes| Fault { call, bytes, stops })
            })
            .collect()
    }
}

pub(crate) fn copy_of(dir: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                std::fs::create_dir(&to).unwrap();
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    copy(dir, to.path());
    to
}

/// Names of files below `dir` that are no part of the array.
fn leftovers(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("__") {
            found.push(name);
        } else if entry.file_type().unwrap().is_dir() {
            found.extend(leftovers(&entry.path()));
        }
    }
    found
}

#[test]
fn whenever_the_world_stops_the_old_or_the_new_state_is_there() {
    for kind in &KINDS {
        let example = kind.example();
        let (mut was_old, mut was_new) = (0, 0);
        for fault in example.faults(true) {
            let dir = copy_of(example.before.path());
            let disk = Faulty {
                fault: Some(fault),
                ..Faulty::default()
            };
            let (array, _) = open(dir.path(), disk, kind.updates);
            let done = (kind.update)(&array);
            drop(array);
            let what = format!("{}, {fault:?}", kind.name);
            // Another process finds it.
            for updates in [IN_PLACE, Updates::Rewrite] {
                let array = reopen(dir.path(), updates);
                let mut found = values(&array);
                match (found == example.old, found == example.new) {
                    (true, _) if done.is_err() && updates == IN_PLACE => was_old += 1,
                    (_, true) if updates == IN_PLACE => was_new += 1,
                    _ => assert_eq!(updates, Updates::Rewrite, "{what}: {found:?}"),
                }
                set(&array, 3, 99).unwrap();
                let [rows, columns] = kind.blocks.0.map(|n| n as usize);
                for row in found.chunks_mut(2 * columns).skip(rows) {
                    row[columns..].fill(99);
                }
                assert_eq!(values(&array), found, "{what}: the next update");
            }
            let left = leftovers(dir.path());
            assert_eq!(left, [] as [&str; 0], "{what}");
        }
        // Where the last call makes the new state, none stops after it.
        let last = example.calls.last().map(|call| call.0);
        let both = was_old > 0 && (was_new > 0 || matches!(last, Some("rename" | "remove")));
        assert!(
            both || example.old == example.new,
            "{}: {was_old}, {was_new}",
            kind.name
        );
    }
}

#[test]
fn a_handle_that_was_open_before_the_world_stopped_reads_on() {
    let growth = KINDS.iter().find(|kind| kind.name == "growth").unwrap();
    let example = growth.example();
    let mut torn = 0;
    for fault in example.faults(true) {
        let dir = copy_of(example.before.path());
        let reader = reopen(dir.path(), Updates::Rewrite);
        let disk = Faulty {
            fault: Some(fault),
            ..Faulty::default()
        };
        let (array, _) = open(dir.path(), disk, growth.updates);
        let done = (growth.update)(&array);
        drop(array);
        let object = std::fs::read(dir.path().join("a/c/0/0")).unwrap();
        let index = &object[object.len() - ShardIndex::encoded_size(4)..];
        torn += usize::from(ShardIndex::parse("", index, 4).is_err());
        let found = values(&reader);
        assert!(
            done.is_err() && found == example.old || found == example.new,
            "{fault:?}"
        );
    }
    assert!(torn > 50, "{torn}");
}

#[test]
fn whenever_the_disk_is_full_the_old_state_stands_and_work_goes_on() {
    for kind in &KINDS {
        let example = kind.example();
        for fault in example.faults(false) {
            let dir = copy_of(example.before.path());
            let disk = Faulty {
                fault: Some(fault),
                ..Faulty::default()
            };
            let (array, _) = open(dir.path(), disk, kind.updates);
            let what = format!("{}, {fault:?}", kind.name);
            if (kind.update)(&array).is_ok() {
                assert_eq!(values(&array), example.new, "{what}");
            } else {
                // If only the new name could not be made durable, it is there all the same.
                let renamed = example.calls[fault.call].0 == "sync_dir";
                assert!(renamed || values(&array) == example.old, "{what}");
                (kind.update)(&array).unwrap();
                assert_eq!(values(&array), example.new, "{what}: again");
            }
            drop(array);
            // What could not be removed is swept by the next handle.
            set(&reopen(dir.path(), Updates::Rewrite), 3, 99).unwrap();
            let left = leftovers(dir.path());
            assert_eq!(left, [] as [&str; 0], "{what}");
        }
    }
}
