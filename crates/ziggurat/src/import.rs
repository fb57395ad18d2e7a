//! Import: from a source to a complete datastore, or to nothing.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ziggurat_core::progress::Progress;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{Error, Region, Result};
use ziggurat_pyramid::{Datastore, Member, Options};

use crate::partial::Partial;
use crate::relay::relay;
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
    let partial = Partial::create(store, overwrite, may_replace)?;
    let local = Arc::new(LocalStore::new(partial.path()));
    let made = Datastore::create(local, source.variables().to_vec(), options);
    let directory = partial.path().display().to_string();
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
    let regions = indices
        .iter()
        .filter_map(|i| Region::of_cell(i, superchunk).intersect(&whole));
    let read = |region: &Region| source.read(number, region);
    relay(regions, progress, read, |region, bytes| {
        array.write(region, bytes)
    })
}

/// Refuses to replace anything but a Zarr store or an empty directory.
fn may_replace(store: &Path) -> Result<()> {
    let documents = ["zarr.json", ".zgroup", ".zarray", ".zmetadata"];
    let is_empty = || fs::read_dir(store).is_ok_and(|mut entries| entries.next().is_none());
    if documents.iter().any(|name| store.join(name).is_file()) || is_empty() {
        return Ok(());
    }
    let what = "it is no Zarr store, so it is not overwritten; choose another path or delete it";
    Err(Error::conflict(store.display().to_string(), what))
}
