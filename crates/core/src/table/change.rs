//! One change at a time, and what is left of one that was not finished.
//!
//! Who changes a table commits first that a change goes on, with the names of the nodes that would be
//! left behind: the *claim*. It may write as long as the document stays as that commit made it
//! ([`Fence`]). Another who finds a claim waits; a claim that stands unchanged for the *lease* is taken
//! over: what it left is cleared, and whoever made it, if it still lives, cannot write any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Table;
use super::document::{Seen, State, put};
use super::schema::{Leaf, leaves};
use crate::array::Fence;
use crate::exec::block_on;
use crate::hierarchy::{group_document, write_document};
use crate::store::{Expected, Store, join};
use crate::{Array, ArrayMetadata, Attributes, Error, Result};

/// How long a claim stands by default before it is taken over.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// How often the document of a table may change while one waits for a turn.
const TURNS: usize = 1000;

/// The right to change a table.
#[derive(Debug)]
pub(super) struct Change {
    store: Arc<dyn Store>,
    path: String,
    fence: Fence,
    /// When the right was taken or renewed.
    since: Instant,
    lease: Duration,
    leftovers: Vec<String>,
    /// What was committed last.
    state: State,
}

impl Table {
    /// Changes the table by `work`, which gets the state as it is and makes of it what it is to be.
    ///
    /// `nodes` are those below the group that `work` makes or deletes. If it fails, what it did is undone;
    /// if the process dies, whoever changes the table next does that.
    pub(super) fn change<R>(
        &mut self,
        nodes: &[String],
        work: impl FnOnce(&mut Change, &mut State) -> Result<R>,
    ) -> Result<R> {
        let mut change = Change::begin(&self.store, &self.path, nodes, self.lease)?;
        let (state, done) = change.run(work)?;
        self.state = state;
        Ok(done)
    }
}

impl Change {
    /// Waits for its turn, and clears what others left.
    fn begin(
        store: &Arc<dyn Store>,
        path: &str,
        nodes: &[String],
        lease: Duration,
    ) -> Result<Self> {
        let mut watched: Option<(Seen, Instant)> = None;
        for _ in 0..TURNS {
            let seen = wait(store, path, &mut watched, lease)?;
            let left = seen.change.unwrap_or_default();
            let expected = Expected::Version(seen.version);
            let begun = Self::claim(store, path, (seen.state, left), nodes, lease, &expected)?;
            if let Some(begun) = begun {
                return Ok(begun);
            }
        }
        let what = "others change it again and again; try later";
        Err(Error::conflict(store.place(path), what))
    }

    /// Begins to make a table; [`Error::Conflict`] if something is there already.
    pub(super) fn begin_new(
        store: &Arc<dyn Store>,
        path: &str,
        nodes: &[String],
        lease: Duration,
    ) -> Result<Self> {
        let mut watched = None;
        let there = || {
            let what = "a node is there already; delete it first";
            Error::conflict(store.place(path), what)
        };
        for _ in 0..TURNS {
            let nothing = State {
                record: None,
                rows: 0,
                attributes: Attributes::new(),
            };
            let (state, left, expected) = match wait(store, path, &mut watched, lease) {
                Err(Error::NotFound { .. }) => (nothing, Vec::new(), Expected::Absent),
                Err(Error::Caller { .. }) => return Err(there()),
                Err(error) => return Err(error),
                Ok(seen) if seen.state.record.is_some() => return Err(there()),
                // Somebody began to make it.
                Ok(seen) => {
                    let left = seen.change.unwrap_or_default();
                    (nothing, left, Expected::Version(seen.version))
                }
            };
            let begun = Self::claim(store, path, (state, left), nodes, lease, &expected)?;
            if let Some(begun) = begun {
                return Ok(begun);
            }
        }
        Err(there())
    }

    /// `None` if the document is not as `expected`.
    fn claim(
        store: &Arc<dyn Store>,
        path: &str,
        (state, left): (State, Vec<String>),
        nodes: &[String],
        lease: Duration,
        expected: &Expected,
    ) -> Result<Option<Self>> {
        let known = |name: &&String| left.contains(name) || state.has(name);
        let new: Vec<&String> = nodes.iter().filter(|name| !known(name)).collect();
        if !new.is_empty() {
            let there = block_on(store.list_dir(path))?;
            if let Some(name) = new.into_iter().find(|name| there.contains(name)) {
                let what = "a node is there already that is no column; delete it first";
                return Err(Error::conflict(store.place(&join(path, name)), what));
            }
        }
        let mut leftovers = left.clone();
        leftovers.extend(nodes.iter().filter(|name| !left.contains(name)).cloned());
        let since = Instant::now();
        let Some(fence) = put(store, path, &state, Some(&leftovers), expected)? else {
            return Ok(None);
        };
        let change = Self {
            store: Arc::clone(store),
            path: path.to_owned(),
            fence,
            since,
            lease,
            leftovers,
            state,
        };
        change.clear(&left)?;
        Ok(Some(change))
    }

    /// Does `work`, and commits the state that it makes.
    pub(super) fn run<R>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut State) -> Result<R>,
    ) -> Result<(State, R)> {
        let mut state = self.state.clone();
        let done = work(self, &mut state).and_then(|done| {
            self.put(&state, false)?;
            Ok(done)
        });
        match done {
            Ok(done) => Ok((state, done)),
            Err(error) => {
                // If the store refuses this too, the claim stands, and the next change does it.
                let _ = self.undo();
                Err(error)
            }
        }
    }

    fn undo(&mut self) -> Result<()> {
        self.clear(&self.leftovers.clone())?;
        if self.state.record.is_some() {
            return self.put(&self.state.clone(), false);
        }
        let expected = Expected::Version(self.fence.version.clone());
        block_on(self.store.delete_if(&self.fence.key, &expected)).map(drop)
    }

    /// Commits `state`, and that the change goes on.
    pub(super) fn commit(&mut self, state: &State) -> Result<()> {
        self.put(state, true)?;
        self.state = state.clone();
        Ok(())
    }

    /// Says that the change still goes on, if it is time to.
    pub(super) fn renew(&mut self) -> Result<()> {
        match self.since.elapsed() > self.lease / 4 {
            true => self.put(&self.state.clone(), true),
            false => Ok(()),
        }
    }

    fn put(&mut self, state: &State, goes_on: bool) -> Result<()> {
        let since = Instant::now();
        let expected = Expected::Version(self.fence.version.clone());
        let change = goes_on.then_some(&self.leftovers[..]);
        let put = put(&self.store, &self.path, state, change, &expected)?;
        self.fence = put.ok_or_else(|| self.fence.lost())?;
        self.since = since;
        Ok(())
    }

    /// Takes away what is no part of the state: `nodes` that are no columns, and rows beyond the last.
    fn clear(&self, nodes: &[String]) -> Result<()> {
        for name in nodes.iter().filter(|name| !self.state.has(name)) {
            self.delete(name)?;
        }
        for leaf in self.leaves()? {
            self.set_rows(&mut self.array(&leaf)?, self.state.rows, true)?;
        }
        Ok(())
    }

    /// The columns as committed last.
    pub(super) fn leaves(&self) -> Result<Vec<Leaf>> {
        match &self.state.record {
            Some(record) => leaves(&self.path, record),
            None => Ok(Vec::new()),
        }
    }

    /// Deletes the node `name` below the group, and all below it.
    pub(super) fn delete(&self, name: &str) -> Result<()> {
        block_on(self.fence.check())?;
        block_on(self.store.delete_prefix(&join(&self.path, name)))
    }

    /// The array of a column, to be written as long as the right lasts.
    pub(super) fn array(&self, leaf: &Leaf) -> Result<Array> {
        let path = join(&self.path, &leaf.path);
        let array = Array::open(Arc::clone(&self.store), &path)?;
        Ok(array.with_fence(self.fence.clone()))
    }

    /// Makes a group for columns below that of the table.
    pub(super) fn create_group(&self, path: &str) -> Result<()> {
        block_on(self.fence.check())?;
        let document = group_document(Attributes::new());
        write_document(&*self.store, &join(&self.path, path), &document)
    }

    /// Makes the array of a column, to be written as long as the right lasts.
    pub(super) fn create_array(&self, path: &str, metadata: ArrayMetadata) -> Result<Array> {
        block_on(self.fence.check())?;
        let path = join(&self.path, path);
        let array = Array::create(Arc::clone(&self.store), &path, metadata)?;
        Ok(array.with_fence(self.fence.clone()))
    }

    /// Makes `rows` the length of a column, which must have been `self.state.rows` unless `any` will do.
    pub(super) fn set_rows(&self, array: &mut Array, rows: u64, any: bool) -> Result<()> {
        let place = array.place();
        let set = |seen: &[u64]| {
            block_on(self.fence.check())?;
            let mut shape = seen.to_vec();
            match shape.first_mut() {
                Some(length) if any || *length == self.state.rows => *length = rows,
                length => {
                    let what = format!(
                        "the column has {} rows where the table has {}: another program changed \
                         it; `resize` the table",
                        length.copied().unwrap_or(0),
                        self.state.rows
                    );
                    return Err(Error::conflict(&place, what));
                }
            }
            Ok(shape)
        };
        let shape = array.commit_shape(set)?;
        if shape.first() < array.shape().first() {
            // What was cut off is cleared by the next commit.
            array.commit_shape(|seen| block_on(self.fence.check()).map(|()| seen.to_vec()))?;
        }
        array.set_shape(shape);
        Ok(())
    }
}

/// The document without a claim, or with one that has stood for the lease.
fn wait(
    store: &Arc<dyn Store>,
    path: &str,
    watched: &mut Option<(Seen, Instant)>,
    lease: Duration,
) -> Result<Seen> {
    let mut turns = 0;
    for polls in 0.. {
        let seen = Seen::read(&**store, path)?;
        if seen.change.is_none() {
            return Ok(seen);
        }
        match watched {
            Some((known, since)) if known.version == seen.version => {
                if since.elapsed() >= lease {
                    return Ok(seen);
                }
            }
            _ if turns == TURNS => break,
            _ => {
                *watched = Some((seen, Instant::now()));
                turns += 1;
            }
        }
        // Often at first: most changes are short.
        let pause = Duration::from_millis(1 << polls.min(8));
        std::thread::sleep(pause.min(lease / 4));
    }
    let what = "others change it again and again; try later";
    Err(Error::conflict(store.place(path), what))
}
