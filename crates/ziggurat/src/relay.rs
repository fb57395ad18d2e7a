//! Copying box by box.

use std::sync::mpsc::sync_channel;

use ziggurat_core::progress::Progress;
use ziggurat_core::{Region, Result};

/// Reads `regions` and writes them in their order; one is read while the one before is written, so that
/// two are in memory.
///
/// # Errors
/// The first of `read`, of `write`, or of `progress`, of which each region is a step.
pub(crate) fn relay(
    regions: impl Iterator<Item = Region> + Send,
    progress: &dyn Progress,
    read: impl Fn(&Region) -> Result<Vec<u8>> + Send,
    mut write: impl FnMut(&Region, &[u8]) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Result<(Region, Vec<u8>)>>(0);
        scope.spawn(move || {
            for region in regions {
                let read = progress
                    .check("reading the source")
                    .and_then(|()| read(&region))
                    .map(|bytes| (region, bytes));
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    break;
                }
            }
        });
        for read in receiver {
            let (region, bytes) = read?;
            write(&region, &bytes)?;
            progress.advance(1);
        }
        Ok(())
    })
}
