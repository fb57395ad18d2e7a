//! Making objects durable.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use crate::store::Store;
use crate::{Error, Result};

/// Waits until the objects with these keys, or their absence, survive a power failure.
///
/// Stores other than directories promise that of every write.
pub(super) fn objects(store: &dyn Store, keys: &BTreeSet<String>) -> Result<()> {
    let Some(local) = store.local() else {
        return Ok(());
    };
    let mut directories = BTreeSet::new();
    for key in keys {
        let path = local.path(key);
        match File::open(&path) {
            Ok(file) => local
                .disk()
                .sync(&file)
                .map_err(|e| Error::io(&path, "write", e))?,
            // It was deleted, which its directory says.
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(&path, "open", e)),
        }
        let above = path.ancestors().skip(1);
        let within = above.take_while(|path| path.starts_with(local.root()));
        directories.extend(within.map(Path::to_path_buf));
    }
    for directory in directories.iter().filter(|directory| directory.exists()) {
        local
            .disk()
            .sync_dir(directory)
            .map_err(|e| Error::io(directory, "write", e))?;
    }
    Ok(())
}
