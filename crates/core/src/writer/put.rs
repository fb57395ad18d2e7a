//! Held blocks on their way into the store.

use super::block::Block;
use super::buffer::Held;
use crate::array::{Lanes, Source};
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
            Some(Block::Encoded(_)) => true,
            Some(Block::Open(open)) => {
                let cell = Region::of_cell(index, self.array.layout().block());
                let inside = cell.intersect(&Region::whole(self.array.shape()));
                inside.is_none_or(|inside| open.count as u64 == inside.len())
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
        match (self.held.blocks.get(index), old) {
            (None | Some(Block::Encoded(None)), _) => Ok(false),
            (Some(Block::Encoded(Some(bytes))), _) => {
                out.extend_from_slice(bytes);
                Ok(true)
            }
            (Some(Block::Open(open)), None) => codec.encode_into(&self.place, &open.elements, out),
            (Some(Block::Open(open)), Some(old)) => {
                scratch.resize(codec.decoded_size(), 0);
                codec.decode_into(&self.place, old, scratch)?;
                let size = self.array.element().size();
                open.runs(0, open.elements.len() / size, |first, n| {
                    let bytes = first * size..(first + n) * size;
                    scratch[bytes.clone()].copy_from_slice(&open.elements[bytes]);
                });
                codec.encode_into(&self.place, scratch, out)
            }
        }
    }
}
