//! The elements of an array in C order, for targets that are one sequence.

use std::cell::RefCell;
use std::io::{self, Read};

use ziggurat_core::progress::Progress;
use ziggurat_core::{Error, Region, Result};

use super::input::{Description, Input};
use super::shapes;

/// Largest slab that is read at once: 256 MiB, unless one row is larger.
const LARGEST: u64 = 256 << 20;

/// The boxes of whole rows that are best read at once, in order; none for an empty array.
pub(super) fn slabs(of: &Description) -> Vec<Region> {
    let whole = Region::whole(&of.shape);
    if of.shape.is_empty() || whole.is_empty() {
        return if whole.is_empty() {
            vec![]
        } else {
            vec![whole]
        };
    }
    let row = shapes::row(&of.shape, of.dtype.size());
    let most = (LARGEST / row.max(1)).max(1);
    let mut slab = of.shape.clone();
    slab[0] = of.chunk[0].min(most);
    let cells = whole.cells(&slab).indices();
    cells
        .filter_map(|index| Region::of_cell(&index, &slab).intersect(&whole))
        .collect()
}

/// The elements as bytes that are read.
pub(super) struct Elements<'a> {
    input: &'a dyn Input,
    progress: &'a dyn Progress,
    slabs: std::vec::IntoIter<Region>,
    bytes: io::Cursor<Vec<u8>>,
    /// What ended the reading.
    failed: &'a RefCell<Option<Error>>,
}

/// Calls `write` with the elements of `input`; an error of reading them goes before what `write` makes of it.
pub(super) fn with_elements(
    input: &dyn Input,
    progress: &dyn Progress,
    write: impl FnOnce(&mut Elements<'_>) -> Result<()>,
) -> Result<()> {
    let failed = RefCell::new(None);
    let slabs = slabs(input.description());
    progress.start("rows", slabs.len() as u64);
    let mut elements = Elements {
        input,
        progress,
        slabs: slabs.into_iter(),
        bytes: io::Cursor::default(),
        failed: &failed,
    };
    let written = write(&mut elements);
    match failed.into_inner() {
        Some(error) => Err(error),
        None => written,
    }
}

impl Read for Elements<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.bytes.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(slab) = self.slabs.next() else {
                return Ok(0);
            };
            let read = self.progress.check("reading the source");
            match read.and_then(|()| self.input.read(&slab)) {
                Ok(bytes) => self.bytes = io::Cursor::new(bytes),
                Err(error) => {
                    *self.failed.borrow_mut() = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
            self.progress.advance(1);
        }
    }
}
