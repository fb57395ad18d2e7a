//! Blocks encoded by all threads, in memory that is used again.

use bytes::Bytes;
use rayon::prelude::*;

use super::Source;
use crate::Result;

/// Elements that a lane encodes before they are written, in bytes.
const BATCH: usize = 1 << 20;

/// Encoded blocks, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    scratch: Vec<u8>,
    encoded: Vec<u8>,
    lengths: Vec<Option<usize>>,
}

/// Lanes side by side: what they hold is in the order of the blocks they were given.
#[derive(Debug)]
pub(crate) struct Lanes(Vec<Lane>);

impl Lanes {
    /// Lanes for the threads of the pool.
    pub(crate) fn of_all_threads() -> Self {
        // Two for each thread, so that one that is slow does not leave the others idle.
        let lanes = rayon::current_num_threads() * 2;
        Self((0..lanes).map(|_| Lane::default()).collect())
    }

    /// One lane: the work of this thread alone.
    pub(crate) fn of_this_thread() -> Self {
        Self(vec![Lane::default()])
    }

    /// How many blocks of `size` bytes are encoded at a time.
    pub(super) fn batch(&self, size: usize) -> usize {
        self.0.len() * (BATCH / size.max(1)).max(1)
    }

    /// Encodes `blocks`, all of them whole.
    pub(super) fn encode(&mut self, blocks: &[Vec<u64>], source: &impl Source) -> Result<()> {
        let share = blocks.len().div_ceil(self.0.len()).max(1);
        let shares = blocks.chunks(share).chain(std::iter::repeat(&[][..]));
        let encode = |(lane, blocks): (&mut Lane, &[Vec<u64>])| lane.encode(blocks, source);
        match self.0.as_mut_slice() {
            [lane] => lane.encode(blocks, source),
            lanes => {
                let work: Vec<_> = lanes.iter_mut().zip(shares).collect();
                work.into_par_iter().try_for_each(encode)
            }
        }
    }

    /// The lengths of the encoded blocks; `None` where one is all fill.
    pub(super) fn lengths(&self) -> impl Iterator<Item = Option<usize>> {
        self.0.iter().flat_map(|lane| lane.lengths.iter().copied())
    }

    /// The encoded blocks, out of each lane.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        let lanes = self.0.iter_mut();
        lanes
            .map(|lane| std::mem::take(&mut lane.encoded).into())
            .collect()
    }

    /// The encoded blocks, each alone; `None` where one is all fill.
    pub(super) fn take_blocks(&mut self) -> impl Iterator<Item = Option<Bytes>> {
        self.0.iter_mut().flat_map(|lane| {
            let mut rest = Bytes::from(std::mem::take(&mut lane.encoded));
            let lengths = lane.lengths.iter();
            lengths.map(move |length| length.map(|length| rest.split_to(length)))
        })
    }

    /// Gives back what was [taken](Self::take): memory that nobody else holds is used again.
    pub(super) fn give_back(&mut self, parts: Vec<Bytes>) {
        for (lane, part) in self.0.iter_mut().zip(parts) {
            if part.is_unique() {
                lane.encoded = part.into();
            }
        }
    }
}

impl Lane {
    fn encode(&mut self, blocks: &[Vec<u64>], source: &impl Source) -> Result<()> {
        self.encoded.clear();
        self.lengths.clear();
        for index in blocks {
            let before = self.encoded.len();
            let any = source.encode(index, None, &mut self.scratch, &mut self.encoded)?;
            self.lengths.push(any.then(|| self.encoded.len() - before));
        }
        Ok(())
    }
}
