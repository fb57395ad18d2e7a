//! Making a file or a directory all or nothing.

use std::fs;
use std::path::{Path, PathBuf};

use ziggurat_core::{Error, Result};

/// A place beside a target, where it is made: what is there takes the name of the target when it is complete,
/// and vanishes otherwise.
///
/// It is in a directory `.NAME.partial-PID`, which the next one beside the same target clears away if its
/// process died.
#[derive(Debug)]
pub(crate) struct Partial {
    directory: PathBuf,
    path: PathBuf,
    target: PathBuf,
}

impl Partial {
    /// A place for `target`, which is replaced if it exists, `overwrite` is set and `may_replace` says that
    /// nothing else is lost.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it exists otherwise; [`Error::Caller`] or [`Error::NotFound`] for no place to write.
    pub(crate) fn create(
        target: &Path,
        overwrite: bool,
        may_replace: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let place = target.display().to_string();
        if fs::symlink_metadata(target).is_ok() {
            if !overwrite {
                let what = "it exists already; choose another path, or replace it with --overwrite";
                return Err(Error::conflict(place, what));
            }
            may_replace(target)?;
        }
        let Some(name) = target.file_name().and_then(|n| n.to_str()) else {
            return Err(Error::caller(
                place,
                "it must be a path that ends in a name",
            ));
        };
        let parent = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        if parent.is_file() {
            let what = "a file, not a directory: nothing can lie in it";
            return Err(Error::caller(parent.display().to_string(), what));
        }
        if !parent.is_dir() {
            let what = "the directory to write to; create it first";
            return Err(Error::not_found(parent.display().to_string(), what));
        }
        clear(parent, name);
        let directory = parent.join(format!(".{name}.partial-{}", std::process::id()));
        fs::create_dir_all(&directory).map_err(|e| Error::io(&directory, "create directory", e))?;
        Ok(Self {
            path: directory.join(name),
            directory,
            target: target.to_owned(),
        })
    }

    /// Where to make it; nothing is there yet.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives what was made its name; what had the name is deleted.
    pub(crate) fn publish(self) -> Result<()> {
        let target = &self.target;
        let old = self.directory.join("old");
        // A file takes the place of a file in one step.
        let replaced = match target.is_dir() || self.path.is_dir() {
            false => Ok(()),
            true => fs::rename(target, &old),
        };
        let replaced = match replaced {
            Ok(()) => old.exists(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
            Err(e) => return Err(Error::io(target, "replace", e)),
        };
        if let Err(e) = fs::rename(&self.path, target) {
            if replaced {
                let _ = fs::rename(&old, target);
            }
            return Err(Error::io(target, "write", e));
        }
        fs::remove_dir_all(&self.directory)
            .map_err(|e| Error::io(&self.directory, "delete what was replaced", e))
    }

    /// The error with the name that the user knows instead of that of the place.
    pub(crate) fn rename_in(&self, error: Error) -> Error {
        let (partial, target) = (
            self.path.display().to_string(),
            self.target.display().to_string(),
        );
        error.map_place(|place| place.replace(&partial, &target))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After publishing there is nothing here; otherwise the first error is the one to report.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Deletes the places for `name` that dead processes have left.
fn clear(parent: &Path, name: &str) {
    let prefix = format!(".{name}.partial-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let pid = left.to_str().and_then(|n| n.strip_prefix(&prefix));
        if pid.is_some_and(is_dead) {
            // What cannot be cleared away does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether no process of that number runs, as far as the system tells.
fn is_dead(pid: &str) -> bool {
    Path::new("/proc/self").exists() && !Path::new("/proc").join(pid).exists()
}
