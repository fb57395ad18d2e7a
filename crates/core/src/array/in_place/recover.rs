//! What is done about updates that were stopped.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::journal::{DIRECTORY, PREFIX};
use super::record::Record;
use crate::array::Array;
use crate::shard::ShardIndex;
use crate::store::{Disk, Durability, LocalStore, join, lock, parent, read_at, stamp};
use crate::{Error, Result};

impl Record {
    /// Puts back what the record holds.
    pub(super) fn undo(&self, disk: &dyn Disk, file: &File) -> io::Result<()> {
        if !self.bytes.is_empty() {
            disk.write_at(file, self.offset, &self.bytes)?;
        }
        disk.truncate(file, self.length)
    }

    /// Whether the index of `blocks` blocks is whole once this is undone.
    fn mends(&self, file: &File, blocks: usize) -> bool {
        let Some((begin, mut index)) = index_at(file, self.length, blocks) else {
            return false;
        };
        if !self.bytes.is_empty() {
            let within = self.offset.checked_sub(begin).map(usize::try_from);
            let place = match within {
                Some(Ok(at)) => index.get_mut(at..at.saturating_add(self.bytes.len())),
                _ => None,
            };
            match place {
                Some(place) => place.copy_from_slice(&self.bytes),
                None => return false,
            }
        }
        ShardIndex::parse("", &index, blocks).is_ok()
    }
}

/// The bytes of an index that ends at `end`, and where they begin; `None` if they are not there.
fn index_at(file: &File, end: u64, blocks: usize) -> Option<(u64, Vec<u8>)> {
    let size = ShardIndex::encoded_size(blocks) as u64;
    let begin = end.checked_sub(size)?;
    Some((begin, read_at(file, begin, size).ok()?))
}

/// The records of all journals in `directory`.
fn records(directory: &Path) -> Vec<Record> {
    journals(directory)
        .filter_map(|path| Record::parse(&fs::read(path).ok()?))
        .collect()
}

fn journals(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_journal = |name: &str| name.starts_with(PREFIX);
    entries
        .filter(move |entry| entry.file_name().to_str().is_some_and(is_journal))
        .map(|entry| entry.path())
}

impl Array {
    /// The directory of the journals, where superchunks can be updated in place.
    pub(super) fn journals(&self) -> Option<(&LocalStore, PathBuf)> {
        let store = self.store.local()?;
        let possible = self.layout().is_sharded()
            && self.metadata.index_at_end
            && self.metadata.index_codecs.is_none();
        possible.then(|| (store, store.path(&join(&self.path, DIRECTORY))))
    }

    /// Puts back the index of a superchunk whose update was stopped.
    ///
    /// Returns whether it is worth while to look at it again.
    pub(in crate::array) fn recover(&self, superchunk: &[u64]) -> Result<bool> {
        let Some((store, directory)) = self.journals() else {
            return Ok(false);
        };
        let path = store.path(&self.superchunk_key(superchunk));
        // Nobody is updating it now.
        let _lock = lock::directory(parent(&path))?;
        let Ok(file) = File::open(&path) else {
            return Ok(true);
        };
        let blocks: u64 = self.layout().blocks_per_superchunk().iter().product();
        let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
        let fail = |e| Error::io(&path, "look at", e);
        let meta = file.metadata().map_err(fail)?;
        let is_whole = |(_, index): (u64, Vec<u8>)| ShardIndex::parse("", &index, blocks).is_ok();
        if index_at(&file, meta.len(), blocks).is_some_and(is_whole) {
            return Ok(true);
        }
        let key = self.metadata.keys.key(superchunk);
        // Older ones are of updates that came to their end.
        let newest = records(&directory)
            .into_iter()
            .filter(|record| record.key == key)
            .max_by_key(|record| record.stamp);
        let Some(record) = newest.filter(|record| record.mends(&file, blocks)) else {
            return Ok(false);
        };
        let disk = &**store.disk();
        File::options()
            .read(true)
            .write(true)
            .open(&path)
            .and_then(|file| {
                record.undo(disk, &file)?;
                if store.durability() == Durability::Power {
                    disk.sync(&file)?;
                }
                let last = record.stamp.max(stamp::of(&meta));
                disk.set_modified(&file, stamp::time(stamp::next(last)))
            })
            .map_err(|e| {
                let what = "undo an update that was stopped; open it once where it can be written";
                Error::io(&path, what, e)
            })?;
        Ok(true)
    }

    /// Puts back what owners of journals left that are gone, and removes the journals.
    ///
    /// What cannot be done now, for want of permission, is tried again when the damage is met.
    pub(in crate::array) fn recover_all(&self) {
        let Some((store, directory)) = self.journals() else {
            return;
        };
        // Usually there is no such directory. A journal is created and locked in one, as far as can
        // be seen from here.
        let Ok(_lock) = lock::directory(&directory) else {
            return;
        };
        for path in journals(&directory) {
            let Some(_dead) = lock::of_the_dead(&path) else {
                continue;
            };
            let record = fs::read(&path).ok().and_then(|r| Record::parse(&r));
            let superchunk =
                record.and_then(|r| self.metadata.keys.index(&r.key, self.shape().len()));
            if superchunk.is_none_or(|s| matches!(self.recover(&s), Ok(true))) {
                let _ = store.disk().remove(&path);
            }
        }
        let _ = store.disk().remove_dir(&directory);
    }
}
