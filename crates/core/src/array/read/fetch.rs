//! Fetching encoded blocks from any store: the byte ranges of one superchunk, close ones together.

use std::ops::Range;

use bytes::Bytes;

use crate::array::state::{ATTEMPTS, State};
use crate::array::{Array, ReadOptions};
use crate::store::{ByteRange, Fetched};
use crate::{Error, Result};

/// A fetched, still encoded block: its index in the array and its bytes.
type Encoded = (Vec<u64>, Bytes);

/// Blocks, or parts of one, that are fetched by one request.
#[derive(Debug)]
pub(super) struct Span {
    offset: u64,
    end: u64,
    /// What the caller calls each block, where it begins in the span, and its length.
    blocks: Vec<(usize, usize, usize)>,
}

impl Span {
    /// A request for no bytes: whether the superchunk is still as it was.
    pub(super) fn nothing() -> Self {
        Self {
            offset: 0,
            end: 0,
            blocks: Vec::new(),
        }
    }

    /// Where it begins, and its length.
    pub(super) fn extent(&self) -> (u64, u64) {
        (self.offset, self.end - self.offset)
    }

    pub(super) fn range(&self) -> ByteRange {
        let (offset, length) = self.extent();
        ByteRange::Bounded { offset, length }
    }

    /// Where the blocks lie in the bytes that are fetched.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let blocks = self.blocks.iter();
        blocks.map(|&(name, begin, length)| (name, begin..begin + length))
    }

    /// The blocks in the bytes that were fetched.
    pub(super) fn cut(&self, bytes: &Bytes) -> impl Iterator<Item = (usize, Bytes)> {
        self.blocks()
            .map(|(name, range)| (name, bytes.slice(range)))
    }
}

/// The requests that fetch `wanted` (a name, an offset and a length each).
///
/// # Errors
/// [`Error::Data`] if a block of the superchunk at `place` ends beyond what can be addressed.
pub(super) fn coalesce(
    place: &str,
    mut wanted: Vec<(u64, u64, usize)>,
    options: &ReadOptions,
) -> Result<Vec<Span>> {
    wanted.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for (offset, length, name) in wanted {
        let damaged = || Error::data(place, "the shard index is damaged");
        let end = offset.checked_add(length).ok_or_else(damaged)?;
        let length = usize::try_from(length).map_err(|_| damaged())?;
        match spans.last_mut() {
            Some(span)
                if offset <= span.end.saturating_add(options.gap)
                    && end - span.offset <= options.request =>
            {
                let begin = usize::try_from(offset - span.offset).map_err(|_| damaged())?;
                span.end = span.end.max(end);
                span.blocks.push((name, begin, length));
            }
            _ => spans.push(Span {
                offset,
                end,
                blocks: vec![(name, 0, length)],
            }),
        }
    }
    Ok(spans)
}

impl Array {
    /// The encoded bytes of those of `blocks` (all of one superchunk) that exist, of one version.
    pub(crate) async fn fetch(
        &self,
        superchunk: &[u64],
        blocks: &[Vec<u64>],
    ) -> Result<Vec<Encoded>> {
        for _ in 0..ATTEMPTS {
            let seen = self.look(superchunk).await?;
            if let Some(found) = self.fetch_seen(superchunk, &seen, blocks).await? {
                return Ok(found);
            }
            self.states.forget(superchunk);
        }
        Err(self.restless(superchunk))
    }

    /// As [`fetch`](Self::fetch), of the version that was seen; `None` if there is another by now.
    pub(crate) async fn fetch_seen(
        &self,
        superchunk: &[u64],
        seen: &State,
        blocks: &[Vec<u64>],
    ) -> Result<Option<Vec<Encoded>>> {
        let Some(version) = &seen.version else {
            return Ok(Some(Vec::new()));
        };
        let wanted: Vec<(u64, u64, usize)> = blocks
            .iter()
            .enumerate()
            .filter_map(|(n, block)| {
                let (offset, length) = seen.index.get(self.layout().locate(block).1)?;
                Some((offset, length, n))
            })
            .collect();
        if wanted.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let key = self.superchunk_key(superchunk);
        let spans = coalesce(&self.store.place(&key), wanted, &self.options)?;
        let ranges: Vec<ByteRange> = spans.iter().map(Span::range).collect();
        match self.store.get_ranges(&key, &ranges, Some(version)).await? {
            Fetched::Ranges(_, parts) => {
                let cut = spans
                    .iter()
                    .zip(&parts)
                    .flat_map(|(span, bytes)| span.cut(bytes));
                Ok(Some(
                    cut.map(|(n, bytes)| (blocks[n].clone(), bytes)).collect(),
                ))
            }
            Fetched::Changed | Fetched::Absent => Ok(None),
        }
    }

    /// The error after too many changes by others in a row.
    pub(crate) fn restless(&self, superchunk: &[u64]) -> Error {
        let place = self.store.place(&self.superchunk_key(superchunk));
        Error::conflict(place, "others change it again and again; try later")
    }
}
