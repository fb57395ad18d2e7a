//! Work that is given up, and stores that fail: an error, and never half a datastore.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use ziggurat_core::progress::{Progress, Silent};
use ziggurat_core::store::{
    ByteRange, Expected, Fetched, ObjectBackend, ObjectWriter, Store, Version,
};
use ziggurat_core::{ElementType, Error, Region, Result};
use ziggurat_pyramid::{Aggregator, Datastore, Levels, Options, Size};

use super::support::{contents, variable};

/// Cancels when it is asked for the next time after so many.
#[derive(Default)]
struct Patience {
    left: AtomicI64,
    announced: AtomicU64,
    done: AtomicU64,
}

impl Patience {
    fn of(steps: i64) -> Self {
        let left = AtomicI64::new(steps);
        Self {
            left,
            ..Self::default()
        }
    }
}

impl Progress for Patience {
    fn start(&self, _: &str, total: u64) {
        self.announced.fetch_add(total, Ordering::Relaxed);
    }

    fn advance(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.left.fetch_sub(1, Ordering::Relaxed) <= 0
    }
}

/// A store that refuses to write after so many changes.
#[derive(Debug)]
struct Full {
    inner: ObjectBackend,
    left: AtomicI64,
}

impl Full {
    fn after(writes: i64) -> Arc<Self> {
        Arc::new(Self {
            inner: ObjectBackend::memory(),
            left: AtomicI64::new(writes),
        })
    }

    fn set(&self, writes: i64) {
        self.left.store(writes, Ordering::Relaxed);
    }

    fn change(&self, key: &str) -> Result<()> {
        match self.left.fetch_sub(1, Ordering::Relaxed) {
            n if n > 0 => Ok(()),
            _ => Err(Error::io(
                self.place(key),
                "write",
                std::io::ErrorKind::StorageFull.into(),
            )),
        }
    }
}

#[async_trait]
impl Store for Full {
    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        self.inner.get(key).await
    }

    async fn get_ranges(
        &self,
        key: &str,
        ranges: &[ByteRange],
        known: Option<&Version>,
    ) -> Result<Fetched> {
        self.inner.get_ranges(key, ranges, known).await
    }

    async fn version(&self, key: &str) -> Result<Option<Version>> {
        self.inner.version(key).await
    }

    async fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>> {
        self.change(key)?;
        self.inner.create(key).await
    }

    async fn delete_if(&self, key: &str, expected: &Expected) -> Result<bool> {
        self.change(key)?;
        self.inner.delete_if(key, expected).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.change(key)?;
        self.inner.delete(key).await
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<()> {
        self.change(prefix)?;
        self.inner.delete_prefix(prefix).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list(prefix).await
    }

    async fn list_dir(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list_dir(prefix).await
    }
}

const SHAPE: [u64; 2] = [40, 33];

fn create(store: &Arc<dyn Store>) -> Result<Datastore> {
    let options = Options {
        levels: Levels::Count(2),
        aggregators: vec![Aggregator::Mean, Aggregator::Max],
        block: Size::Shape(vec![4, 4]),
        chunk: Size::Shape(vec![8, 8]),
        superchunk: Size::Shape(vec![16, 16]),
        ..Options::default()
    };
    let variables = vec![variable("v", ElementType::Int32, &SHAPE)];
    Datastore::create(Arc::clone(store), variables, &options)
}

fn values(shift: i32) -> Vec<u8> {
    let values: Vec<i32> = (1..)
        .take((SHAPE[0] * SHAPE[1]) as usize)
        .map(|v| v + shift)
        .collect();
    ziggurat_core::element::to_bytes(&values)
}

fn everything(store: &Arc<dyn Store>, progress: &dyn Progress) -> Result<()> {
    let datastore = create(store)?;
    datastore.write("v", &Region::whole(&SHAPE), &values(0))?;
    datastore.build(progress)?;
    datastore.commit()
}

fn complete() -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    everything(&store, &Silent).unwrap();
    store
}

#[test]
fn a_cancelled_build_is_interrupted() {
    let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
    let all = Patience::of(i64::MAX);
    everything(&store, &all).unwrap();
    let total = all.announced.load(Ordering::Relaxed);
    let done = all.done.load(Ordering::Relaxed);
    assert_eq!(done, total, "as many steps as announced");
    assert!(total > 5);
    for steps in 0..total as i64 {
        let store: Arc<dyn Store> = Arc::new(ObjectBackend::memory());
        let error = everything(&store, &Patience::of(steps)).unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
        assert!(Datastore::open(store).unwrap_err().is_not_found());
    }
}

#[test]
fn a_full_store_holds_no_datastore() {
    let expected = contents(&complete());
    for writes in 0.. {
        let full = Full::after(writes);
        let store: Arc<dyn Store> = Arc::<Full>::clone(&full);
        match everything(&store, &Silent) {
            Ok(()) => {
                assert_eq!(contents(&store), expected);
                assert!(writes > 20, "{writes}");
                break;
            }
            Err(error) => {
                assert!(matches!(error, Error::Io { .. }), "{error:?}");
                assert!(error.to_string().contains("memory://"), "{error}");
                let opened = Datastore::open(store);
                assert!(opened.unwrap_err().is_not_found(), "after {writes} writes");
            }
        }
    }
}

#[test]
fn a_refresh_that_fails_can_be_repeated() {
    let full = Full::after(i64::MAX);
    let store: Arc<dyn Store> = Arc::<Full>::clone(&full);
    everything(&store, &Silent).unwrap();
    let datastore = Datastore::open(Arc::clone(&store)).unwrap();
    let region = Region::new([3, 5], [20, 20]);
    let part = values(1000)[..region.len() as usize * 4].to_vec();
    datastore.write("v", &region, &part).unwrap();
    for writes in 0..100 {
        full.set(writes);
        let done = datastore.refresh(&Silent);
        full.set(i64::MAX);
        let opened = Datastore::open(Arc::clone(&store)).unwrap();
        if done.is_ok() {
            assert_eq!(opened.stale().unwrap(), []);
            let fresh = create(&(Arc::new(ObjectBackend::memory()) as Arc<dyn Store>)).unwrap();
            fresh
                .write("v", &Region::whole(&SHAPE), &values(0))
                .unwrap();
            fresh.write("v", &region, &part).unwrap();
            fresh.build(&Silent).unwrap();
            fresh.commit().unwrap();
            assert_eq!(contents(&store), contents(fresh.store()));
            return;
        }
        assert_eq!(opened.stale().unwrap(), [("v".to_owned(), region.clone())]);
    }
    panic!("100 writes are enough");
}

#[test]
fn an_interrupted_rebuild_shows_and_can_be_repeated() {
    let store = complete();
    let before = contents(&store);
    let datastore = Datastore::open(Arc::clone(&store)).unwrap();
    let error = datastore.rebuild(&Patience::of(3)).unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    let opened = Datastore::open(Arc::clone(&store)).unwrap();
    assert_eq!(
        opened.stale().unwrap(),
        [("v".to_owned(), Region::whole(&SHAPE))]
    );
    opened.refresh(&Silent).unwrap();
    assert_eq!(opened.stale().unwrap(), []);
    assert_eq!(contents(&store), before);
}

#[test]
fn a_write_that_fails_leaves_the_region_dirty() {
    let full = Full::after(i64::MAX);
    let store: Arc<dyn Store> = Arc::<Full>::clone(&full);
    everything(&store, &Silent).unwrap();
    let datastore = Datastore::open(Arc::clone(&store)).unwrap();
    full.set(2);
    let error = datastore
        .write("v", &Region::whole(&SHAPE), &values(9))
        .unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert_eq!(datastore.stale().unwrap().len(), 1);
}

#[test]
fn damaged_bases_give_no_levels() {
    let store = complete();
    let datastore = Datastore::open(Arc::clone(&store)).unwrap();
    ziggurat_core::exec::block_on(store.put("0/v/c/1/1", "damaged".into())).unwrap();
    let error = datastore.build(&Silent).unwrap_err();
    assert!(
        matches!(&error, Error::Data { place, .. } if place.ends_with("0/v/c/1/1")),
        "{error:?}"
    );
}

#[test]
fn something_else_is_not_opened_or_overwritten() {
    let store = complete();
    assert!(matches!(create(&store), Err(Error::Conflict { .. })));
    let put = |key: &str, text: &str| {
        ziggurat_core::exec::block_on(store.put(key, text.to_owned().into())).unwrap();
    };
    let open = || Datastore::open(Arc::clone(&store)).unwrap_err();
    put(
        "zarr.json",
        r#"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#,
    );
    assert!(matches!(open(), Error::Unsupported { .. }));
    let manifest = |text: &str| {
        put(
            "zarr.json",
            &format!(
                r#"{{"zarr_format": 3, "node_type": "group", "attributes": {{"ziggurat": {text}}}}}"#
            ),
        );
    };
    manifest(r#"{"version": "9.9"}"#);
    assert!(open().to_string().contains("version 9.9"));
    for damaged in [
        r#"{"version": "0.1"}"#,
        r#"{"version": "0.1", "levels": -1, "aggregators": [], "variables": {}}"#,
        r#"{"version": "0.1", "levels": 9e9, "aggregators": [], "variables": {}}"#,
        r#"{"version": "0.1", "levels": 1, "aggregators": ["mean"], "variables": 5}"#,
        r#"{"version": "0.1", "levels": 1, "aggregators": ["mean"], "variables": {"v": {"factors": [0, 2]}}}"#,
        r#"{"version": "0.1", "levels": 1, "aggregators": ["mean"], "variables": {"v": {"factors": [2]}}}"#,
        r#"{"version": "0.1", "levels": 1, "aggregators": ["mean"], "variables": {"../0/v": {"factors": [2, 2]}}}"#,
    ] {
        manifest(damaged);
        let error = open();
        assert!(matches!(error, Error::Data { .. }), "{damaged}: {error:?}");
    }
}
