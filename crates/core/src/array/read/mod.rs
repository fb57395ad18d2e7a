//! Reading: selection -> (superchunk, block) -> byte ranges -> fetch -> decode into the output.
//!
//! `docs/design/008-reading.md` says what was measured and why it is so.

mod fetch;
mod local;
mod output;
mod parts;
mod plan;
mod points;
mod remote;
mod select;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use self::output::Output;
use self::parts::Parts;
use self::plan::Plan;
pub(crate) use self::plan::Wanted;
pub use self::select::Selected;
use super::Array;
use crate::codec::{Parted, extension, scratch::with_bytes};
use crate::exec::block_on;
use crate::memory::zeroed;
use crate::store::Version;
use crate::{Element, Error, Region, Result};

/// Largest result of one read: 16 GiB. What a request asks beyond that is not allocated.
const LARGEST_READ: u64 = 16 << 30;

impl Array {
    /// The elements of `region`.
    ///
    /// # Errors
    /// [`Error::Caller`] if `region` is not within the array, [`Error::Limit`] if it is larger than
    /// 16 GiB, [`Error::Data`] if a superchunk is damaged.
    pub fn read(&self, region: &Region) -> Result<Vec<u8>> {
        self.check(region)?;
        let mut out = zeroed(self.output_size(region.len())?);
        self.run(|| self.plan_of(region), &mut out, true)?;
        Ok(out)
    }

    /// Reads the elements of `region` into `out`, all of which is replaced.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Caller`] if `out` has not the size of the elements.
    pub fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        self.check(region)?;
        let need = self.output_size(region.len())?;
        if out.len() != need {
            let what = format!("{} bytes given for {region}, which takes {need}", out.len());
            return Err(Error::caller(self.place(), what));
        }
        self.run(|| self.plan_of(region), out, false).map(drop)
    }

    fn plan_of(&self, region: &Region) -> Plan<'_> {
        let dims = region.start.iter().zip(&region.shape);
        let wanted = dims.map(|(&start, &count)| Wanted::Range {
            start,
            count,
            step: 1,
        });
        Plan::new(self, &wanted.collect::<Vec<_>>())
    }

    /// Bytes of `count` elements, if a read may return as many.
    fn output_size(&self, count: u64) -> Result<usize> {
        let bytes = count.saturating_mul(self.element().size() as u64);
        let size = usize::try_from(bytes)
            .ok()
            .filter(|_| bytes <= LARGEST_READ);
        size.ok_or_else(|| {
            let what = format!("{bytes} bytes asked at once, more than 16 GiB; read in parts");
            Error::limit(self.place(), what)
        })
    }

    /// Reads what is planned into `out`, and tells whether any of it is stored.
    ///
    /// If `out` is `blank`, the value zero is not written again where nothing is stored.
    fn run<'a>(
        &'a self,
        plan: impl FnOnce() -> Plan<'a>,
        out: &mut [u8],
        blank: bool,
    ) -> Result<bool> {
        if out.is_empty() {
            return Ok(false);
        }
        let plan = plan();
        let work = plan.blocks().saturating_mul(self.codec.decoded_size());
        let threads = match work < self.options.serial {
            true => 1,
            false => rayon::current_num_threads(),
        };
        let concurrency = self.options.concurrency;
        let reading = Reading {
            place: self.place(),
            blank: AtomicBool::new(blank && self.metadata.fill.iter().all(|b| *b == 0)),
            stored: AtomicBool::new(false),
            fill: OnceLock::new(),
            output: Output::new(&plan, out, threads),
            // What is cached are whole blocks.
            parted: match self.cache {
                None => self.codec.parted(),
                Some(_) => None,
            },
            plan: &plan,
            requests: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
        };
        match self.store.local() {
            Some(store) => reading.run_local(store)?,
            None => reading.run_remote()?,
        }
        Ok(reading.stored.into_inner())
    }

    /// The elements of `region` as values.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Caller`] if the array has another element type.
    pub fn read_values<T: Element>(&self, region: &Region) -> Result<Vec<T>> {
        self.check_type::<T>()?;
        self.check(region)?;
        let size = self.output_size(region.len())?;
        let mut values = zeroed(size / size_of::<T>());
        self.run(
            || self.plan_of(region),
            bytemuck::cast_slice_mut(&mut values),
            true,
        )?;
        Ok(values)
    }

    /// The elements of `region` as an `ndarray`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, layout::Layout, store::ObjectBackend};
    /// let layout = Layout::unsharded(&[2, 2])?;
    /// let metadata = ArrayMetadata::new(&[2, 3], ElementType::Int16, &[0; 2], layout, &"none".parse()?);
    /// let array = Array::create(Arc::new(ObjectBackend::memory()), "a", metadata)?;
    /// array.write(&Region::new([1, 1], [1, 1]), &7i16.to_ne_bytes())?;
    /// let values = array.read_ndarray::<i16>(&Region::whole(&[2, 3]))?;
    /// assert_eq!(values, ndarray::array![[0, 0, 0], [0, 7, 0]].into_dyn());
    /// # Ok::<(), ziggurat_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_values`](Self::read_values).
    pub fn read_ndarray<T: Element>(&self, region: &Region) -> Result<ndarray::ArrayD<T>> {
        self.shaped(&region.shape, self.read_values(region)?)
    }

    /// Decodes block `index` whole into `out`, or returns `false` if it is absent (all fill).
    ///
    /// A block at the edge has its full size; what lies outside the array is without meaning.
    ///
    /// # Errors
    /// [`Error::Data`] if the superchunk is damaged.
    pub fn read_block_into(&self, index: &[u64], out: &mut [u8]) -> Result<bool> {
        if out.len() != self.codec.decoded_size() {
            let what = format!(
                "a block takes {} bytes, not {}",
                self.codec.decoded_size(),
                out.len()
            );
            return Err(Error::caller(self.place(), what));
        }
        let cell = Region::of_cell(index, self.layout().block());
        self.run(|| self.plan_of(&cell), out, true)
    }

    /// Whether block `index` is stored, that is, holds anything but the fill value.
    ///
    /// # Errors
    /// If the shard index cannot be read.
    pub fn contains_block(&self, index: &[u64]) -> Result<bool> {
        let (superchunk, position) = self.layout().locate(index);
        if let Some(store) = self.store.local() {
            let found = self.open_local(store, &superchunk)?;
            return Ok(found.is_some_and(|(_, index)| index.get(position).is_some()));
        }
        let (mut state, trusted) = block_on(self.look_trusted(&superchunk))?;
        if !trusted {
            self.states.forget(&superchunk);
            state = block_on(self.look(&superchunk))?;
        }
        Ok(state.index.get(position).is_some())
    }
}

/// A plan that is being carried out.
#[derive(Debug)]
struct Reading<'a, 'o> {
    plan: &'a Plan<'a>,
    output: Output<'o>,
    /// How parts of blocks are decoded alone, if they are.
    parted: Option<&'a dyn Parted>,
    /// Bounds the requests that wait for an answer.
    requests: Semaphore,
    /// Whether the output holds the fill value wherever nothing was put.
    blank: AtomicBool,
    /// Whether any block was stored.
    stored: AtomicBool,
    /// A block of the fill value.
    fill: OnceLock<Vec<u8>>,
    /// The array, for messages.
    place: String,
}

impl Reading<'_, '_> {
    /// Puts a block into the output if it is cached of this version of its superchunk.
    fn place_cached(&self, cells: &[usize], version: &Version) -> bool {
        let array = self.plan.array;
        let cached = array.cache.as_ref();
        let cached = cached.and_then(|cache| cache.get(&self.plan.block_index(cells), version));
        if let Some(block) = &cached {
            self.stored.store(true, Ordering::Relaxed);
            self.output.place(self.plan, cells, block, 0);
        }
        cached.is_some()
    }

    /// Puts a block that is stored as `encoded`, or those `parts` of it, into the output; and into the
    /// cache if `version` says of which version it is.
    fn place_encoded(
        &self,
        cells: &[usize],
        encoded: &[u8],
        parts: Option<&Parts<'_>>,
        version: Option<&Version>,
    ) -> Result<()> {
        if let Some(parts) = parts {
            let located = parts.locate(&self.place, encoded, encoded.len() as u64)?;
            let pieces = extension::pieces(&*located, encoded);
            return self.place_parts(cells, located, &pieces);
        }
        self.stored.store(true, Ordering::Relaxed);
        let array = self.plan.array;
        let codec = array.codec();
        let decode = |out: &mut [u8]| codec.decode_into(&self.place, encoded, out);
        if let Some((cache, version)) = array.cache.as_ref().zip(version) {
            return with_bytes(codec.decoded_size(), |block| {
                decode(block)?;
                cache.put(self.plan.block_index(cells), version, block);
                self.output.place(self.plan, cells, block, 0);
                Ok(())
            });
        }
        if let Some(done) = self.output.directly(self.plan, cells, decode) {
            return done;
        }
        let span = self.output.span(self.plan, cells);
        with_bytes(span.len(), |part| {
            if span.len() == codec.decoded_size() {
                decode(part)?;
            } else {
                codec.decode_span(&self.place, encoded, span.clone(), part)?;
            }
            self.output.place(self.plan, cells, part, span.start);
            Ok(())
        })
    }

    /// Puts a block that is not stored into the output.
    fn place_fill(&self, cells: &[usize]) {
        if !self.blank.load(Ordering::Relaxed) {
            let fill = self
                .fill
                .get_or_init(|| self.plan.array.codec().fill_block());
            self.output.place(self.plan, cells, fill, 0);
        }
    }

    /// What was put so far is of an old version: nothing can be taken for blank any more.
    fn start_again(&self) {
        self.stored.store(false, Ordering::Relaxed);
        self.blank.store(false, Ordering::Relaxed);
    }
}
