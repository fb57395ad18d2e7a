//! The store fails, or another goes on, at every call of a change of a table.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ziggurat_core::dtype::DType;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Targets;
use ziggurat_core::store::{
    ByteRange, Durability, Expected, Fetched, LocalStore, ObjectBackend, ObjectWriter, Store,
    Version,
};
use ziggurat_core::{Array, CreateOptions, Error, Pick, Region, Result, Rows, Table};

use super::crash::{Fault, Faulty, copy_of};

const RECORD: &str = "[('a', '|u1'), ('b', [('c', '<u2')])]";

fn record() -> DType {
    DType::parse(RECORD).unwrap()
}

/// Superchunks of a few rows.
fn small(_: &str) -> CreateOptions {
    CreateOptions {
        targets: Targets {
            block: 4,
            chunk: 4,
            superchunk: 8,
        },
        codec: "none".parse().unwrap(),
        ..CreateOptions::default()
    }
}

fn rows(values: std::ops::Range<u8>) -> Rows {
    let records: Vec<u8> = values.flat_map(|v| [v, v, 1]).collect();
    Rows::from_records(&record(), &records).unwrap()
}

fn open(store: &Arc<dyn Store>) -> Table {
    let table = Table::open(Arc::clone(store), "t").unwrap();
    table.with_lease(Duration::ZERO)
}

/// Columns and rows, as anybody sees them.
type Content = (Vec<String>, Vec<u8>);

fn content(table: &Table) -> Content {
    let rows = table.read(&[], &Pick::ALL).unwrap();
    (table.columns(), rows.to_records(&table.record()).unwrap())
}

/// What is stored, but for the order in time: keys, and documents with the shapes that they tell.
fn stored(store: &dyn Store) -> Vec<(String, Option<serde_json::Value>)> {
    let mut keys = block_on(store.list("")).unwrap();
    keys.sort();
    let document = |key: &String| {
        let bytes = block_on(store.get(key)).unwrap().unwrap();
        key.ends_with("zarr.json")
            .then(|| serde_json::from_slice(&bytes).unwrap())
    };
    keys.into_iter()
        .map(|key| (key.clone(), document(&key)))
        .collect()
}

/// A change, of a table with ten rows.
struct Kind {
    name: &'static str,
    change: fn(&mut Table) -> Result<()>,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "append",
        change: |table| table.append(&rows(50..57)).map(drop),
    },
    Kind {
        name: "add a column",
        change: |table| {
            let fill = |_: &str, array: &Array| array.write(&Region::whole(&[10]), &[7; 10]);
            table.add_column("new", &DType::parse("|u1")?, &[], small, fill)
        },
    },
    Kind {
        name: "drop a column",
        change: |table| table.drop_column("b"),
    },
    Kind {
        name: "cut rows off",
        change: |table| table.resize(3),
    },
    Kind {
        name: "enlarge",
        change: |table| table.resize(30),
    },
    Kind {
        name: "attributes",
        change: |table| {
            let attributes = serde_json::json!({"a": 1});
            table.set_attributes(attributes.as_object().unwrap().clone())
        },
    },
];

fn fill(store: &Arc<dyn Store>) {
    let mut table = Table::create(Arc::clone(store), "t", &record(), small).unwrap();
    table.append(&rows(0..10)).unwrap();
}

fn local(dir: &Path) -> Arc<dyn Store> {
    Arc::new(LocalStore::new(dir).with_durability(Durability::Process))
}

#[test]
fn whenever_the_store_fails_the_table_is_the_old_or_the_new_one() {
    for kind in &KINDS {
        let before = tempfile::tempdir().unwrap();
        fill(&local(before.path()));
        let old = content(&open(&local(before.path())));

        // What it does when all goes well, and how the store looks when more is appended then.
        let clean = copy_of(before.path());
        let disk = Arc::new(Faulty::default());
        let store: Arc<dyn Store> =
            Arc::new(LocalStore::on(clean.path(), Arc::<Faulty>::clone(&disk)));
        let mut table = open(&store);
        (kind.change)(&mut table).unwrap();
        let new = content(&table);
        let calls = disk.calls();
        finish(&mut table);
        let after_new = stored(&*store);
        let clean = copy_of(before.path());
        finish(&mut open(&local(clean.path())));
        let after_old = stored(&*local(clean.path()));

        let (mut was_old, mut was_new) = (0, 0);
        for (call, (_, bytes)) in calls.iter().enumerate() {
            for stops in [true, false] {
                // Of a write nothing, or all.
                for bytes in (0..=*bytes).step_by((*bytes).max(1)) {
                    let fault = Fault { call, bytes, stops };
                    let what = format!("{}: {fault:?} {:?}", kind.name, calls[call].0);
                    let dir = copy_of(before.path());
                    let disk = Arc::new(Faulty::with(fault));
                    let faulty: Arc<dyn Store> = Arc::new(LocalStore::on(dir.path(), disk));
                    let done = (kind.change)(&mut open(&faulty));
                    let store = local(dir.path());
                    let mut table = open(&store);
                    let found = content(&table);
                    if found == new && new != old {
                        was_new += 1;
                    } else {
                        assert_eq!(found, old, "{what}");
                        assert!(done.is_err() || new == old, "{what}");
                        was_old += 1;
                    }
                    finish(&mut table);
                    let after = match found == new && (new != old || done.is_ok()) {
                        true => &after_new,
                        false => &after_old,
                    };
                    let left = stored(&*store);
                    // Attributes are not seen in the content.
                    let fits = left == *after || new == old && left == after_new;
                    assert!(fits, "{what}: {left:#?}");
                }
            }
        }
        println!("{}: {was_old} old, {was_new} new", kind.name);
        assert!(was_old > 0 && (was_new > 0 || new == old), "{}", kind.name);
    }
}

/// The next change, whatever the columns are.
fn finish(table: &mut Table) {
    table.resize(20).unwrap();
}

#[test]
fn whenever_making_a_table_is_interrupted_there_is_none() {
    let make = |store: &Arc<dyn Store>| {
        let fill = |_: &str, array: &Array| {
            array.fill(&Region::whole(&[10]), &vec![1; array.element().size()])
        };
        Table::create_filled(Arc::clone(store), "t", &record(), 10, small, fill)
    };
    let clean = tempfile::tempdir().unwrap();
    let disk = Arc::new(Faulty::default());
    let store: Arc<dyn Store> = Arc::new(LocalStore::on(clean.path(), Arc::<Faulty>::clone(&disk)));
    make(&store).unwrap();
    let expected = stored(&*store);
    let interrupted = AtomicUsize::new(0);
    // Each has to wait until the one that was interrupted is taken for dead.
    std::thread::scope(|scope| {
        for (call, (name, _)) in disk.calls().into_iter().enumerate() {
            let (expected, interrupted) = (&expected, &interrupted);
            scope.spawn(move || {
                let fault = Fault {
                    call,
                    bytes: 0,
                    stops: true,
                };
                let dir = tempfile::tempdir().unwrap();
                let disk = Arc::new(Faulty::with(fault));
                let faulty: Arc<dyn Store> = Arc::new(LocalStore::on(dir.path(), disk));
                let done = make(&faulty);
                let store = local(dir.path());
                match Table::open(Arc::clone(&store), "t") {
                    Ok(table) => assert_eq!(table.rows(), 10),
                    Err(Error::NotFound { .. }) => {
                        assert!(done.is_err());
                        interrupted.fetch_add(1, Ordering::Relaxed);
                        make(&store).unwrap();
                    }
                    Err(error) => panic!("{call} {name}: {error}"),
                }
                assert_eq!(stored(&*store), *expected, "{call} {name}");
            });
        }
    });
    assert!(interrupted.into_inner() > 10);
}

type Callback = Box<dyn FnOnce() + Send>;

/// When something else happens: before so many calls.
#[derive(Default)]
struct When {
    calls: AtomicUsize,
    at: usize,
    then: Mutex<Option<Callback>>,
}

impl std::fmt::Debug for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "before call {}", self.at)
    }
}

impl When {
    fn call(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) == self.at {
            let then = self.then.lock().unwrap().take();
            if let Some(then) = then {
                then();
            }
        }
    }
}

/// A store where something else happens in the middle.
#[derive(Debug)]
struct Interposed(Arc<dyn Store>, Arc<When>);

#[derive(Debug)]
struct InterposedWriter(Box<dyn ObjectWriter>, Arc<When>);

#[async_trait]
impl ObjectWriter for InterposedWriter {
    async fn write(&mut self, parts: &[Bytes]) -> Result<()> {
        self.0.write(parts).await
    }

    async fn copy(&mut self, seen: &Version, range: std::ops::Range<u64>) -> Result<bool> {
        self.0.copy(seen, range).await
    }

    async fn finish(self: Box<Self>, expected: &Expected) -> Result<Option<Version>> {
        self.1.call();
        self.0.finish(expected).await
    }
}

#[async_trait]
impl Store for Interposed {
    fn place(&self, key: &str) -> String {
        self.0.place(key)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        self.1.call();
        self.0.get(key).await
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        self.1.call();
        self.0.get_ranges(key, ranges, known).await
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        self.1.call();
        self.0.version(key).await
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        self.1.call();
        let writer = self.0.create(key).await?;
        Ok(Box::new(InterposedWriter(writer, Arc::clone(&self.1))))
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        self.1.call();
        self.0.delete_if(key, expected).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.1.call();
        self.0.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        self.0.delete_prefix(prefix).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.1.call();
        self.0.list(prefix).await
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        self.1.call();
        self.0.list_dir(prefix).await
    }
}

#[test]
fn who_was_taken_for_dead_overwrites_nothing() {
    for kind in &KINDS {
        let (mut refused, mut both) = (0, 0);
        for at in 0.. {
            let shared: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
            fill(&shared);
            let other = Arc::clone(&shared);
            let added = Arc::new(Mutex::new(None));
            let added_there = Arc::clone(&added);
            let then = move || {
                let mut table = open(&other);
                // Fewer rows than are appended by the slow one.
                if table.columns().len() == 2 {
                    let taken = table.append(&rows(90..93)).unwrap();
                    *added_there.lock().unwrap() = Some(taken);
                }
            };
            let when = Arc::new(When {
                at,
                then: Mutex::new(Some(Box::new(then))),
                ..When::default()
            });
            let slow: Arc<dyn Store> = Arc::new(Interposed(Arc::clone(&shared), Arc::clone(&when)));
            let done = (kind.change)(&mut open(&slow));
            let what = format!("{} {at}: {done:?}", kind.name);
            let Some(taken) = added.lock().unwrap().take() else {
                if when.then.lock().unwrap().is_some() {
                    // There were not so many calls.
                    assert!(at > 5, "{what}");
                    break;
                }
                continue;
            };
            let mut table = open(&shared);
            match &done {
                Ok(()) => both += 1,
                Err(Error::Conflict { .. }) => refused += 1,
                Err(error) => panic!("{what}: {error}"),
            }
            // The rows of the fast one are where it put them, unless they were cut off later.
            let start = usize::try_from(taken.start).unwrap();
            if table.rows() >= taken.end && table.columns().iter().any(|c| c == "a") {
                let found = table.read(&["a"], &Pick::ALL).unwrap();
                let cells = found.column("a").unwrap();
                let kept: Vec<u8> = (0..10).take(start).collect();
                assert_eq!(cells[..kept.len()], kept, "{what}");
                assert_eq!(cells[start..start + 3], [90, 91, 92], "{what}");
                if done.is_err() {
                    assert_eq!(cells.len(), start + 3, "{what}");
                }
            } else {
                assert!(
                    kind.name.starts_with("cut") && done.is_ok(),
                    "{what}: {}",
                    table.rows()
                );
            }
            // And the next one finds a sound table.
            finish(&mut table);
            let rows = table.rows();
            for column in table.columns() {
                let array = Array::open(Arc::clone(&shared), &format!("t/{column}")).unwrap();
                assert_eq!(array.shape(), [rows], "{what}: {column}");
            }
        }
        println!("{}: {refused} refused, {both} both", kind.name);
        assert!(refused > 0 && both > 0, "{}", kind.name);
    }
}
