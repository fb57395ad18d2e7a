//! One update of the file of a superchunk.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::Updates;
use super::journal::Journal;
use super::plan::Plan;
use super::record::Record;
use crate::array::Array;
use crate::array::commit::Changes;
use crate::array::state::State;
use crate::shard::ShardIndex;
use crate::store::{Disk, Durability, LocalStore, Version, lock, parent, stamp, version_of};
use crate::{Error, Result};

/// How an update in place ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::array) enum Update {
    Done,
    /// The superchunk is not as it was seen; nothing was changed.
    Outdated,
    /// It has to be rewritten; nothing was changed.
    Rewrite,
}

impl Array {
    /// Writes `changes` into the file of a superchunk if that is asked for and possible.
    pub(in crate::array) fn update_in_place(
        &self,
        superchunk: &[u64],
        seen: &State,
        changes: &Changes,
    ) -> Result<Update> {
        if self.is_framed() {
            // The frame says how long everything in it is.
            return Ok(Update::Rewrite);
        }
        let (Updates::InPlace(options), Some((store, directory)), Some(version)) =
            (self.updater.updates, self.journals(), &seen.version)
        else {
            return Ok(Update::Rewrite);
        };
        let Some(plan) = Plan::new(&seen.index, version.size(), changes, options) else {
            return Ok(Update::Rewrite);
        };
        let key = self.metadata.keys.key(superchunk);
        let path = store.path(&self.superchunk_key(superchunk));
        let journal = self.updater.journals.take(store, &directory)?;
        let target = Target::lock(store, &path, version);
        let (undone, done) = match target {
            Ok(Some(target)) => target.update(&plan, &seen.index, &journal, key),
            Ok(None) => (true, Ok(None)),
            Err(e) => (true, Err(e)),
        };
        if undone {
            self.updater.journals.give(journal);
        }
        // Afterwards, so that no reader remembers what it saw before.
        self.states.forget(superchunk);
        let Some(version) = done? else {
            return Ok(Update::Outdated);
        };
        let state = State {
            version: Some(version),
            index: plan.index.into(),
        };
        self.updater.growing.remember(superchunk, &state, changes);
        self.states.remember(superchunk, state);
        Ok(Update::Done)
    }
}

/// A file that nobody else changes now.
#[derive(Debug)]
struct Target<'a> {
    disk: &'a dyn Disk,
    durable: bool,
    path: &'a Path,
    file: File,
    size: u64,
    stamp: u64,
    _lock: lock::Lock,
}

impl<'a> Target<'a> {
    /// The file, if it is still the version that was seen.
    fn lock(store: &'a LocalStore, path: &'a Path, seen: &Version) -> Result<Option<Self>> {
        let fail = |e| Error::io(path, "update", e);
        let lock = match lock::directory(parent(path)) {
            Err(e) if e.is_not_found() => return Ok(None),
            lock => lock?,
        };
        let file = match File::options().read(true).write(true).open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(fail)?,
        };
        let found = version_of(&file.metadata().map_err(fail)?);
        Ok((found == *seen).then(|| Self {
            disk: &**store.disk(),
            durable: store.durability() == Durability::Power,
            path,
            file,
            size: found.size(),
            stamp: stamp::next(found.modified()),
            _lock: lock,
        }))
    }

    /// Carries out a plan. Returns also whether the file is whole, so that the journal is not needed.
    fn update(
        &self,
        plan: &Plan,
        old: &ShardIndex,
        journal: &Journal,
        key: String,
    ) -> (bool, Result<Option<Version>>) {
        let mut whole = true;
        let done = self.steps(plan, old, journal, key, &mut whole);
        if done.is_err() {
            // Readers wait for a file without a stamp, as one that is being updated.
            let _ = self.set_modified();
        }
        (whole, done.map(Some))
    }

    fn steps(
        &self,
        plan: &Plan,
        old: &ShardIndex,
        journal: &Journal,
        key: String,
        whole: &mut bool,
    ) -> Result<Version> {
        let (before, after) = (old.encode(), plan.index.encode());
        let begin = plan.size - before.len() as u64;
        let mut record = Record {
            key,
            stamp: self.stamp,
            length: self.size,
            offset: self.size,
            bytes: Bytes::new(),
        };
        if plan.size > self.size {
            // The index comes to lie at the new end, and the old one becomes room.
            self.step(journal, &record, whole, || {
                self.disk.write_at(&self.file, begin, &before)?;
                self.sync()
            })?;
        }
        let mut writes = plan.writes.iter();
        writes
            .try_for_each(|write| {
                let bytes = write.bytes(&self.file)?;
                self.disk.write_at(&self.file, write.at, &bytes)
            })
            .and_then(|()| self.sync())
            .map_err(|e| self.fail(e))?;
        let same = before
            .iter()
            .zip(&after)
            .take_while(|(a, b)| a == b)
            .count();
        record.length = plan.size;
        record.offset = begin + same as u64;
        record.bytes = before.slice(same..);
        self.step(journal, &record, whole, || {
            self.disk
                .write_at(&self.file, record.offset, &after[same..])?;
            self.sync()?;
            self.set_modified()
        })?;
        let meta = self.file.metadata().map_err(|e| self.fail(e))?;
        Ok(version_of(&meta))
    }

    /// Makes a step that `record` undoes, or undoes it.
    fn step(
        &self,
        journal: &Journal,
        record: &Record,
        whole: &mut bool,
        step: impl FnOnce() -> io::Result<()>,
    ) -> Result<()> {
        journal.write(record, self.durable)?;
        step().map_err(|e| {
            *whole = record.undo(self.disk, &self.file).is_ok();
            self.fail(e)
        })
    }

    fn sync(&self) -> io::Result<()> {
        match self.durable {
            true => self.disk.sync(&self.file),
            false => Ok(()),
        }
    }

    fn set_modified(&self) -> io::Result<()> {
        self.disk.set_modified(&self.file, stamp::time(self.stamp))
    }

    fn fail(&self, e: io::Error) -> Error {
        Error::io(self.path, "update", e)
    }
}
