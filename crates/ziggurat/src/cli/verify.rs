//! `ziggurat verify` and `ziggurat repair-index`.

use std::process::ExitCode;

use rayon::prelude::*;
use ziggurat::codecs::superchunk;
use ziggurat::core::progress::Progress;
use ziggurat::core::{Array, Error, Region, Result};

use super::args::{RepairIndex, Store};
use super::arrays;
use super::progress::Bars;

/// Prints a line for each fault; exit code 1 if there is one.
pub(super) fn verify(args: &Store, bars: &Bars) -> Result<ExitCode> {
    bars.catch_interrupts();
    let mut failed = false;
    for array in arrays::below(&args.store, "")? {
        let faults = match array {
            Ok(array) => each(&array, "verifying", bars, |superchunk| {
                superchunk::verify(&array, superchunk)
            })?,
            Err(e @ Error::Unsupported { .. }) => {
                bars.note(&format!("not verified: {e}"));
                continue;
            }
            Err(e) => vec![vec![e]],
        };
        for fault in faults.into_iter().flatten() {
            failed = true;
            bars.clear();
            super::print(&fault.to_string())?;
        }
    }
    bars.clear();
    Ok(ExitCode::from(u8::from(failed)))
}

/// Prints a line for each superchunk that was repaired.
pub(super) fn repair(args: &RepairIndex, bars: &Bars) -> Result<()> {
    let framed: Vec<Array> = arrays::below(&args.store, &args.array)?
        .into_iter()
        .filter_map(Result::ok)
        .filter(|array| array.metadata().framing.as_deref() == Some(superchunk::NAME))
        .collect();
    if framed.is_empty() {
        let place = args.store.join(&args.array).display().to_string();
        return Err(Error::caller(
            place,
            "no array of --layout superchunk is there",
        ));
    }
    bars.catch_interrupts();
    let mut outcome = Ok(());
    for array in framed {
        let repaired = each(&array, "repairing", bars, |index| {
            let key = array.superchunk_key(index);
            Ok((array.store().place(&key), superchunk::repair(&array, index)))
        })?;
        for (place, done) in repaired {
            match done {
                Ok(None) => {}
                Ok(Some(done)) => super::print(&format!("{place}: {done}"))?,
                // Those that can be repaired are; the first that cannot is told.
                Err(e) => outcome = outcome.and(Err(e)),
            }
        }
    }
    outcome
}

/// What `work` says of each superchunk: those that are small on all threads, large ones one by one.
fn each<T: Send>(
    array: &Array,
    what: &str,
    bars: &Bars,
    work: impl Fn(&[u64]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    /// Decoded bytes from which on a superchunk is work for all threads.
    const LARGE: u64 = 16 << 20;
    let superchunks = array.superchunks()?;
    bars.start(what, superchunks.len() as u64);
    let work = |superchunk: &Vec<u64>| {
        bars.check(what)?;
        let done = work(superchunk);
        bars.advance(1);
        done
    };
    let elements = Region::whole(array.layout().superchunk()).len();
    let done = match elements.saturating_mul(array.element().size() as u64) >= LARGE {
        true => superchunks.iter().map(work).collect(),
        false => superchunks.par_iter().map(work).collect(),
    };
    bars.clear();
    done
}
