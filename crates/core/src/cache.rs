//! Bounded memory of what was read: least recently used goes first.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lru::LruCache;

use crate::store::{Store, Version};

/// A map that holds at most so many bytes.
#[derive(Debug)]
pub(crate) struct Bounded<K: Hash + Eq, V> {
    entries: LruCache<K, (V, usize)>,
    bytes: usize,
    bound: usize,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            entries: LruCache::unbounded(),
            bytes: 0,
            bound,
        }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.get_mut(key).map(|(value, _)| value)
    }

    /// Keeps a value of so many bytes, if it is not larger than the bound itself.
    pub(crate) fn put(&mut self, key: K, value: V, bytes: usize) {
        self.remove(&key);
        if bytes > self.bound {
            return;
        }
        self.bytes += bytes;
        self.entries.put(key, (value, bytes));
        while self.bytes > self.bound
            && let Some((_, (_, bytes))) = self.entries.pop_lru()
        {
            self.bytes -= bytes;
        }
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Some((_, bytes)) = self.entries.pop(key) {
            self.bytes -= bytes;
        }
    }
}

/// Decoded blocks of any number of arrays, shared by all threads that read them.
///
/// A block is kept with the version of the superchunk that it was read of, and given only while the
/// superchunk is in that version: whoever changed it, stale values are never seen. Give it to
/// arrays by [`Array::with_cache`](crate::Array::with_cache).
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::{Array, ArrayMetadata, BlockCache, ElementType, Region, layout::Layout, store::ObjectBackend};
///
/// let layout = Layout::sharded(&[64, 64], &[32, 32], &[16, 16])?;
/// let metadata = ArrayMetadata::new(&[64, 64], ElementType::UInt8, &[0], layout, &"zstd:3".parse()?);
/// let cache = Arc::new(BlockCache::new(64 << 20));
/// let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?.with_cache(&cache);
/// array.write(&Region::new([0, 0], [1, 2]), &[1, 2])?;
/// array.read(&Region::new([0, 0], [2, 2]))?;
/// assert_eq!(array.read(&Region::new([0, 0], [1, 2]))?, [1, 2]);
/// assert_eq!((cache.hits(), cache.misses(), cache.bytes()), (1, 1, 256));
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BlockCache {
    blocks: Mutex<Bounded<BlockKey, CachedBlock>>,
    arrays: Mutex<Vec<Identity>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The number of an array, and the index of a block of it.
type BlockKey = (usize, Vec<u64>);

/// Elements of a block, and the version of its superchunk.
type CachedBlock = (Version, Arc<[u8]>);

/// What makes two handles handles of one array.
#[derive(Debug)]
enum Identity {
    /// The place of a local array.
    Place(String),
    /// A store, and the path in it. A weak reference keeps the address from being used again.
    In(Weak<dyn Store>, String),
}

impl BlockCache {
    /// An empty cache of at most `bytes` of elements.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            blocks: Mutex::new(Bounded::new(bytes)),
            arrays: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Bytes of elements that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        lock(&self.blocks).bytes
    }

    /// How many blocks were asked of it and given.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// How many blocks were asked of it and not given.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }
}

/// A cache as one array sees it.
#[derive(Clone, Debug)]
pub(crate) struct ArrayCache {
    cache: Arc<BlockCache>,
    array: usize,
}

impl ArrayCache {
    pub(crate) fn new(cache: &Arc<BlockCache>, store: &Arc<dyn Store>, path: &str) -> Self {
        let place = store.local().map(|_| store.place(path));
        let same = |identity: &Identity| match (identity, &place) {
            (Identity::Place(known), Some(place)) => known == place,
            (Identity::In(known, known_path), None) => {
                known_path == path && std::ptr::addr_eq(known.as_ptr(), Arc::as_ptr(store))
            }
            _ => false,
        };
        let mut arrays = lock(&cache.arrays);
        let array = arrays.iter().position(same).unwrap_or_else(|| {
            arrays.push(match &place {
                Some(place) => Identity::Place(place.clone()),
                None => Identity::In(Arc::downgrade(store), path.to_owned()),
            });
            arrays.len() - 1
        });
        Self {
            cache: Arc::clone(cache),
            array,
        }
    }

    /// Block `index`, if it is known of this version of its superchunk.
    pub(crate) fn get(&self, index: &[u64], version: &Version) -> Option<Arc<[u8]>> {
        let key = (self.array, index.to_vec());
        let mut blocks = lock(&self.cache.blocks);
        let found = blocks.get(&key).filter(|(of, _)| of == version);
        let found = found.map(|(_, block)| Arc::clone(block));
        let count = match found {
            Some(_) => &self.cache.hits,
            None => &self.cache.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(crate) fn put(&self, index: Vec<u64>, version: &Version, block: &[u8]) {
        let key = (self.array, index);
        let value = (version.clone(), Arc::from(block));
        lock(&self.cache.blocks).put(key, value, block.len());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
