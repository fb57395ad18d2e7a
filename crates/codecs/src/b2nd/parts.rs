//! The blocks of one encoded chunk that hold what is wanted of it.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use ziggurat_core::codec::{Located, Parted, scratch};
use ziggurat_core::region::{Window, copy};
use ziggurat_core::{Error, Region, Result};

use super::codec::{Codec, PLACE, to_usize};
use super::index::Index;

/// The blocks of an encoded chunk that hold wanted elements; if they refer to the first block of the chunk,
/// that is the first of them.
#[derive(Debug)]
pub struct Parts {
    codec: Codec,
    index: Index,
    /// What is wanted.
    region: Region,
    list: Vec<Part>,
    extents: Vec<Range<u64>>,
    /// The first block, decoded, if parts refer to it.
    first: Vec<u8>,
}

#[derive(Debug)]
struct Part {
    /// Position among the blocks of the chunk.
    block: usize,
    /// Where the block starts in the chunk.
    start: Vec<u64>,
    /// The elements that are wanted, in indices of the chunk; none if others refer to the block.
    wanted: Region,
}

impl Parts {
    /// The parts that hold `region`.
    pub(super) fn of_region(codec: &Codec, index: Index, region: &Region) -> Self {
        let cells = region.cells(codec.block());
        let parts = cells.indices().filter_map(|index| {
            let cell = Region::of_cell(&index, codec.block());
            Some(Part {
                block: codec.number(&index),
                wanted: cell.intersect(region)?,
                start: cell.start,
            })
        });
        let parts = parts.collect();
        Self::new(codec, index, region.clone(), parts)
    }

    fn new(codec: &Codec, index: Index, region: Region, mut list: Vec<Part>) -> Self {
        if index.needs_first() && list.first().is_some_and(|part| part.block > 0) {
            let origin = vec![0; codec.block().len()];
            let first = Part {
                block: 0,
                wanted: Region::new(origin.clone(), origin.clone()),
                start: origin,
            };
            list.insert(0, first);
        }
        let extents = list.iter().map(|part| index.extent(part.block)).collect();
        Self {
            codec: codec.clone(),
            index,
            region,
            list,
            extents,
            first: Vec::new(),
        }
    }

    /// The bytes of the chunk that each part takes; empty where its elements need none.
    #[must_use]
    pub fn extents(&self) -> &[Range<u64>] {
        &self.extents
    }

    /// Bytes of the encoded chunk, as its header says.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.index.length()
    }

    /// Decodes the parts, in parallel, from what is `stored` in the extent of each, into `out`, a C-order
    /// array of the wanted region.
    ///
    /// # Errors
    /// [`Error::Data`] if bytes are damaged; [`Error::Caller`] if `out` has another size.
    pub fn decode_into<'a>(
        &self,
        stored: impl Fn(usize) -> &'a [u8] + Sync,
        out: &mut [u8],
    ) -> Result<()> {
        let size = to_usize(self.region.len()).saturating_mul(self.codec.typesize);
        if out.len() != size {
            let what = format!("{} bytes for {}, which has {size}", out.len(), self.region);
            return Err(Error::caller(PLACE, what));
        }
        let (slabs, per) = self.slabs(out);
        let decode = |n: usize, first: Option<&[u8]>| {
            let fill = |block: &mut [u8]| match first {
                Some(first) if n == 0 => {
                    block.copy_from_slice(first);
                    Ok(())
                }
                _ => self
                    .index
                    .decode(self.list[n].block, stored(n), first, block),
            };
            self.put(n, &slabs[(n - self.skipped()) / per], fill)
        };
        let decode_all = |first: Option<&[u8]>| {
            let wanted = self.skipped()..self.list.len();
            match wanted.len() {
                0 | 1 => wanted.into_iter().try_for_each(|n| decode(n, first)),
                _ => wanted.into_par_iter().try_for_each(|n| decode(n, first)),
            }
        };
        if !self.index.needs_first() || self.list.len() < 2 {
            return decode_all(None);
        }
        scratch::with_bytes(self.codec.sizes.block, |first| {
            self.index.decode(0, stored(0), None, first)?;
            decode_all(Some(&*first))
        })
    }

    /// How many of the parts are only referred to.
    fn skipped(&self) -> usize {
        usize::from(self.list.first().is_some_and(|part| part.wanted.is_empty()))
    }

    /// Cuts `out`, an array of the wanted region, into runs of memory that parts fill, and says how many
    /// parts fill each.
    fn slabs<'a>(&self, out: &'a mut [u8]) -> (Vec<Slab<'a>>, usize) {
        let (codec, axis) = (&self.codec, self.codec.sizes.axis);
        let across = self.region.cells(codec.block()).shape.into_iter();
        let per = to_usize(across.skip(axis + 1).product()).max(1);
        let mut rest = out;
        let mut slabs = Vec::new();
        for part in self.list[self.skipped()..].iter().step_by(per) {
            let mut region = self.region.clone();
            for d in 0..region.rank().min(axis + 1) {
                region.start[d] = part.wanted.start[d];
                region.shape[d] = part.wanted.shape[d];
            }
            let length = to_usize(region.len()) * codec.typesize;
            let (bytes, others) = rest.split_at_mut(length);
            slabs.push(Slab {
                region,
                bytes: Mutex::new(bytes),
            });
            rest = others;
        }
        (slabs, per)
    }

    /// Puts part `n` into its slab; `fill` decodes it. It is decoded there if all of it is wanted and alone
    /// fills the slab.
    fn put(
        &self,
        n: usize,
        slab: &Slab<'_>,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let (codec, size) = (&self.codec, self.codec.sizes.block);
        let whole = self.list[n].wanted.shape == codec.block();
        if whole && slab.region.shape == self.list[n].wanted.shape {
            let mut bytes = slab.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            fill(&mut bytes)?;
            codec.swap(&mut bytes);
            return Ok(());
        }
        scratch::with_bytes(size, |block| {
            fill(block)?;
            codec.swap(block);
            let mut bytes = slab.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            self.place(n, block, &slab.region, &mut bytes);
            Ok(())
        })
    }

    /// Copies what is wanted of part `n` from its decoded `block` to `out`, an array of a region of the chunk.
    fn place(&self, n: usize, block: &[u8], region: &Region, out: &mut [u8]) {
        let part = &self.list[n];
        if part.wanted.is_empty() {
            return;
        }
        let from = part.wanted.relative_to(&part.start).start;
        let to = part.wanted.relative_to(&region.start).start;
        let from = Window {
            shape: self.codec.block(),
            start: &from,
        };
        let to = Window {
            shape: &region.shape,
            start: &to,
        };
        copy(
            &part.wanted.shape,
            self.codec.typesize,
            block,
            from,
            out,
            to,
        );
    }
}

/// A run of the output that the same parts fill.
struct Slab<'a> {
    /// What of the chunk it holds.
    region: Region,
    /// Locked to copy a block there, which takes little of the time in which one is decoded.
    bytes: Mutex<&'a mut [u8]>,
}

impl Parted for Codec {
    fn shape(&self) -> &[u64] {
        self.block()
    }

    fn front(&self) -> usize {
        self.front()
    }

    fn locate(&self, front: &[u8], length: u64, wanted: &[Region]) -> Result<Box<dyn Located>> {
        let index = Index::parse(self, front)?;
        index.check_length(length)?;
        let whole = Region::whole(self.chunk());
        let parts = wanted.iter().map(|wanted| {
            let cells = wanted.cells(self.block());
            if !whole.contains(wanted) || cells.len() != 1 {
                let what = format!("{wanted} is not within one block of {:?}", self.block());
                return Err(Error::caller(PLACE, what));
            }
            Ok(Part {
                block: self.number(&cells.start),
                start: Region::of_cell(&cells.start, self.block()).start,
                wanted: wanted.clone(),
            })
        });
        let parts = parts.collect::<Result<_>>()?;
        Ok(Box::new(Parts::new(self, index, whole, parts)))
    }
}

impl Located for Parts {
    fn extents(&self) -> &[Range<u64>] {
        self.extents()
    }

    fn decode(&mut self, n: usize, bytes: &[u8], within: &Region, out: &mut [u8]) -> Result<()> {
        let size = to_usize(within.len()).saturating_mul(self.codec.typesize);
        let wanted = self.list.get(n).map(|part| &part.wanted);
        let fits = wanted.is_some_and(|wanted| wanted.is_empty() || within.contains(wanted));
        if !fits || out.len() != size {
            let (bytes, parts) = (out.len(), self.list.len());
            let what = format!("part {n} of {parts} into {bytes} bytes for {within}");
            return Err(Error::caller(PLACE, what));
        }
        scratch::with_bytes(self.codec.sizes.block, |decoded| {
            let number = self.list[n].block;
            let first = (number > 0).then_some(&self.first[..]);
            self.index.decode(number, bytes, first, decoded)?;
            if number == 0 && self.index.needs_first() && self.list.len() > 1 {
                self.first = decoded.to_vec();
            }
            self.codec.swap(decoded);
            self.place(n, decoded, within, out);
            Ok(())
        })
    }
}
