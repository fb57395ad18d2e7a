//! Files that appear complete or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ziggurat_core::{Error, Result};

/// Lets `fill` write a temporary file beside `path`, which then takes its name.
///
/// If `fill` fails the temporary file is removed and what is at `path` stays as it was. A symbolic
/// link stays a link: the file it leads to is replaced.
pub(super) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        let what = "exists and is no regular file; choose another name";
        return Err(Error::conflict(path.display().to_string(), what));
    }
    let failed = |source| Error::io(path, "write", source);
    let (created, temporary) = create_beside(&target).map_err(failed)?;
    let mut out = BufWriter::new(created);
    fill(&mut out)?;
    out.into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .map_err(failed)?;
    fs::rename(&temporary.0, &target).map_err(failed)
}

/// A file that is removed when this is dropped, unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing to do about a failure; after the rename there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

fn create_beside(target: &Path) -> std::io::Result<(File, Temporary)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut attempt = 0;
    loop {
        let beside = format!(".{name}.{}.{attempt}.tmp", std::process::id());
        let path = target.with_file_name(beside);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => attempt += 1,
            file => return Ok((file?, Temporary(path))),
        }
    }
}
