//! `ziggurat compact`.

use ziggurat::core::progress::Progress;
use ziggurat::core::{Array, Compacted, Error, Result};

use super::args::Store;
use super::arrays;
use super::progress::Bars;
use super::table::bytes;

pub(super) fn run(args: &Store, bars: &Bars) -> Result<()> {
    let arrays: Vec<Array> = arrays::below(&args.store, "")?
        .into_iter()
        .filter_map(|found| match found {
            Ok(array) if array.layout().is_sharded() => Some(Ok(array)),
            Ok(_) | Err(Error::Unsupported { .. }) => None,
            Err(e) => Some(Err(e)),
        })
        .collect::<Result<_>>()?;
    if arrays.is_empty() {
        let place = args.store.display().to_string();
        return Err(Error::not_found(place, "no array of superchunks is there"));
    }
    bars.catch_interrupts();
    let mut total = Compacted::default();
    for array in arrays {
        let superchunks = array.superchunks()?;
        bars.start("compacting", superchunks.len() as u64);
        for superchunk in superchunks {
            bars.check("compacting; what was done stays so")?;
            total += array.compact_superchunk(&superchunk)?;
            bars.advance(1);
        }
    }
    bars.clear();
    super::print(&format!(
        "{} -> {}",
        bytes(total.before),
        bytes(total.after)
    ))
}
