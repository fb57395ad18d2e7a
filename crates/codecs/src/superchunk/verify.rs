//! Whether what is stored is right.

use rayon::prelude::*;
use ziggurat_core::codec::scratch;
use ziggurat_core::{Array, Error, Result};

use super::NAME;
use super::face::{Cell, Frame, Shard, Stored};

/// The faults of a superchunk: of its index, of blocks that do not decode, and of its frame if it has one, which
/// must have the shapes, the type and the values of the array. Each names the file.
///
/// Any array is looked at, framed or not. One encoded superchunk is held, and two blocks for each thread.
///
/// # Errors
/// If the store cannot be read.
pub fn verify(array: &Array, superchunk: &[u64]) -> Result<Vec<Error>> {
    match Stored::read(array, superchunk)? {
        Some(stored) => Ok(faults(&stored)),
        None => Ok(Vec::new()),
    }
}

/// As [`verify`], of a superchunk that was read.
pub(super) fn faults(stored: &Stored<'_>) -> Vec<Error> {
    let mut faults = Vec::new();
    let mut usable = |error: Error| faults.push(error);
    let shard = Shard::of(stored).map_err(&mut usable).ok();
    let framed = stored.array.metadata().framing.as_deref() == Some(NAME);
    let frame = match framed {
        true => Frame::of(stored).map_err(&mut usable).ok(),
        false => None,
    };
    let check = |cell: &Cell| check(stored, shard.as_ref(), frame.as_ref(), cell);
    faults.par_extend(stored.cells().par_iter().flat_map_iter(check));
    faults
}

/// The faults of one chunk.
fn check(
    stored: &Stored<'_>,
    shard: Option<&Shard<'_>>,
    frame: Option<&Frame>,
    cell: &Cell,
) -> Vec<Error> {
    let mut faults = Vec::new();
    let chunk = match frame.map(|frame| frame.chunk(stored, cell)).transpose() {
        Ok(chunk) => frame.zip(chunk.flatten()),
        Err(error) => {
            faults.push(error);
            None
        }
    };
    let size = stored.array.codec().decoded_size();
    scratch::with_bytes(2 * size, |both| {
        let (one, other) = both.split_at_mut(size);
        for (number, (block, position)) in cell.blocks.iter().enumerate() {
            let decoded = shard.map(|shard| shard.decode(*position, one));
            let framed = chunk
                .as_ref()
                .map(|(frame, chunk)| frame.decode(chunk, number, other));
            if let (Some(Ok(())), Some(Ok(()))) = (&decoded, &framed)
                && !stored.agree(block, one, other)
            {
                let what = "its values as Zarr and as Blosc2 are not the same";
                faults.push(stored.fault(block, Error::data("", what)));
            }
            let failed = [decoded, framed].into_iter().flatten();
            faults.extend(failed.filter_map(|done| Some(stored.fault(block, done.err()?))));
        }
    });
    faults
}
