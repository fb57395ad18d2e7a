//! Zarr arrays, groups and pyramids, versions 2 and 3, as sources.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zarrs::filesystem::FilesystemStore;
use ziggurat_core::{Error, Region, Result, Variable};

use super::{Source, cf};

mod array;
mod occupied;
mod ome;
mod tree;

use array::Stored;

/// Whether the directory `path` is a Zarr array or group.
#[must_use]
pub fn is_zarr(path: &Path) -> bool {
    tree::METADATA.iter().any(|name| path.join(name).is_file())
}

/// The gridded variables of a Zarr array, group or pyramid on the local file system.
///
/// Of a pyramid (`multiscales` of the Zarr conventions, OME-NGFF, ndpyramid, or merely groups
/// numbered from `0`) the finest level is read. Names and coordinates follow the CF conventions.
/// `fill_value` is the missing value in version 2, where xarray puts `_FillValue` there; in
/// version 3 only the attributes say what is missing. Arrays of `datetime64` are read as their
/// ticks, with `units` that say so.
pub struct ZarrSource {
    place: String,
    root: PathBuf,
    found: cf::Interpreted,
    /// The array of each variable.
    arrays: Vec<Stored>,
}

impl std::fmt::Debug for ZarrSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut f = f.debug_struct("ZarrSource");
        f.field("place", &self.place)
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

impl ZarrSource {
    /// Opens the array or group in the directory `path`, which may lie within a larger store.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no Zarr node, [`Error::Data`] for damaged metadata,
    /// [`Error::Unsupported`] if no array in it can be read, naming the data types.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let root = path.as_ref().to_path_buf();
        let place = root.display().to_string();
        let store = FilesystemStore::new(&root)
            .map_err(|e| Error::other(&place, "cannot open the Zarr store", e))?;
        let store = Arc::new(store);
        let mut tree = tree::walk(&root, &place)?;
        let stem = root.file_stem().map(|s| s.to_string_lossy().into_owned());
        let mut described = Vec::new();
        let mut stored = Vec::new();
        for node in &mut tree.arrays {
            let (array, handle) = array::describe(&store, node, &place)?;
            described.push(array);
            stored.push(handle);
        }
        let read = |i: usize| match &stored[i] {
            Some(array) => array.read_all(&place),
            None => Err(Error::unsupported(&place, described[i].path.as_str())),
        };
        let mut found = cf::interpret(&place, &described, &read)?.check(&place)?;
        for (variable, &i) in found.variables.iter_mut().zip(&found.arrays) {
            if let Some(ome) = &tree.arrays[i].ome {
                ome.apply(variable);
            }
            variable.name = match variable.name.strip_prefix(&tree.level) {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ => stem.clone().unwrap_or_else(|| "data".to_owned()),
            };
            if let Some(name) = &tree.arrays[i].name {
                variable.name.clone_from(name);
            }
            if let (Some(array), None) = (&stored[i], variable.nodata) {
                variable.set_fill(array.array.fill_value().as_ne_bytes());
            }
        }
        for (name, _) in &mut found.skipped {
            if let Some(short) = name.strip_prefix(&tree.level) {
                *name = short.to_owned();
            }
        }
        let arrays = found
            .arrays
            .iter()
            .filter_map(|&i| stored[i].take())
            .collect();
        Ok(Self {
            place,
            root,
            found,
            arrays,
        })
    }

    /// Number of the variable `name`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] saying why if it was left out, [`Error::NotFound`] with the names
    /// that exist.
    pub fn find(&self, name: &str) -> Result<usize> {
        self.found.find(&self.place, name)
    }
}

impl Source for ZarrSource {
    fn place(&self) -> &str {
        &self.place
    }

    fn variables(&self) -> &[Variable] {
        &self.found.variables
    }

    fn read(&self, variable: usize, region: &Region) -> Result<Vec<u8>> {
        self.arrays[variable].read(region, &self.place)
    }

    fn read_shape(&self, variable: usize) -> Vec<u64> {
        self.arrays[variable].read_shape()
    }

    fn occupied(&self, variable: usize) -> Result<Option<Vec<Region>>> {
        let described = &self.found.variables[variable];
        occupied::boxes(&self.arrays[variable], described, &self.root)
    }
}
