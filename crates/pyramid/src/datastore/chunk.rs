//! Chunks with a location: the unit in which a datastore is walked.

use serde_json::{Map, Value};
use ziggurat_core::exec::block_on;
use ziggurat_core::{Array, Element, Error, Region, Result};

use super::{Datastore, Member};
use crate::Aggregator;

/// One level of one variable: its array, chunk by chunk.
#[derive(Clone, Copy, Debug)]
pub struct Level<'a> {
    datastore: &'a Datastore,
    member: &'a Member,
    aggregator: Option<Aggregator>,
    number: usize,
    array: &'a Array,
}

/// Elements of a chunk, with the region of its level that they fill.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkData {
    /// The chunk, clipped to the level.
    pub region: Region,
    /// Native-endian elements in C order.
    pub bytes: Vec<u8>,
}

/// A chunk by its location: variable, aggregator, level and index.
///
/// Chunks have the same shape at every level, so the location says where a chunk lies: its parent
/// is its index divided by the factors.
#[derive(Clone, Debug)]
pub struct Chunk<'a> {
    level: Level<'a>,
    index: Vec<u64>,
}

impl Datastore {
    /// Level `number` of `variable`, made by the first aggregator.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such variable or level.
    pub fn level(&self, variable: &str, number: usize) -> Result<Level<'_>> {
        Level::new(self, self.member(variable)?, None, number)
    }

    /// Level `number` of `variable`, made by `aggregator`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such variable, aggregator or level.
    pub fn aggregate(
        &self,
        variable: &str,
        aggregator: Aggregator,
        number: usize,
    ) -> Result<Level<'_>> {
        Level::new(self, self.member(variable)?, Some(aggregator), number)
    }

    /// The chunks of `level` that touch `extent`, a region of that level, stored or not.
    ///
    /// # Errors
    /// As [`level`](Self::level).
    pub fn iter_chunks(
        &self,
        variable: &str,
        extent: &Region,
        level: usize,
    ) -> Result<impl Iterator<Item = Chunk<'_>>> {
        Ok(self.level(variable, level)?.chunks(extent))
    }

    /// The chunks of level 0 that hold anything but missing values, in C order of their superchunks.
    ///
    /// # Errors
    /// If the store cannot be listed; an item is an error if its superchunk cannot be read.
    pub fn iter_meaningful_chunks(
        &self,
        variable: &str,
    ) -> Result<impl Iterator<Item = Result<Chunk<'_>>>> {
        let level = self.level(variable, 0)?;
        let superchunks = level.array.superchunks()?;
        Ok(superchunks
            .into_iter()
            .flat_map(move |s| level.stored_chunks(&s)))
    }

    /// Any one chunk of level 0 that is stored; `None` if the variable is empty.
    ///
    /// # Errors
    /// If the store cannot be listed or the superchunk found cannot be read.
    pub fn find_chunk(&self, variable: &str) -> Result<Option<Chunk<'_>>> {
        let level = self.level(variable, 0)?;
        let found = level.array.find_superchunk()?;
        found
            .and_then(|s| level.stored_chunks(&s).next())
            .transpose()
    }
}

impl<'a> Level<'a> {
    fn new(
        datastore: &'a Datastore,
        member: &'a Member,
        aggregator: Option<Aggregator>,
        number: usize,
    ) -> Result<Self> {
        Ok(Self {
            datastore,
            member,
            aggregator,
            number,
            array: member.array(aggregator, number)?,
        })
    }

    /// The array.
    #[must_use]
    pub fn array(&self) -> &'a Array {
        self.array
    }

    /// Its number; 0 is the base.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The elements of `region` as values.
    ///
    /// # Errors
    /// As [`Array::read_values`].
    pub fn read_values<T: Element>(&self, region: &Region) -> Result<Vec<T>> {
        self.array.read_values(region)
    }

    /// The elements of chunk `index`.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk) and [`Chunk::data`].
    pub fn read_chunk(&self, index: &[u64]) -> Result<ChunkData> {
        self.chunk(index)?.data()
    }

    /// Number of chunks in each dimension.
    #[must_use]
    pub fn grid(&self) -> Vec<u64> {
        Region::whole(self.array.shape())
            .cells(self.array.layout().chunk())
            .shape
    }

    /// The chunk with this index.
    ///
    /// # Errors
    /// [`Error::Caller`] if it lies outside the level.
    pub fn chunk(&self, index: &[u64]) -> Result<Chunk<'a>> {
        let grid = self.grid();
        if index.len() != grid.len() || index.iter().zip(&grid).any(|(i, n)| i >= n) {
            let what = format!("chunk {index:?} lies outside its {grid:?} chunks");
            return Err(Error::caller(self.array.place(), what));
        }
        Ok(Chunk {
            level: *self,
            index: index.to_vec(),
        })
    }

    /// The chunks that touch `region`.
    pub fn chunks(&self, region: &Region) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let level = *self;
        let inside = region.intersect(&Region::whole(self.array.shape()));
        let cells = inside.map(|r| r.cells(self.array.layout().chunk()));
        let chunk = move |index| Chunk { level, index };
        cells.into_iter().flat_map(|c| c.indices()).map(chunk)
    }

    /// The chunks of a superchunk that are stored.
    fn stored_chunks(
        self,
        superchunk: &[u64],
    ) -> impl Iterator<Item = Result<Chunk<'a>>> + use<'a> {
        let region = Region::of_cell(superchunk, self.array.layout().superchunk());
        self.chunks(&region)
            .filter_map(|chunk| match chunk.exists() {
                Ok(exists) => exists.then_some(Ok(chunk)),
                Err(e) => Some(Err(e)),
            })
    }

    fn at(&self, number: usize) -> Result<Self> {
        Self::new(self.datastore, self.member, self.aggregator, number)
    }
}

impl<'a> Chunk<'a> {
    /// Its level.
    #[must_use]
    pub fn level(&self) -> Level<'a> {
        self.level
    }

    /// Its variable.
    #[must_use]
    pub fn member(&self) -> &'a Member {
        self.level.member
    }

    /// Its index in the grid of chunks of its level.
    #[must_use]
    pub fn index(&self) -> &[u64] {
        &self.index
    }

    /// The region of its level that it covers.
    #[must_use]
    pub fn region(&self) -> Region {
        let cell = Region::of_cell(&self.index, self.level.array.layout().chunk());
        let inside = cell.intersect(&Region::whole(self.level.array.shape()));
        inside.unwrap_or_else(|| Region::new(cell.start, vec![0; cell.shape.len()]))
    }

    /// Whether any of its blocks is stored.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn exists(&self) -> Result<bool> {
        for block in self
            .region()
            .cells(self.level.array.layout().block())
            .indices()
        {
            if self.level.array.contains_block(&block)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its elements.
    ///
    /// # Errors
    /// As [`Array::read`].
    pub fn data(&self) -> Result<ChunkData> {
        let region = self.region();
        let bytes = self.level.array.read(&region)?;
        Ok(ChunkData { region, bytes })
    }

    /// Replaces its elements; `bytes` fill [`region`](Self::region).
    ///
    /// # Errors
    /// [`Error::Caller`] above level 0, or if `bytes` has not the right size.
    pub fn put(&self, bytes: &[u8]) -> Result<()> {
        if self.level.number > 0 {
            let what = format!(
                "level {} is made by aggregation and cannot be written; write level 0 and refresh. \
                 To change only coarse cells, clear the base below them and write it anew",
                self.level.number
            );
            return Err(Error::caller(self.level.array.place(), what));
        }
        let name = &self.level.member.variable().name;
        self.level.datastore.write(name, &self.region(), bytes)
    }

    /// Attributes that users gave to this chunk; empty if none.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn meta(&self) -> Result<Map<String, Value>> {
        let store = self.level.datastore.store();
        let key = self.meta_key();
        let Some(bytes) = block_on(store.get(&key))? else {
            return Ok(Map::new());
        };
        serde_json::from_slice(&bytes)
            .map_err(|e| Error::data(store.place(&key), format!("not a JSON object: {e}")))
    }

    /// Replaces the attributes of this chunk.
    ///
    /// # Errors
    /// [`Error::Caller`] above level 0, or if the store refuses.
    pub fn put_meta(&self, meta: &Map<String, Value>) -> Result<()> {
        if self.level.number > 0 {
            let what = "attributes belong to the chunks of level 0";
            return Err(Error::caller(self.level.array.place(), what));
        }
        let text = Value::Object(meta.clone()).to_string();
        block_on(
            self.level
                .datastore
                .store()
                .put(&self.meta_key(), text.into()),
        )
    }

    fn meta_key(&self) -> String {
        let index: Vec<String> = self.index.iter().map(u64::to_string).collect();
        format!(
            "__ziggurat/meta/{}/{}.json",
            self.level.array.path(),
            index.join(".")
        )
    }

    /// The chunk of the next coarser level that stands for it; `None` at the top.
    ///
    /// # Errors
    /// If the level cannot be found.
    pub fn parent(&self) -> Result<Option<Self>> {
        if self.level.number >= self.level.datastore.levels() {
            return Ok(None);
        }
        let level = self.level.at(self.level.number + 1)?;
        let index: Vec<u64> = self
            .index
            .iter()
            .zip(self.level.member.factors())
            .map(|(i, f)| i / f)
            .collect();
        level.chunk(&index).map(Some)
    }

    /// The chunks of the next finer level that it stands for; none at level 0.
    ///
    /// # Errors
    /// If the level cannot be found.
    pub fn children(&self) -> Result<Vec<Self>> {
        if self.level.number == 0 {
            return Ok(Vec::new());
        }
        let level = self.level.at(self.level.number - 1)?;
        let below = Region::of_cell(&self.index, self.level.member.factors());
        let inside = below.intersect(&Region::whole(&level.grid()));
        inside
            .iter()
            .flat_map(Region::indices)
            .map(|index| level.chunk(&index))
            .collect()
    }

    /// The other children of its parent; none at the top.
    ///
    /// # Errors
    /// If a level cannot be found.
    pub fn siblings(&self) -> Result<Vec<Self>> {
        let Some(parent) = self.parent()? else {
            return Ok(Vec::new());
        };
        let mut children = parent.children()?;
        children.retain(|child| child.index != self.index);
        Ok(children)
    }
}
