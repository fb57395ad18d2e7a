//! Arrays: metadata, and elements by region.

mod clear;
mod commit;
mod compact;
mod create;
mod fence;
pub(crate) mod fill;
mod in_place;
mod index;
mod keys;
mod metadata;
mod options;
mod read;
mod shape;
mod state;
mod write;

use std::sync::Arc;

use serde_json::Value;

pub use clear::Cleaned;
pub use compact::Compacted;
pub use create::CreateOptions;
pub(crate) use fence::Fence;
pub use in_place::{InPlace, Updates};
pub use keys::KeyEncoding;
pub use metadata::{ArrayMetadata, ZIGGURAT};
pub use options::ReadOptions;
pub use read::Selected;
pub(crate) use read::Wanted;
pub use write::SuperchunkWriter;
pub(crate) use write::{Lanes, Source, repeat};

use self::in_place::Updater;
use self::index::IndexCodec;
use self::state::States;
use self::write::Turns;
use crate::cache::{ArrayCache, BlockCache};
use crate::codec::BlockCodec;
use crate::exec::block_on;
use crate::layout::Layout;
use crate::shard::{Framing, framing_of};
use crate::store::{Store, join};
use crate::{ElementType, Error, Region, Result};

/// An array of fixed-size numbers in a store.
///
/// Elements go in and out as native-endian bytes in C order. Reading decodes the blocks that the
/// region touches and no others; writing encodes the blocks that it touches and copies the rest of
/// the superchunk as it is. A handle is shared between threads; two threads may write different
/// superchunks at once.
///
/// ```
/// use std::sync::Arc;
/// use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
///
/// let layout = Layout::sharded(&[64, 64], &[32, 32], &[16, 16])?;
/// let metadata = ArrayMetadata::new(&[100, 100], ElementType::UInt8, &[0], layout, &"zstd:3".parse()?);
/// let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
/// array.write(&Region::new([10, 20], [2, 3]), &[1, 2, 3, 4, 5, 6])?;
/// assert_eq!(array.read(&Region::new([11, 19], [1, 4]))?, [0, 4, 5, 6]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Array {
    store: Arc<dyn Store>,
    path: String,
    metadata: ArrayMetadata,
    codec: BlockCodec,
    index: IndexCodec,
    /// `None` also where writing has to be refused; see [`Array::framing`].
    framing: Option<Arc<dyn Framing>>,
    states: States,
    options: ReadOptions,
    cache: Option<ArrayCache>,
    turns: Turns,
    updater: Updater,
    fence: Option<Fence>,
}

impl Array {
    /// A handle on an array whose document is not (yet) in the store.
    ///
    /// # Errors
    /// If a codec is not known, or the parts of the metadata do not fit each other.
    pub fn new(store: Arc<dyn Store>, path: &str, metadata: ArrayMetadata) -> Result<Self> {
        let place = store.place(path);
        let (rank, size) = (metadata.shape.len(), metadata.element.size());
        if metadata.layout.block().len() != rank || metadata.fill.len() != size {
            let what =
                "the layout must have the rank of the shape, the fill value the size of an element";
            return Err(Error::caller(place, what));
        }
        let codec = BlockCodec::new(
            &place,
            &metadata.codecs,
            metadata.element,
            &metadata.fill,
            metadata.layout.block(),
        )?;
        let index = IndexCodec::new(&place, &metadata)?;
        // Reading needs none.
        let framing = framing_of(&place, &metadata).ok().flatten();
        let options = ReadOptions::default();
        Ok(Self {
            store,
            path: path.to_owned(),
            metadata,
            codec,
            index,
            framing,
            states: States::new(options.index_bytes),
            options,
            cache: None,
            turns: Turns::default(),
            updater: Updater::default(),
            fence: None,
        })
    }

    /// The same array, read by other options.
    #[must_use]
    pub fn with_options(self, options: ReadOptions) -> Self {
        Self {
            states: States::new(options.index_bytes),
            options,
            ..self
        }
    }

    /// The same array, whose decoded blocks are kept in `cache`.
    #[must_use]
    pub fn with_cache(self, cache: &Arc<BlockCache>) -> Self {
        let cache = Some(ArrayCache::new(cache, &self.store, &self.path));
        Self { cache, ..self }
    }

    /// Writes the document of a new array and returns its handle.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is a node at `path` already; [`Error::Unsupported`] if superchunks
    /// cannot be framed as the metadata says.
    pub fn create(store: Arc<dyn Store>, path: &str, metadata: ArrayMetadata) -> Result<Self> {
        let key = join(path, "zarr.json");
        if block_on(store.size(&key))?.is_some() {
            return Err(Error::conflict(
                store.place(path),
                "a node is there already; delete it first",
            ));
        }
        let array = Self::new(store, path, metadata)?;
        array.framing()?;
        array.store_metadata()?;
        Ok(array)
    }

    /// Opens the array at `path`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none; see [`ArrayMetadata::parse`].
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<Self> {
        let document = crate::hierarchy::read_document(&*store, path)?;
        let metadata = ArrayMetadata::parse(&store.place(path), &document)?;
        let array = Self::new(store, path, metadata)?;
        array.recover_all();
        Ok(array)
    }

    /// Writes `zarr.json`.
    ///
    /// # Errors
    /// If the store refuses.
    pub fn store_metadata(&self) -> Result<()> {
        crate::hierarchy::write_document(&*self.store, &self.path, &self.metadata.to_json())
    }

    /// What `zarr.json` says.
    #[must_use]
    pub fn metadata(&self) -> &ArrayMetadata {
        &self.metadata
    }

    /// The document `zarr.json`.
    #[must_use]
    pub fn document(&self) -> Value {
        self.metadata.to_json()
    }

    /// Path of the node in its store.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The array as a user knows it, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.place(&self.path)
    }

    /// Size of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.metadata.shape
    }

    /// Element type.
    #[must_use]
    pub fn element(&self) -> ElementType {
        self.metadata.element
    }

    /// Superchunks, chunks and blocks.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.metadata.layout
    }

    /// The codec of its blocks.
    #[must_use]
    pub fn codec(&self) -> &BlockCodec {
        &self.codec
    }

    /// Key of superchunk `index` in the store.
    #[must_use]
    pub fn superchunk_key(&self, index: &[u64]) -> String {
        join(&self.path, &self.metadata.keys.key(index))
    }

    /// The superchunks that exist, in C order of their indices.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn superchunks(&self) -> Result<Vec<Vec<u64>>> {
        let grid = Region::whole(self.shape()).cells(self.layout().superchunk());
        let mut found = self.stored()?;
        // What lies outside was left by a shrinking writer and is not part of the array.
        found.retain(|index| index.iter().zip(&grid.shape).all(|(i, n)| i < n));
        Ok(found)
    }

    /// The superchunks that are stored, within the shape or not.
    fn stored(&self) -> Result<Vec<Vec<u64>>> {
        let rank = self.shape().len();
        let size = self.layout().superchunk();
        let keys = block_on(self.store.list(&self.path))?;
        let mut found: Vec<Vec<u64>> = keys
            .iter()
            .filter_map(|key| key.strip_prefix(&self.path))
            .map(|key| key.trim_start_matches('/'))
            .filter_map(|key| match rank {
                0 => (key == self.metadata.keys.key(&[])).then(Vec::new),
                _ => self.metadata.keys.index(key, rank),
            })
            // No element has an index beyond 64 bits.
            .filter(|index| {
                let mut cells = index.iter().zip(size);
                cells.all(|(i, n)| i.checked_mul(*n).is_some())
            })
            .collect();
        found.sort();
        Ok(found)
    }

    /// Any one superchunk that exists; `None` if there is none.
    ///
    /// With the usual keys this lists one directory per dimension, however many superchunks there are.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn find_superchunk(&self) -> Result<Option<Vec<u64>>> {
        if self.metadata.keys != KeyEncoding::Default('/') || self.shape().is_empty() {
            return Ok(self.superchunks()?.pop());
        }
        let grid = Region::whole(self.shape()).cells(self.layout().superchunk());
        let mut key = join(&self.path, "c");
        let mut index = Vec::with_capacity(self.shape().len());
        for size in grid.shape {
            let names = block_on(self.store.list_dir(&key))?;
            let Some(i) = names
                .iter()
                .find_map(|n| n.parse::<u64>().ok().filter(|i| *i < size))
            else {
                // An empty directory may hide others that are not; then all have to be seen.
                return Ok(self.superchunks()?.pop());
            };
            key = join(&key, &i.to_string());
            index.push(i);
        }
        Ok(Some(index))
    }

    /// Bytes of all superchunks in the store.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn stored_size(&self) -> Result<u64> {
        let mut total = 0;
        for index in self.superchunks()? {
            total += block_on(self.store.size(&self.superchunk_key(&index)))?.unwrap_or(0);
        }
        Ok(total)
    }

    /// Whether superchunks have their index before the blocks.
    pub(crate) fn index_is_at_start(&self) -> bool {
        self.layout().is_sharded() && !self.metadata.index_at_end
    }

    /// How superchunks are framed, if they are.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if they have to be, and cannot be here.
    pub(crate) fn framing(&self) -> Result<Option<Arc<dyn Framing>>> {
        match &self.framing {
            Some(framing) => Ok(Some(Arc::clone(framing))),
            None => framing_of(&self.place(), &self.metadata),
        }
    }

    /// Whether superchunks are framed, and so put whole whenever something changes.
    pub(crate) fn is_framed(&self) -> bool {
        self.metadata.framing.is_some()
    }

    /// Shape of the part of a superchunk that lies within the array.
    #[must_use]
    pub fn part_shape(&self, superchunk: &[u64]) -> Vec<u64> {
        let cell = Region::of_cell(superchunk, self.layout().superchunk());
        let part = cell.intersect(&Region::whole(self.shape()));
        part.map_or_else(|| vec![0; superchunk.len()], |part| part.shape)
    }

    /// Refuses an array that is only read here.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if superchunks have an index that is not written here, or cannot be framed
    /// as the metadata says.
    pub fn check_writable(&self) -> Result<()> {
        self.framing()?;
        if self.metadata.index_codecs.is_none() {
            return Ok(());
        }
        let what = "writing superchunks whose index has unusual codecs; copy the array first";
        Err(Error::unsupported(self.place(), what))
    }

    fn check(&self, region: &Region) -> Result<()> {
        if region.rank() == self.shape().len() && Region::whole(self.shape()).contains(region) {
            return Ok(());
        }
        let what = format!("region {region} is not within shape {:?}", self.shape());
        Err(Error::caller(self.place(), what))
    }
}
