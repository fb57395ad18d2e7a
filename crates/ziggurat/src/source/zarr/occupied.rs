//! Where a sparse array has chunks.

use std::path::Path;

use ziggurat_core::{Error, Region, Result, Scalar, Variable};

use super::array::Stored;

/// The boxes of the chunks (or shards) that exist, clipped to the array and in C order; `None` if
/// it is not known what chunks that do not exist hold.
pub(super) fn boxes(
    stored: &Stored,
    variable: &Variable,
    root: &Path,
) -> Result<Option<Vec<Region>>> {
    if !absent_is_known(stored, variable) {
        return Ok(None);
    }
    let mut keys = Vec::new();
    list(
        &root.join(&stored.path),
        "",
        variable.dims.len() + 1,
        &mut keys,
    )?;
    let whole = Region::whole(stored.array.shape());
    let prefix = match stored.path.as_str() {
        "" => String::new(),
        path => format!("{path}/"),
    };
    let mut indices: Vec<Vec<u64>> = keys
        .iter()
        .filter_map(|key| {
            let parts = key.split(['/', '.']).filter(|p| *p != "c");
            let index: Vec<u64> = parts.map(|p| p.parse().ok()).collect::<Option<_>>()?;
            let inside = index.len() == variable.dims.len()
                && index
                    .iter()
                    .zip(stored.array.chunk_grid_shape())
                    .all(|(i, n)| i < n);
            // Only a name that the array would give to the chunk is that chunk.
            (inside && stored.array.chunk_key(&index).as_str() == format!("{prefix}{key}"))
                .then_some(index)
        })
        .collect();
    indices.sort_unstable();
    let boxes = indices.iter().filter_map(|index| {
        let subset = stored.array.chunk_subset_bounded(index).ok()?;
        Region::new(subset.start(), subset.shape()).intersect(&whole)
    });
    Ok(Some(boxes.collect()))
}

/// Whether chunks that do not exist hold what the variable says of cells that were never written:
/// its missing value, or the fill value of the array.
fn absent_is_known(stored: &Stored, variable: &Variable) -> bool {
    let fill = stored.array.fill_value().as_ne_bytes();
    match (
        variable.nodata,
        Scalar::from_element(fill, variable.element),
    ) {
        // NaN, and zero of integers, are what variables say by saying nothing.
        (None, Some(fill)) => variable.fill.is_none() || variable.fill == Some(fill),
        (Some(nodata), _) => nodata.to_element(variable.element).as_deref() == Some(fill),
        (None, None) => false,
    }
}

/// Appends the paths of all files below `directory`, relative to it and with slashes.
fn list(directory: &Path, prefix: &str, depth: usize, keys: &mut Vec<String>) -> Result<()> {
    let io = |e| Error::io(directory, "list the chunks", e);
    for entry in std::fs::read_dir(directory).map_err(io)? {
        let entry = entry.map_err(io)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        if !entry.file_type().map_err(io)?.is_dir() {
            keys.push(path);
        } else if depth > 0 {
            list(&entry.path(), &(path + "/"), depth - 1, keys)?;
        }
    }
    Ok(())
}
