//! Import: from a source to a complete datastore, or to nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use ziggurat_core::progress::Progress;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Error, Region, Result};
use ziggurat_pyramid::{Datastore, Member, Options};

use crate::source::Source;

/// Makes a datastore of everything in `source` at the path `store`.
///
/// All is written into a directory beside it, which takes the name `store` when it is complete: on
/// an error, or when `progress` cancels, nothing is left. Memory holds two superchunks of the base
/// and what [`Datastore::build`] needs.
///
/// # Errors
/// [`Error::Conflict`] if `store` exists and `overwrite` is false, or it is no Zarr store; whatever
/// reading and writing say.
pub fn import(
    source: &dyn Source,
    store: &Path,
    options: &Options,
    overwrite: bool,
    progress: &dyn Progress,
) -> Result<()> {
    if fs::symlink_metadata(store).is_ok() && !overwrite {
        let what = "it exists already; choose another path, or replace it with --overwrite";
        return Err(Error::conflict(store.display().to_string(), what));
    }
    if !may_replace(store) {
        let what =
            "it is no Zarr store, so it is not overwritten; choose another path or delete it";
        return Err(Error::conflict(store.display().to_string(), what));
    }
    let partial = Partial::create(store)?;
    let local = Arc::new(LocalStore::new(&partial.path));
    let made = Datastore::create(local, source.variables().to_vec(), options);
    let directory = partial.path.display().to_string();
    // What cannot be stored is a matter of the source.
    let datastore = made.map_err(|e| {
        e.map_place(|place| match place == directory {
            true => source.place().to_owned(),
            false => place.to_owned(),
        })
    })?;
    for (number, member) in datastore.members().iter().enumerate() {
        write_base(source, number, member, progress).map_err(|e| partial.rename_in(e))?;
    }
    let finished = datastore.build(progress).and_then(|()| datastore.commit());
    finished.map_err(|e| partial.rename_in(e))?;
    partial.publish()
}

/// Copies one variable into level 0, superchunk by superchunk; one is read while one is written.
fn write_base(
    source: &dyn Source,
    number: usize,
    member: &Member,
    progress: &dyn Progress,
) -> Result<()> {
    let array = member.base();
    let whole = Region::whole(array.shape());
    let superchunk = array.layout().superchunk();
    let mut indices: Vec<Vec<u64>> = match source.occupied(number)? {
        None => whole.cells(superchunk).indices().collect(),
        Some(boxes) => boxes
            .iter()
            .flat_map(|b| b.cells(superchunk).indices())
            .collect(),
    };
    indices.sort();
    indices.dedup();
    progress.start(&member.variable().name, indices.len() as u64);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Result<(Region, Vec<u8>)>>(0);
        scope.spawn(move || {
            let regions = indices
                .iter()
                .filter_map(|i| Region::of_cell(i, superchunk).intersect(&whole));
            for region in regions {
                let read = progress
                    .check("reading the source")
                    .and_then(|()| source.read(number, &region))
                    .map(|bytes| (region, bytes));
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    break;
                }
            }
        });
        for read in receiver {
            let (region, bytes) = read?;
            array.write(&region, &bytes)?;
            progress.advance(1);
        }
        Ok(())
    })
}

/// A directory that becomes the store when it is complete, and vanishes otherwise.
struct Partial {
    path: PathBuf,
    store: PathBuf,
}

impl Partial {
    /// The directory `.NAME.partial-PID` beside `store`, after clearing away those of dead processes.
    fn create(store: &Path) -> Result<Self> {
        let place = store.display().to_string();
        let Some(name) = store.file_name().and_then(|n| n.to_str()) else {
            return Err(Error::caller(
                place,
                "it must be a path that ends in a name",
            ));
        };
        let parent = match store.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        if parent.is_file() {
            let what = "a file, not a directory: the store cannot lie in it";
            return Err(Error::caller(parent.display().to_string(), what));
        }
        if !parent.is_dir() {
            let what = "the directory for the store; create it first";
            return Err(Error::not_found(parent.display().to_string(), what));
        }
        let prefix = format!(".{name}.partial-");
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let left = entry.file_name();
            let pid = left
                .to_str()
                .and_then(|n| n.strip_prefix(&prefix))
                .map(str::to_owned);
            if pid.is_some_and(|pid| is_dead(&pid)) {
                // What cannot be cleared away does no harm.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let path = parent.join(format!("{prefix}{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|e| Error::io(&path, "create directory", e))?;
        Ok(Self {
            path,
            store: store.to_owned(),
        })
    }

    /// Gives the directory its name; an older store of that name is replaced.
    fn publish(self) -> Result<()> {
        let old = self.path.with_extension("old");
        // Left by a process that died while it replaced a store.
        let _ = fs::remove_dir_all(&old);
        let replaced = match fs::rename(&self.store, &old) {
            Ok(()) => true,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
            Err(e) => return Err(Error::io(&self.store, "replace", e)),
        };
        if let Err(e) = fs::rename(&self.path, &self.store) {
            if replaced {
                let _ = fs::rename(&old, &self.store);
            }
            return Err(Error::io(&self.store, "write", e));
        }
        if replaced {
            fs::remove_dir_all(&old)
                .map_err(|e| Error::io(&old, "delete the replaced store", e))?;
        }
        Ok(())
    }

    /// The error with the name that the user knows instead of that of the directory.
    fn rename_in(&self, error: Error) -> Error {
        let (partial, store) = (
            self.path.display().to_string(),
            self.store.display().to_string(),
        );
        error.map_place(|place| place.replace(&partial, &store))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After publishing there is nothing here; otherwise the first error is the one to report.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Whether nothing is lost at `store` but a Zarr store.
fn may_replace(store: &Path) -> bool {
    let documents = ["zarr.json", ".zgroup", ".zarray", ".zmetadata"];
    let is_empty = || fs::read_dir(store).is_ok_and(|mut entries| entries.next().is_none());
    fs::symlink_metadata(store).is_err()
        || documents.iter().any(|name| store.join(name).is_file())
        || is_empty()
}

/// Whether no process of that number runs, as far as the system tells.
fn is_dead(pid: &str) -> bool {
    Path::new("/proc/self").exists() && !Path::new("/proc").join(pid).exists()
}
