//! Held blocks on their way into the store.

use super::block::Block;
use super::buffer::Held;
use crate::array::{Lanes, Source, repeat};
use crate::{Array, Region, Result};

/// Puts the blocks that are held of a superchunk into the store.
pub(super) fn superchunk(
    array: &Array,
    superchunk: &[u64],
    held: &Held,
    lanes: &mut Lanes,
) -> Result<()> {
    let mut touched: Vec<Vec<u64>> = held.blocks.keys().cloned().collect();
    touched.sort();
    let place = array.place();
    let source = Buffered { array, place, held };
    array.update(superchunk, touched, &source, lanes)
}

struct Buffered<'a> {
    array: &'a Array,
    place: String,
    held: &'a Held,
}

impl Source for Buffered<'_> {
    fn replaces(&self, index: &[u64]) -> bool {
        match self.held.blocks.get(index) {
            Some(Block::Open(open)) => open.is_full(),
            Some(Block::Encoded(_)) => {
                let cell = Region::of_cell(index, self.array.layout().block());
                Region::whole(self.array.shape()).contains(&cell)
            }
            None => false,
        }
    }

    fn encode(
        &self,
        index: &[u64],
        old: Option<&[u8]>,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        let codec = self.array.codec();
        let held = self.held.blocks.get(index);
        match (held, old.filter(|_| !self.replaces(index))) {
            (Some(Block::Open(open)), None) => codec.encode_into(&self.place, &open.elements, out),
            (Some(Block::Encoded(encoded)), None) => {
                out.extend_from_slice(encoded.as_deref().unwrap_or_default());
                Ok(encoded.is_some())
            }
            (held, old) => {
                scratch.resize(codec.decoded_size(), 0);
                match old {
                    Some(old) => codec.decode_into(&self.place, old, scratch)?,
                    None => repeat(&self.array.metadata().fill, scratch),
                }
                if let Some(block) = held {
                    let cell = Region::of_cell(index, self.array.layout().block());
                    block.copy(self.array, &cell, &cell, scratch)?;
                }
                codec.encode_into(&self.place, scratch, out)
            }
        }
    }
}
