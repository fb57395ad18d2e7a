//! Reading: selection -> (superchunk, block) -> byte ranges -> fetch -> decode into the output.
//!
//! `docs/design/008-reading.md` says what was measured and why it is so.

mod fetch;
mod local;
mod output;
mod plan;
mod remote;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use self::output::Output;
pub(crate) use self::plan::{Plan, Wanted};
use super::Array;
use crate::exec::block_on;
use crate::memory::{with_bytes, zeroed};
use crate::{Element, Error, Region, Result};

/// Largest result of one read: 16 GiB. What a request asks beyond that is not allocated.
const LARGEST_READ: u64 = 16 << 30;

/// Reads that decode less than this run on the calling thread: waking others costs more.
const SMALL: usize = 1 << 20;

impl Array {
    /// The elements of `region`.
    ///
    /// # Errors
    /// [`Error::Caller`] if `region` is not within the array, [`Error::Limit`] if it is larger than
    /// 16 GiB, [`Error::Data`] if a superchunk is damaged.
    pub fn read(&self, region: &Region) -> Result<Vec<u8>> {
        self.check(region)?;
        let mut out = zeroed(self.output_size(region.len())?);
        self.run(&wanted(region), &mut out, true)?;
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
        self.run(&wanted(region), out, false)
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

    /// Reads what is `wanted` of each dimension into `out`, which may be `zeroed` already.
    fn run(&self, wanted: &[Wanted<'_>], out: &mut [u8], zeroed: bool) -> Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let plan = Plan::new(self, wanted);
        let threads = match plan.blocks().saturating_mul(self.codec.decoded_size()) < SMALL {
            true => 1,
            false => rayon::current_num_threads(),
        };
        let reading = Reading {
            place: self.place(),
            blank: AtomicBool::new(zeroed && self.metadata.fill.iter().all(|b| *b == 0)),
            fill: OnceLock::new(),
            output: Output::new(&plan, out, threads),
            plan: &plan,
        };
        match self.store.local() {
            Some(store) => reading.run_local(store),
            None => reading.run_remote(),
        }
    }

    /// The elements of `region` as values.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Caller`] if the array has another element type.
    pub fn read_values<T: Element>(&self, region: &Region) -> Result<Vec<T>> {
        if T::TYPE != self.element() {
            let what = format!("its elements are {}, not {}", self.element(), T::TYPE);
            return Err(Error::caller(self.place(), what));
        }
        self.check(region)?;
        let size = self.output_size(region.len())?;
        let mut values = zeroed(size / size_of::<T>());
        self.run(&wanted(region), bytemuck::cast_slice_mut(&mut values), true)?;
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
        let shape: Vec<usize> = region
            .shape
            .iter()
            .map(|&s| usize::try_from(s).unwrap_or(usize::MAX))
            .collect();
        ndarray::ArrayD::from_shape_vec(shape, self.read_values(region)?)
            .map_err(|e| Error::other(self.place(), "cannot shape the elements", e))
    }

    /// Decodes block `index` whole into `out`, or returns `false` if it is absent (all fill).
    ///
    /// A block at the edge has its full size; what lies outside the array is without meaning.
    ///
    /// # Errors
    /// [`Error::Data`] if the superchunk is damaged.
    pub fn read_block_into(&self, index: &[u64], out: &mut [u8]) -> Result<bool> {
        let (superchunk, _) = self.layout().locate(index);
        match block_on(self.fetch(&superchunk, &[index.to_vec()]))?.pop() {
            None => Ok(false),
            Some((_, bytes)) => {
                self.codec.decode_into(&self.place(), &bytes, out)?;
                Ok(true)
            }
        }
    }

    /// Whether block `index` is stored, that is, holds anything but the fill value.
    ///
    /// # Errors
    /// If the shard index cannot be read.
    pub fn contains_block(&self, index: &[u64]) -> Result<bool> {
        let (superchunk, position) = self.layout().locate(index);
        let state = block_on(self.look(&superchunk))?;
        Ok(state.index.get(position).is_some())
    }
}

/// What a region asks along each dimension.
fn wanted(region: &Region) -> Vec<Wanted<'static>> {
    let dims = region.start.iter().zip(&region.shape);
    dims.map(|(&start, &count)| Wanted::Range {
        start,
        count,
        step: 1,
    })
    .collect()
}

/// A plan that is being carried out.
#[derive(Debug)]
struct Reading<'a, 'o> {
    plan: &'a Plan<'a>,
    output: Output<'o>,
    /// Whether the output holds the fill value wherever nothing was put.
    blank: AtomicBool,
    /// A block of the fill value.
    fill: OnceLock<Vec<u8>>,
    /// The array, for messages.
    place: String,
}

impl Reading<'_, '_> {
    /// Puts a block that is stored as `encoded` into the output.
    fn place_encoded(&self, cells: &[usize], encoded: &[u8]) -> Result<()> {
        let codec = self.plan.array.codec();
        let decode = |out: &mut [u8]| codec.decode_into(&self.place, encoded, out);
        if let Some(done) = self.output.directly(self.plan, cells, decode) {
            return done;
        }
        with_bytes(codec.decoded_size(), |block| {
            decode(block)?;
            self.output.place(self.plan, cells, block);
            Ok(())
        })
    }

    /// Puts a block that is not stored into the output.
    fn place_fill(&self, cells: &[usize]) {
        if !self.blank.load(Ordering::Relaxed) {
            let fill = self
                .fill
                .get_or_init(|| self.plan.array.codec().fill_block());
            self.output.place(self.plan, cells, fill);
        }
    }

    /// What was put so far is of an old version: nothing can be taken for blank any more.
    fn start_again(&self) {
        self.blank.store(false, Ordering::Relaxed);
    }
}
