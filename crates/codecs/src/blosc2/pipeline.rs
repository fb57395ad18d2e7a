//! What filters do to one block, forth and back.

use std::mem::swap;

use ziggurat_core::codec::blosc::shuffle;
use ziggurat_core::codec::scratch;
use ziggurat_core::{Error, Result};

use super::codec::{Filter, Filters};
use super::header::{Header, PLACE};

/// A block among those of its chunk.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) header: &'a Header,
    /// The first block of the chunk, decoded, if this is another.
    pub(super) first: Option<&'a [u8]>,
}

impl Block<'_> {
    /// Applies the filters to `elements` and calls `work` with what comes out.
    pub(super) fn filtered<R>(self, elements: &[u8], work: impl FnOnce(&[u8]) -> R) -> Result<R> {
        let filters = &self.header.filters;
        if filters.iter().next().is_none() {
            return Ok(work(elements));
        }
        scratch::with_bytes(2 * elements.len(), |both| {
            let (mut now, mut next) = both.split_at_mut(elements.len());
            let mut from = Some(elements);
            for filter in filters.iter() {
                if moves(filter) {
                    self.shuffle(filter, from.unwrap_or(now), next);
                    swap(&mut now, &mut next);
                } else {
                    if let Some(elements) = from {
                        now.copy_from_slice(elements);
                    }
                    match filter {
                        Filter::Truncate { bits } => truncate(bits, self.header.typesize, now)?,
                        _ => self.delta(now, false)?,
                    }
                }
                from = None;
            }
            Ok(work(now))
        })
    }

    /// Lets `read` fill a block as the filters left it, and undoes them, so that `out` holds elements.
    pub(super) fn unfiltered(
        self,
        out: &mut [u8],
        read: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let filters = &self.header.filters;
        let moves = filters.iter().filter(|f| moves(*f)).count();
        let spare = if moves == 0 { 0 } else { out.len() };
        scratch::with_bytes(spare, |spare| {
            // With each move bytes change between the two, so that the last one fills `out`.
            let (mut now, mut next) = (out, spare);
            if !moves.is_multiple_of(2) {
                swap(&mut now, &mut next);
            }
            read(now)?;
            for filter in filters.iter().rev() {
                match filter {
                    Filter::Truncate { .. } => {}
                    Filter::Delta => self.delta(now, true)?,
                    _ => {
                        self.unshuffle(filter, now, next);
                        swap(&mut now, &mut next);
                    }
                }
            }
            Ok(())
        })
    }

    fn shuffle(self, filter: Filter, from: &[u8], out: &mut [u8]) {
        let (group, end) = self.shuffled(filter, from.len());
        if let Filter::Shuffle { .. } = filter {
            return shuffle::shuffle(group, from, out);
        }
        out[end..].copy_from_slice(&from[end..]);
        scratch::with_bytes(end, |between| {
            shuffle::bitshuffle(group, &from[..end], between, &mut out[..end]);
        });
    }

    fn unshuffle(self, filter: Filter, from: &[u8], out: &mut [u8]) {
        let (group, end) = self.shuffled(filter, from.len());
        out[end..].copy_from_slice(&from[end..]);
        let out = &mut out[..end];
        let mut planes = [&[][..]; 255];
        for (plane, bytes) in planes
            .iter_mut()
            .zip(from[..end].chunks_exact((end / group).max(1)))
        {
            *plane = bytes;
        }
        let planes = &planes[..group];
        match filter {
            _ if end == 0 => {}
            Filter::Shuffle { .. } => shuffle::unshuffle(planes, out),
            _ => scratch::with_bytes(end, |between| shuffle::bitunshuffle(planes, between, out)),
        }
    }

    /// How many bytes are shuffled together, and how many of the `length` bytes of a block are shuffled
    /// at all.
    fn shuffled(self, filter: Filter, length: usize) -> (usize, usize) {
        let typesize = self.header.typesize;
        let (group, step) = match filter {
            Filter::Shuffle { group } if group > 0 => (usize::from(group), usize::from(group)),
            Filter::Bitshuffle if !self.header.shuffles_bits_of_all_or_none() => {
                (typesize, 8 * typesize)
            }
            _ => (typesize, typesize),
        };
        (group, length - length % step)
    }

    /// Combines the elements of `block` with others, or undoes that.
    fn delta(self, block: &mut [u8], undo: bool) -> Result<()> {
        let unit = self.delta_unit();
        if let Some(first) = self.first {
            return xor(unit, block, first);
        }
        let later = unit..block.len() - block.len() % unit;
        let combine = |at: usize| block[at] ^= block[at - unit];
        match undo {
            true => later.for_each(combine),
            false => later.rev().for_each(combine),
        }
        Ok(())
    }

    /// Bytes that Blosc2 takes for an element here.
    fn delta_unit(self) -> usize {
        match self.header.typesize {
            size @ (2 | 4) => size,
            size if size.is_multiple_of(8) => 8,
            _ => 1,
        }
    }
}

/// Whether a filter moves bytes, rather than changing them in place.
fn moves(filter: Filter) -> bool {
    matches!(filter, Filter::Shuffle { .. } | Filter::Bitshuffle)
}

/// Combines whole units of `block` with `first`; Blosc2 leaves a rest as it is.
fn xor(unit: usize, block: &mut [u8], first: &[u8]) -> Result<()> {
    let whole = block.len() - block.len() % unit;
    if first.len() < whole {
        let what = "a block is longer than the first one, which it refers to";
        return Err(Error::data(PLACE, what));
    }
    for (byte, other) in block[..whole].iter_mut().zip(first) {
        *byte ^= other;
    }
    Ok(())
}

/// Whether and what the filters drop: the elements of `block` as they will be read.
pub(super) fn truncated(filters: &Filters, typesize: usize, block: &mut [u8]) -> Result<()> {
    for filter in filters.iter() {
        if let Filter::Truncate { bits } = filter {
            truncate(bits, typesize, block)?;
        }
    }
    Ok(())
}

/// Sets the bits of the mantissas beyond the first `bits` to 0; if negative, that many.
pub(crate) fn truncate(bits: i8, typesize: usize, block: &mut [u8]) -> Result<()> {
    let mantissa: u32 = match typesize {
        4 => 23,
        8 => 52,
        _ => {
            let what = format!(
                "precision of elements of {typesize} bytes; only float32 and float64 have one"
            );
            return Err(Error::caller(PLACE, what));
        }
    };
    let given = u32::from(bits.unsigned_abs());
    let dropped = match bits {
        0.. => mantissa.checked_sub(given),
        _ => Some(given),
    };
    let Some(dropped) = dropped.filter(|&dropped| dropped < mantissa) else {
        let what = format!("a precision of {bits} bits, with {mantissa} in the mantissa");
        return Err(Error::caller(PLACE, what));
    };
    let mask = (!0u64 << dropped).to_le_bytes();
    for element in block.chunks_exact_mut(typesize) {
        for (byte, mask) in element.iter_mut().zip(mask) {
            *byte &= mask;
        }
    }
    Ok(())
}
