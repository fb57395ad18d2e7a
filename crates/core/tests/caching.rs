//! What is remembered between reads, and that nobody sees what is no longer there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{LocalStore, ObjectBackend, Store};
use ziggurat_core::{Array, ArrayMetadata, BlockCache, ElementType, Region};

use super::support::Counting;

const BLOCK: usize = 16 * 16;

fn create(store: Arc<dyn Store>, path: &str) -> Array {
    let layout = Layout::sharded(&[64, 64], &[32, 32], &[16, 16]).unwrap();
    let codec = CodecSpec::None;
    let metadata = ArrayMetadata::new(&[64, 128], ElementType::UInt8, &[0], layout, &codec);
    Array::create(store, path, metadata).unwrap()
}

fn put(array: &Array, value: u8) {
    let whole = Region::whole(&[64, 128]);
    array.write(&whole, &vec![value; 64 * 128]).unwrap();
}

/// Both kinds of store, with data that is old enough to be cached.
fn stores() -> (tempfile::TempDir, [Arc<dyn Store>; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let local = LocalStore::new(directory.path());
    (
        directory,
        [Arc::new(ObjectBackend::memory()), Arc::new(local)],
    )
}

fn settle() {
    std::thread::sleep(Duration::from_millis(80));
}

#[test]
fn a_block_is_decoded_once() {
    let (_directory, stores) = stores();
    for store in stores {
        let cache = Arc::new(BlockCache::new(1 << 20));
        let array = create(store, "a").with_cache(&cache);
        put(&array, 7);
        settle();
        let corner = Region::new([10, 10], [10, 10]);
        array.read(&corner).unwrap();
        assert_eq!((cache.hits(), cache.misses()), (0, 4));
        assert_eq!(array.read(&corner).unwrap(), [7; 100]);
        assert_eq!((cache.hits(), cache.misses()), (4, 4));
        assert_eq!(cache.bytes(), 4 * BLOCK);
        let again = Array::open(Arc::clone(array.store()), "a").unwrap();
        assert_eq!(again.with_cache(&cache).read(&corner).unwrap(), [7; 100]);
        assert_eq!(cache.hits(), 8, "handles of one array share its blocks");
        let other = create(Arc::clone(array.store()), "b").with_cache(&cache);
        assert_eq!(other.read(&corner).unwrap(), [0; 100], "arrays do not");
    }
}

#[test]
fn the_bound_holds() {
    let (_directory, stores) = stores();
    for store in stores {
        let cache = Arc::new(BlockCache::new(5 * BLOCK + 1));
        let array = create(store, "a").with_cache(&cache);
        put(&array, 7);
        settle();
        array.read(&Region::whole(&[64, 128])).unwrap();
        assert_eq!(cache.bytes(), 5 * BLOCK);
        // The last ones that were used are those that are kept.
        let last = Region::new([48, 112], [16, 16]);
        let hits = cache.hits();
        array.read(&last).unwrap();
        assert_eq!(cache.hits(), hits + 1);
        let none = Arc::new(BlockCache::new(BLOCK - 1));
        let array = array.with_cache(&none);
        assert_eq!(array.read(&last).unwrap(), [7; BLOCK]);
        assert_eq!(none.bytes(), 0);
    }
}

#[test]
fn hits_fetch_nothing() {
    let store = Arc::new(Counting::new(ObjectBackend::memory()));
    let cache = Arc::new(BlockCache::new(1 << 20));
    let array = create(Arc::<Counting<ObjectBackend>>::clone(&store), "a").with_cache(&cache);
    put(&array, 3);
    let corner = Region::new([10, 10], [10, 10]);
    array.read(&corner).unwrap();
    settle();
    std::thread::sleep(Duration::from_millis(50));
    store.taken();
    array.read(&corner).unwrap();
    let bytes: Vec<u64> = store.taken().iter().map(|(_, bytes)| *bytes).collect();
    assert!(
        !bytes.is_empty() && bytes.iter().all(|n| *n == 0),
        "the version: {bytes:?}"
    );
}

#[test]
fn changes_by_others_are_seen() {
    let (_directory, stores) = stores();
    for store in stores {
        let cache = Arc::new(BlockCache::new(1 << 20));
        let array = create(Arc::clone(&store), "a").with_cache(&cache);
        let other = Array::open(Arc::clone(&store), "a").unwrap();
        let corner = Region::new([10, 10], [10, 10]);
        assert_eq!(array.read(&corner).unwrap(), [0; 100]);
        for value in 1..4 {
            put(&other, value);
            // As long as an absent or cached superchunk is trusted.
            std::thread::sleep(Duration::from_millis(120));
            assert_eq!(array.read(&corner).unwrap(), [value; 100]);
            assert_eq!(array.read(&corner).unwrap(), [value; 100]);
        }
        assert!(cache.hits() >= 12);
        put(&other, 0);
        std::thread::sleep(Duration::from_millis(120));
        assert_eq!(array.read(&corner).unwrap(), [0; 100], "deleted");
        assert!(!array.contains_block(&[0, 0]).unwrap());
    }
}

/// Sets a flag when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Two superchunks whose elements are all equal at any time, each written as a whole: a reader that
/// sees two values in one of them sees a torn read, one that sees an older value than before a stale one.
#[test]
fn readers_never_see_stale_or_torn_blocks() {
    let (_directory, stores) = stores();
    for store in stores {
        let cache = Arc::new(BlockCache::new(16 * BLOCK));
        let array = create(store, "a").with_cache(&cache);
        put(&array, 1);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // The readers end with the writer, even if it fails.
                let _end = End(&done);
                for value in 2..150 {
                    put(&array, value);
                    assert_eq!(
                        array.read(&Region::new([0, 0], [64, 64])).unwrap()[0],
                        value
                    );
                    std::thread::sleep(Duration::from_millis(u64::from(value) % 3));
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let found = array.read(&Region::new([3, 3], [58, 58])).unwrap();
                        let value = found[0];
                        assert!(found.iter().all(|v| *v == value), "torn");
                        assert!(value >= last, "stale: {value} after {last}");
                        last = value;
                    }
                });
            }
        });
    }
}
