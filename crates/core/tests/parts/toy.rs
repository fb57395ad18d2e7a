//! A codec whose blocks have parts, and which remembers what it decoded.
//!
//! An encoded block is a table of where each part starts and ends, its checksum, and then the parts, the
//! last one first. A part is its elements and their checksum; one of zeros takes no bytes. If parts
//! `refer` to the first one, they are stored as the difference to it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use ziggurat_core::codec::{Extension, Located, Parted, register};
use ziggurat_core::region::{Window, copy, offset};
use ziggurat_core::{ElementType, Error, Region, Result};

/// What a codec with a tag decoded, and what it calls once when it has to find parts.
static DECODED: Mutex<BTreeMap<u64, Vec<u64>>> = Mutex::new(BTreeMap::new());
static HOOKS: Mutex<BTreeMap<u64, Box<dyn FnOnce() + Send>>> = Mutex::new(BTreeMap::new());

/// The codecs of an array whose blocks have parts of a shape.
pub(crate) fn codecs(tag: u64, part: &[u64], refer: bool) -> Vec<Value> {
    register("toy", |_, configuration, element, shape| {
        let sizes = configuration["part"].as_array().unwrap().iter();
        Ok(Arc::new(Toy {
            tag: configuration["tag"].as_u64().unwrap(),
            block: shape.to_vec(),
            part: sizes.map(|n| n.as_u64().unwrap()).collect(),
            element,
            refer: configuration["refer"] == true,
        }))
    });
    vec![json!({"name": "toy", "configuration": {"tag": tag, "part": part, "refer": refer}})]
}

/// The numbers of the parts that were decoded since this was asked last, in order.
pub(crate) fn decoded(tag: u64) -> Vec<u64> {
    let mut parts = DECODED.lock().unwrap().remove(&tag).unwrap_or_default();
    parts.sort_unstable();
    parts
}

/// Calls `hook` when parts have to be found the next time.
pub(crate) fn before_locating(tag: u64, hook: impl FnOnce() + Send + 'static) {
    HOOKS.lock().unwrap().insert(tag, Box::new(hook));
}

#[derive(Clone, Debug)]
struct Toy {
    tag: u64,
    block: Vec<u64>,
    part: Vec<u64>,
    element: ElementType,
    refer: bool,
}

impl Toy {
    fn grid(&self) -> Vec<u64> {
        Region::whole(&self.block).cells(&self.part).shape
    }

    /// The parts in order.
    fn parts(&self) -> Vec<Region> {
        let whole = Region::whole(&self.block);
        let parts = Region::whole(&self.grid()).indices();
        parts
            .map(|index| {
                Region::of_cell(&index, &self.part)
                    .intersect(&whole)
                    .unwrap()
            })
            .collect()
    }

    fn number(&self, region: &Region) -> usize {
        let cell = region.cells(&self.part);
        assert_eq!(cell.len(), 1, "{region} lies in one part");
        offset(&cell.start, &self.grid()) as usize
    }
}

fn difference(part: &mut [u8], first: &[u8]) {
    for (n, byte) in part.iter_mut().enumerate() {
        *byte ^= first[n % first.len()];
    }
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn without_checksum<'a>(bytes: &'a [u8], of: &str) -> Result<&'a [u8]> {
    match bytes.split_last_chunk() {
        Some((bytes, sum)) if crc32c::crc32c(bytes).to_le_bytes() == *sum => Ok(bytes),
        _ => Err(Error::data("", format!("the checksum of {of} differs"))),
    }
}

impl Extension for Toy {
    fn encode_into(&self, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let size = self.element.size();
        let mut first = Vec::new();
        let mut encoded: Vec<Vec<u8>> = Vec::new();
        for region in self.parts() {
            let zero = vec![0; region.rank()];
            let mut part = vec![0; region.len() as usize * size];
            let from = Window {
                shape: &self.block,
                start: &region.start,
            };
            let to = Window {
                shape: &region.shape,
                start: &zero,
            };
            copy(&region.shape, size, block, from, &mut part, to);
            match first.is_empty() {
                true => first.clone_from(&part),
                false if self.refer => difference(&mut part, &first),
                false => {}
            }
            let is_zero = part.iter().all(|byte| *byte == 0);
            encoded.push(if is_zero {
                Vec::new()
            } else {
                with_checksum(part)
            });
        }
        let mut at = self.front() as u32;
        let mut table = vec![0; encoded.len() * 8];
        for (part, entry) in encoded.iter().zip(table.chunks_mut(8)).rev() {
            entry[..4].copy_from_slice(&at.to_le_bytes());
            at += part.len() as u32;
            entry[4..].copy_from_slice(&at.to_le_bytes());
        }
        out.extend(with_checksum(table));
        encoded.iter().rev().for_each(|part| out.extend(part));
        Ok(())
    }

    fn decode_into(&self, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let front = &bytes[..bytes.len().min(self.front())];
        let mut located = self.locate(front, bytes.len() as u64, &self.parts())?;
        let whole = Region::whole(&self.block);
        for n in 0..located.extents().len() {
            let extent = located.extents()[n].clone();
            let part = bytes.get(extent.start as usize..extent.end as usize);
            let part = part.ok_or_else(|| Error::data("", "cut off"))?;
            located.decode(n, part, &whole, out)?;
        }
        Ok(())
    }

    fn parted(&self) -> Option<&dyn Parted> {
        Some(self)
    }
}

impl Parted for Toy {
    fn shape(&self) -> &[u64] {
        &self.part
    }

    fn front(&self) -> usize {
        self.parts().len() * 8 + 4
    }

    fn locate(&self, front: &[u8], length: u64, wanted: &[Region]) -> Result<Box<dyn Located>> {
        assert!(front.len() <= self.front() && front.len() as u64 <= length);
        assert!(wanted.is_sorted_by_key(|region| self.number(region)));
        let hook = HOOKS.lock().unwrap().remove(&self.tag);
        if let Some(hook) = hook {
            hook();
        }
        let table = without_checksum(front, "the table")?;
        let numbers = table.as_chunks().0.iter().map(|n| u32::from_le_bytes(*n));
        let numbers: Vec<u64> = numbers.map(u64::from).collect();
        let mut parts: Vec<(usize, Option<Region>)> = wanted
            .iter()
            .map(|region| (self.number(region), Some(region.clone())))
            .collect();
        if self.refer && parts.first().is_some_and(|(n, _)| *n > 0) {
            parts.insert(0, (0, None));
        }
        let extents = parts
            .iter()
            .map(|(n, _)| numbers[n * 2]..numbers[n * 2 + 1]);
        Ok(Box::new(Found {
            extents: extents.collect(),
            toy: self.clone(),
            parts,
            first: Vec::new(),
        }))
    }
}

#[derive(Debug)]
struct Found {
    toy: Toy,
    parts: Vec<(usize, Option<Region>)>,
    extents: Vec<Range<u64>>,
    first: Vec<u8>,
}

impl Located for Found {
    fn extents(&self) -> &[Range<u64>] {
        &self.extents
    }

    fn decode(&mut self, n: usize, bytes: &[u8], within: &Region, out: &mut [u8]) -> Result<()> {
        let (number, wanted) = &self.parts[n];
        let (toy, size) = (&self.toy, self.toy.element.size());
        let whole = &toy.parts()[*number];
        let length = whole.len() as usize * size;
        let mut part = match bytes {
            [] => vec![0; length],
            bytes => without_checksum(bytes, &format!("part {number}"))?.to_vec(),
        };
        assert_eq!(part.len(), length);
        match number {
            0 => self.first.clone_from(&part),
            _ if toy.refer => difference(&mut part, &self.first),
            _ => {}
        }
        let mut decoded = DECODED.lock().unwrap();
        decoded.entry(toy.tag).or_default().push(*number as u64);
        if let Some(wanted) = wanted {
            let start = wanted.relative_to(&whole.start).start;
            let from = Window {
                shape: &whole.shape,
                start: &start,
            };
            let start = wanted.relative_to(&within.start).start;
            let to = Window {
                shape: &within.shape,
                start: &start,
            };
            copy(&wanted.shape, size, &part, from, out, to);
        }
        Ok(())
    }
}
