//! A writer that turns many small writes into few writes of superchunks.

mod block;
mod buffer;
mod put;
mod sync;

use std::collections::BTreeSet;

use rayon::prelude::*;

use self::buffer::Buffer;
use crate::array::Lanes;
use crate::{Array, Error, Region, Result};

/// How a [`Writer`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterOptions {
    /// About how many bytes it holds before it puts superchunks out.
    pub bytes: usize,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { bytes: 256 << 20 }
    }
}

/// Holds what is written to an array, and puts each superchunk into the store once, when it is complete.
///
/// Blocks that are complete are encoded while others are still to come. When more is held than
/// [`WriterOptions::bytes`], the superchunk that was not written to for the longest time goes out before
/// it is complete. [`read`](Self::read) sees what is held; other handles and other processes see it when it
/// went out, at the latest after [`flush`](Self::flush).
///
/// The new length after [`append`](Self::append) is committed before elements beyond the old one go out, and
/// nothing else is written to the document. One writer appends to an array at a time: if another process
/// changes the shape meanwhile, the next flush fails with [`Error::Conflict`] and nothing of either is
/// overwritten. Processes that append side by side use [`Array::append`].
///
/// An error of the store leaves what is held as it is: make room, or what else it asks for, and call
/// [`flush`](Self::flush) again. Dropping a writer flushes it, but nobody hears of an error then.
///
/// ```
/// # use std::sync::Arc;
/// use ziggurat_core::{Array, ArrayMetadata, ElementType, Region, WriterOptions, layout::Layout, store::ObjectBackend};
///
/// let layout = Layout::sharded(&[16, 2], &[8, 2], &[4, 2])?;
/// let metadata = ArrayMetadata::new(&[0, 2], ElementType::UInt8, &[0], layout, &"zstd:3".parse()?);
/// let store = Arc::new(ObjectBackend::memory());
/// let mut writer = Array::create(store.clone(), "a", metadata)?.writer(WriterOptions::default());
/// for i in 0..20 {
///     writer.append(0, &[i, i + 100])?;
/// }
/// writer.flush()?;
/// let array = Array::open(store, "a")?;
/// assert_eq!(array.shape(), [20, 2]);
/// assert_eq!(array.read(&Region::new([18, 0], [2, 2]))?, [18, 118, 19, 119]);
/// # Ok::<(), ziggurat_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    array: Array,
    options: WriterOptions,
    buffer: Buffer,
    /// The shape in the document.
    stored: Vec<u64>,
    /// Keys that were written and may be lost in a power failure.
    unsynced: BTreeSet<String>,
}

impl Array {
    /// A writer that holds what it is given; see [`Writer`].
    #[must_use]
    pub fn writer(self, options: WriterOptions) -> Writer {
        Writer {
            stored: self.shape().to_vec(),
            buffer: Buffer::new(self.shape().len()),
            array: self,
            options,
            unsynced: BTreeSet::new(),
        }
    }
}

impl Writer {
    /// The array, with the shape that it has once all is written.
    #[must_use]
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// Replaces the elements of `region` by `bytes`.
    ///
    /// # Errors
    /// As [`Array::write`]. If superchunks had to go out and could not, nothing was taken.
    pub fn write(&mut self, region: &Region, bytes: &[u8]) -> Result<()> {
        self.array.check_bytes(region, bytes)?;
        if bytes.len() > self.options.bytes {
            self.flush()?;
            self.array.write(region, bytes)?;
            self.note(region);
            return Ok(());
        }
        self.settle()?;
        self.buffer.take(&self.array, region, bytes)
    }

    /// Appends `bytes` along `dimension`, and returns the region that they took.
    ///
    /// # Errors
    /// As [`Array::append`]. If superchunks had to go out and could not, nothing was taken.
    pub fn append(&mut self, dimension: usize, bytes: &[u8]) -> Result<Region> {
        if bytes.len() > self.options.bytes {
            self.flush()?;
            let region = self.array.append(dimension, bytes)?;
            self.stored = self.array.shape().to_vec();
            self.note(&region);
            return Ok(region);
        }
        let count = self.array.slices(dimension, bytes)?;
        self.settle()?;
        let mut shape = self.array.shape().to_vec();
        let mut region = Region::whole(&shape);
        region.start[dimension] = shape[dimension];
        region.shape[dimension] = count;
        shape[dimension] = self.array.longer(shape[dimension], count)?;
        self.array.set_shape(shape);
        self.buffer.grows_along(dimension);
        self.buffer.take(&self.array, &region, bytes)?;
        Ok(region)
    }

    /// The elements of `region`, with what is held.
    ///
    /// # Errors
    /// As [`Array::read`].
    pub fn read(&self, region: &Region) -> Result<Vec<u8>> {
        let mut out = self.array.read(region)?;
        self.buffer.overlay(&self.array, region, &mut out)?;
        Ok(out)
    }

    /// Puts all that is held into the store, each superchunk once; then others see it.
    ///
    /// # Errors
    /// If the store refuses; then what did not go out is still held.
    pub fn flush(&mut self) -> Result<()> {
        self.publish()?;
        self.put_out(&self.buffer.superchunks())
    }

    /// As [`flush`](Self::flush), and waits until what was written survives a power failure.
    ///
    /// # Errors
    /// If the store refuses.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        sync::objects(&**self.array.store(), &self.unsynced)?;
        self.unsynced.clear();
        Ok(())
    }

    /// Puts out what is complete, and as much more as is needed to hold no more than may be held.
    fn settle(&mut self) -> Result<()> {
        self.buffer.encode(&self.array, self.options.bytes / 16)?;
        let complete = self.buffer.complete(&self.array);
        self.put_out(&complete)?;
        while self.buffer.held() > self.options.bytes {
            self.buffer.encode(&self.array, 0)?;
            match self.buffer.oldest() {
                Some(oldest) if self.buffer.held() > self.options.bytes => {
                    self.put_out(&[oldest])?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Commits the shape, before anything beyond the stored one is written.
    fn publish(&mut self) -> Result<()> {
        let (shape, stored) = (self.array.shape(), &self.stored);
        if shape != stored {
            self.stored = self.array.commit_shape(|seen| {
                if seen == stored {
                    return Ok(shape.to_vec());
                }
                let what = format!(
                    "another process changed its shape to {seen:?} while a writer appended; what it \
                     holds cannot be written there"
                );
                Err(Error::conflict(self.array.place(), what))
            })?;
            self.unsynced.insert(self.array.document_key());
        }
        Ok(())
    }

    fn put_out(&mut self, superchunks: &[Vec<u64>]) -> Result<()> {
        if superchunks.is_empty() {
            return Ok(());
        }
        self.publish()?;
        let (array, buffer) = (&self.array, &self.buffer);
        let put = |lanes: &mut Lanes, superchunk: &Vec<u64>| {
            let held = buffer.get(superchunk);
            let done = held.map_or(Ok(()), |held| {
                put::superchunk(array, superchunk, held, lanes)
            });
            (superchunk.clone(), done)
        };
        let results: Vec<_> = if array.is_large() || superchunks.len() == 1 {
            let mut lanes = Lanes::of_all_threads();
            superchunks.iter().map(|s| put(&mut lanes, s)).collect()
        } else {
            superchunks
                .par_iter()
                .map_init(Lanes::of_this_thread, put)
                .collect()
        };
        let mut outcome = Ok(());
        for (superchunk, result) in results {
            match result {
                Ok(()) => {
                    self.buffer.release(&superchunk);
                    let key = self.array.superchunk_key(&superchunk);
                    self.unsynced.insert(key);
                }
                Err(e) => outcome = outcome.and(Err(e)),
            }
        }
        outcome
    }

    /// Remembers that a region was written without being held.
    fn note(&mut self, region: &Region) {
        let superchunks = region.cells(self.array.layout().superchunk());
        let keys = superchunks.indices().map(|s| self.array.superchunk_key(&s));
        self.unsynced.extend(keys);
        self.unsynced.insert(self.array.document_key());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // Who needs to know calls `flush`.
            let _ = self.flush();
        }
    }
}
