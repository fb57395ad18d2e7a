//! The change of one superchunk.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use rayon::prelude::*;

use super::stream::Stream;
use super::turns::pause;
use super::{Lanes, Source};
use crate::array::commit::Changes;
use crate::array::state::{ATTEMPTS, State};
use crate::exec::block_on;
use crate::shard::ShardIndex;
use crate::store::Expected;
use crate::store::Version;
use crate::{Array, Result};

impl Array {
    /// Replaces the blocks `touched` of a superchunk by those of `source`.
    pub(crate) fn update(
        &self,
        superchunk: &[u64],
        touched: Vec<Vec<u64>>,
        source: &impl Source,
        lanes: &mut Lanes,
    ) -> Result<()> {
        let replaces = |index: &Vec<u64>| source.replaces(index);
        let whole = touched.len() == self.layout().block_count() && touched.iter().all(replaces);
        if whole && !self.is_fenced() {
            self.stream(superchunk, touched, source, lanes, &Expected::Any)?;
            return Ok(());
        }
        {
            let _turn = self.turns.take(superchunk);
            let seen = block_on(self.look(superchunk))?;
            if seen.version.is_none() {
                let blocks = touched.clone();
                if self.stream(superchunk, blocks, source, lanes, &Expected::Absent)? {
                    return Ok(());
                }
            }
        }
        self.merge(superchunk, &touched, source)
    }

    /// Puts a superchunk of `blocks` alone, batch by batch.
    ///
    /// Returns `false`, having changed nothing, if what is stored is not as `expected`.
    fn stream(
        &self,
        superchunk: &[u64],
        mut blocks: Vec<Vec<u64>>,
        source: &impl Source,
        lanes: &mut Lanes,
        expected: &Expected,
    ) -> Result<bool> {
        if blocks.len() > 1 {
            let wanted: HashSet<Vec<u64>> = blocks.into_iter().collect();
            blocks = self.layout().blocks_in_write_order(superchunk);
            blocks.retain(|index| wanted.contains(index));
        }
        let mut stream = Stream::new(self, superchunk);
        for batch in blocks.chunks(lanes.batch(self.codec.decoded_size())) {
            lanes.encode(batch, source)?;
            stream.write(batch, lanes)?;
        }
        stream.finish(expected)
    }

    /// Replaces the blocks `touched` of a superchunk and keeps the others as they are.
    fn merge(&self, superchunk: &[u64], touched: &[Vec<u64>], source: &impl Source) -> Result<()> {
        let (whole, partial): (Vec<_>, Vec<_>) = touched
            .iter()
            .cloned()
            .partition(|index| source.replaces(index));
        let whole = self.encode_all(&whole, &HashMap::new(), source)?;
        self.change(superchunk, |seen| {
            let Some((mut changes, others)) = self.grow(superchunk, seen, &partial, source)? else {
                return Ok(None);
            };
            let Some(old) = block_on(self.fetch_seen(superchunk, seen, &others))? else {
                return Ok(None);
            };
            let old = old.into_iter().collect();
            changes.extend(self.encode_all(&others, &old, source)?);
            changes.extend(whole.iter().cloned());
            Ok(Some(changes))
        })?;
        Ok(())
    }

    /// The encodings of `blocks`, of which `old` holds those that are stored.
    fn encode_all(
        &self,
        blocks: &[Vec<u64>],
        old: &HashMap<Vec<u64>, Bytes>,
        source: &impl Source,
    ) -> Result<Changes> {
        let encode = |(scratch, out): &mut (Vec<u8>, Vec<u8>), index: &Vec<u64>| {
            let old = old.get(index).map(|bytes| &bytes[..]);
            out.clear();
            let any = source.encode(index, old, scratch, out)?;
            let encoded = any.then(|| Bytes::copy_from_slice(out).into());
            Ok((self.layout().locate(index).1, encoded))
        };
        match blocks {
            [index] => Ok(vec![encode(&mut Default::default(), index)?]),
            _ => blocks
                .par_iter()
                .map_init(Default::default, encode)
                .collect(),
        }
    }

    /// Commits the changes that `make` makes for the state it is shown; again, if it was outdated.
    ///
    /// `make` returns `None` if it found that itself. What changes nothing is not written. Returns how
    /// many blocks were changed.
    pub(in crate::array) fn change(
        &self,
        superchunk: &[u64],
        mut make: impl FnMut(&State) -> Result<Option<Changes>>,
    ) -> Result<usize> {
        let _turn = self.turns.take(superchunk);
        for attempt in 0..ATTEMPTS {
            pause(attempt);
            let seen = block_on(self.look(superchunk))?;
            if let Some(mut changes) = make(&seen)? {
                changes.retain(|(i, block)| block.is_some() || seen.index.get(*i).is_some());
                let count = changes.len();
                let done = match count {
                    0 if self.is_framed() => self.reframe_seen(superchunk, &seen)?,
                    0 => self.is_as_seen(superchunk, &seen)?,
                    _ => self.commit(superchunk, &seen, changes)?,
                };
                if done {
                    return Ok(count);
                }
            }
            self.forget(superchunk);
        }
        Err(self.restless(superchunk))
    }

    pub(in crate::array) fn is_as_seen(&self, superchunk: &[u64], seen: &State) -> Result<bool> {
        let key = self.superchunk_key(superchunk);
        Ok(block_on(self.store.version(&key))? == seen.version)
    }

    /// Remembers how a superchunk was put.
    pub(in crate::array) fn remember(
        &self,
        superchunk: &[u64],
        version: Option<Version>,
        index: ShardIndex,
    ) {
        let index = index.into();
        self.states.remember(superchunk, State { version, index });
    }

    /// Forgets what is known of a superchunk, as it is replaced.
    pub(crate) fn forget(&self, superchunk: &[u64]) {
        self.states.forget(superchunk);
    }
}
