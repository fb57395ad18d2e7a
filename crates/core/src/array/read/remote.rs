//! Reading through a store that answers later: many requests at once, decoding meanwhile.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use super::Reading;
use super::fetch::{Span, coalesce};
use super::plan::Touched;
use crate::array::state::ATTEMPTS;
use crate::exec::block_on;
use crate::store::{Fetched, Version};
use crate::{Error, Result};

/// A superchunk of which blocks are fetched.
struct Looked {
    touched: Touched,
    key: String,
    /// `None` if it is not stored.
    version: Option<Version>,
    /// The cells of each block along each dimension.
    blocks: Vec<Vec<usize>>,
}

impl Looked {
    /// The version, if blocks can be cached by it.
    fn unique(&self) -> Option<&Version> {
        self.version.as_ref().filter(|version| version.is_unique())
    }
}

impl Reading<'_, '_> {
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
                        let (looked, span): (Arc<Looked>, Span) = request?;
                        let bytes = self.request(&looked, &span).await?;
                        Ok::<_, Error>((looked, span, bytes))
                    })
                    .buffer_unordered(concurrency);
                let mut answers = pin!(answers);
                let mut changed: BTreeMap<Vec<u64>, Touched> = BTreeMap::new();
                while let Some(answer) = answers.next().await {
                    let (looked, span, bytes) = answer?;
                    let Some(bytes) = bytes else {
                        let touched = looked.touched.clone();
                        self.plan.array.states.forget(&touched.index);
                        changed.insert(touched.index.clone(), touched);
                        continue;
                    };
                    for blocks in self.by_slab(&looked, span.cut(&bytes)) {
                        let (failed, looked) = (&failed, Arc::clone(&looked));
                        let work = move || {
                            for (n, encoded) in blocks {
                                self.place_encoded(&looked.blocks[n], &encoded, looked.unique())?;
                            }
                            Ok(())
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
    async fn look_at(&self, touched: Touched) -> Result<(Arc<Looked>, Vec<Span>)> {
        let array = self.plan.array;
        let (state, trusted) = array.look_trusted(&touched.index).await?;
        let key = array.superchunk_key(&touched.index);
        let unique = state.version.as_ref().filter(|version| version.is_unique());
        let mut blocks = Vec::new();
        let mut wanted = Vec::new();
        let mut cached = false;
        self.plan.each_block(&touched.cells, |position, at| {
            match state.index.get(position) {
                None => self.place_fill(at),
                Some(_) if unique.is_some_and(|version| self.place_cached(at, version)) => {
                    cached = true;
                }
                Some((offset, length)) => {
                    wanted.push((offset, length, blocks.len()));
                    blocks.push(at.to_vec());
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

    /// The bytes of a span; `None` if the superchunk is another by now.
    async fn request(&self, looked: &Looked, span: &Span) -> Result<Option<Bytes>> {
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
    fn by_slab(
        &self,
        looked: &Looked,
        blocks: impl Iterator<Item = (usize, Bytes)>,
    ) -> Vec<Vec<(usize, Bytes)>> {
        let split = self.output.split();
        let mut slabs: BTreeMap<usize, Vec<(usize, Bytes)>> = BTreeMap::new();
        for (n, bytes) in blocks {
            let slab = split.map_or(0, |d| looked.blocks[n][d]);
            slabs.entry(slab).or_default().push((n, bytes));
        }
        slabs.into_values().collect()
    }
}
