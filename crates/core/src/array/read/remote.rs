//! Reading through a store that answers later: many requests at once, decoding meanwhile.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt};

use super::Reading;
use super::fetch::{Span, coalesce};
use super::parts::{Parts, spans};
use super::plan::Touched;
use crate::array::state::ATTEMPTS;
use crate::codec::Located;
use crate::exec::block_on;
use crate::store::{Fetched, Version};
use crate::{Error, Result};

/// Gaps between blocks that may be fetched instead of asking once more: a gap is a fraction of a round trip.
const ROUND_TRIP: u64 = 8;

/// A superchunk of which blocks are fetched.
struct Looked<'a> {
    touched: Touched,
    key: String,
    /// `None` if it is not stored.
    version: Option<Version>,
    blocks: Vec<Block<'a>>,
}

/// A block that is fetched.
struct Block<'a> {
    /// Its cell along each dimension.
    at: Vec<usize>,
    offset: u64,
    length: u64,
    /// The parts that are wanted, if not all is.
    parts: Option<Parts<'a>>,
}

/// What was fetched of a block.
enum Got {
    All(Bytes),
    /// The bytes of each part that was located.
    Parts(Box<dyn Located>, Vec<Bytes>),
}

impl Looked<'_> {
    /// The version, if blocks can be cached by it.
    fn unique(&self) -> Option<&Version> {
        self.version.as_ref().filter(|version| version.is_unique())
    }
}

impl<'a> Reading<'a, '_> {
    /// Reads all through the array's store.
    pub(super) fn run_remote(&self) -> Result<()> {
        let mut todo: Vec<Touched> = self.plan.superchunks().collect();
        for _ in 0..ATTEMPTS {
            todo = self.round(todo)?;
            if todo.is_empty() {
                return Ok(());
            }
            self.start_again();
        }
        Err(self.plan.array.restless(&todo[0].index))
    }

    /// Reads superchunks, and returns those that changed meanwhile and have to be read again.
    fn round(&self, todo: Vec<Touched>) -> Result<Vec<Touched>> {
        let failed: Mutex<Result<()>> = Mutex::new(Ok(()));
        let concurrency = self.plan.array.options.concurrency.max(1);
        let changed = rayon::in_place_scope(|scope| {
            block_on(async {
                let looked = stream::iter(todo)
                    .map(|touched| self.look_at(touched))
                    .buffer_unordered(concurrency);
                let requests = looked.flat_map(|looked| match looked {
                    Ok((looked, spans)) => {
                        let of = |span| Ok((Arc::clone(&looked), span));
                        stream::iter(spans.into_iter().map(of).collect::<Vec<_>>())
                    }
                    Err(error) => stream::iter(vec![Err(error)]),
                });
                let answers = requests
                    .map(|request| async {
                        let (looked, span): (Arc<Looked<'_>>, Span) = request?;
                        let got = self.fetch(&looked, &span).await?;
                        Ok::<_, Error>((looked, got))
                    })
                    .buffer_unordered(concurrency);
                let mut answers = pin!(answers);
                let mut changed: BTreeMap<Vec<u64>, Touched> = BTreeMap::new();
                while let Some(answer) = answers.next().await {
                    let (looked, got) = answer?;
                    let Some(got) = got else {
                        let touched = looked.touched.clone();
                        self.plan.array.states.forget(&touched.index);
                        changed.insert(touched.index.clone(), touched);
                        continue;
                    };
                    for blocks in self.by_slab(&looked, got) {
                        let (failed, looked) = (&failed, Arc::clone(&looked));
                        let work = move || {
                            blocks
                                .into_iter()
                                .try_for_each(|(n, got)| self.place(&looked, n, got))
                        };
                        match self.output.split() {
                            None => work()?,
                            Some(_) => scope.spawn(move |_| {
                                if let Err(error) = work() {
                                    *failed.lock().unwrap_or_else(PoisonError::into_inner) =
                                        Err(error);
                                }
                            }),
                        }
                    }
                }
                Ok::<_, Error>(changed)
            })
        })?;
        failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)?;
        Ok(changed.into_values().collect())
    }

    /// Looks where the blocks of a superchunk lie; those that it does not hold become fill.
    async fn look_at(&self, touched: Touched) -> Result<(Arc<Looked<'a>>, Vec<Span>)> {
        let array = self.plan.array;
        let (state, trusted) = array.look_trusted(&touched.index).await?;
        let key = array.superchunk_key(&touched.index);
        let unique = state.version.as_ref().filter(|version| version.is_unique());
        let mut blocks = Vec::new();
        let mut wanted = Vec::new();
        let mut cached = false;
        let near = array.options.gap.saturating_mul(ROUND_TRIP);
        self.plan.each_block(&touched.cells, |position, at| {
            match state.index.get(position) {
                None => self.place_fill(at),
                Some(_) if unique.is_some_and(|version| self.place_cached(at, version)) => {
                    cached = true;
                }
                Some((offset, length)) => {
                    let parts = self.parts(at);
                    let first = parts.as_ref().map_or(length, |p| p.first(length, near));
                    wanted.push((offset, first, blocks.len()));
                    blocks.push(Block {
                        at: at.to_vec(),
                        offset,
                        length,
                        parts,
                    });
                }
            }
            Ok::<_, Error>(())
        })?;
        let mut spans = coalesce(&array.store().place(&key), wanted, &array.options)?;
        if spans.is_empty() && (cached || !trusted) {
            spans.push(Span::nothing());
        }
        let looked = Looked {
            touched,
            key,
            version: state.version,
            blocks,
        };
        Ok((Arc::new(looked), spans))
    }

    /// What is wanted of the blocks of a span; `None` if the superchunk is another by now.
    async fn fetch(&self, looked: &Looked<'_>, span: &Span) -> Result<Option<Vec<(usize, Got)>>> {
        let Some(bytes) = self.request(looked, span).await? else {
            return Ok(None);
        };
        let mut got = Vec::new();
        for (n, first) in span.cut(&bytes) {
            let block = &looked.blocks[n];
            got.push((
                n,
                match &block.parts {
                    Some(parts) if (first.len() as u64) < block.length => {
                        let located = parts.locate(&self.place, &first, block.length)?;
                        match self.fetch_parts(looked, block, &*located).await? {
                            Some(pieces) => Got::Parts(located, pieces),
                            None => return Ok(None),
                        }
                    }
                    _ => Got::All(first),
                },
            ));
        }
        Ok(Some(got))
    }

    /// The bytes of each part of a block that was located; `None` if the superchunk is another by now.
    async fn fetch_parts(
        &self,
        looked: &Looked<'_>,
        block: &Block<'_>,
        located: &dyn Located,
    ) -> Result<Option<Vec<Bytes>>> {
        let array = self.plan.array;
        let place = array.store().place(&looked.key);
        let spans = spans(&place, located, block.offset, &array.options)?;
        let mut pieces = vec![Bytes::new(); located.extents().len()];
        let requests = spans.iter().map(|span| self.request(looked, span));
        for (span, bytes) in spans.iter().zip(try_join_all(requests).await?) {
            let Some(bytes) = bytes else {
                return Ok(None);
            };
            for (n, piece) in span.cut(&bytes) {
                pieces[n] = piece;
            }
        }
        Ok(Some(pieces))
    }

    /// Puts what was fetched of a block into the output.
    fn place(&self, looked: &Looked<'_>, n: usize, got: Got) -> Result<()> {
        let block = &looked.blocks[n];
        match got {
            Got::All(bytes) => {
                self.place_encoded(&block.at, &bytes, block.parts.as_ref(), looked.unique())
            }
            Got::Parts(located, pieces) => self.place_parts(&block.at, located, &pieces),
        }
    }

    /// The bytes of a span; `None` if the superchunk is another by now.
    async fn request(&self, looked: &Looked<'_>, span: &Span) -> Result<Option<Bytes>> {
        let _permit = self.requests.acquire().await;
        let store = self.plan.array.store();
        let fetched = store
            .get_ranges(&looked.key, &[span.range()], looked.version.as_ref())
            .await?;
        Ok(match fetched {
            Fetched::Ranges(version, mut parts) => {
                let index = &looked.touched.index;
                self.plan.array.states.confirm(index, &version);
                parts.pop()
            }
            Fetched::Absent | Fetched::Changed => None,
        })
    }

    /// The blocks of an answer, apart for each slab of the output.
    fn by_slab(&self, looked: &Looked<'_>, blocks: Vec<(usize, Got)>) -> Vec<Vec<(usize, Got)>> {
        let split = self.output.split();
        let mut slabs: BTreeMap<usize, Vec<(usize, Got)>> = BTreeMap::new();
        for (n, got) in blocks {
            let slab = split.map_or(0, |d| looked.blocks[n].at[d]);
            slabs.entry(slab).or_default().push((n, got));
        }
        slabs.into_values().collect()
    }
}
