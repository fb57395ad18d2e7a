//! Where finished tiles go: cut into blocks, encoded, gathered into superchunks, written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ziggurat_core::region::{Window, copy};
use ziggurat_core::{Array, Region, Result, SuperchunkWriter};

use super::occupancy::Occupancy;
use super::plan::Plan;

/// One array that is being made, at one level.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    array: &'a Array,
    level: usize,
    open: Mutex<HashMap<Vec<u64>, Open<'a>>>,
}

/// A superchunk that still waits for tiles.
#[derive(Debug)]
struct Open<'a> {
    writer: SuperchunkWriter<'a>,
    blocks_to_come: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(array: &'a Array, level: usize) -> Self {
        Self {
            array,
            level,
            open: Mutex::default(),
        }
    }

    /// The fill value of the array.
    pub(super) fn fill(&self) -> &[u8] {
        &self.array.metadata().fill
    }

    /// Takes the elements of `region`, a whole tile, and writes each superchunk that is complete.
    pub(super) fn put(
        &self,
        plan: &Plan<'_>,
        occupied: &Occupancy,
        region: &Region,
        bytes: &[u8],
    ) -> Result<()> {
        let layout = self.array.layout();
        let codec = self.array.codec();
        let mut block = Vec::new();
        for index in region.cells(layout.block()).indices() {
            let cell = Region::of_cell(&index, layout.block());
            let Some(part) = cell.intersect(region) else {
                continue;
            };
            let place = self.array.place();
            let encoded = if cell == *region {
                codec.encode(&place, bytes)?
            } else {
                if part.shape != cell.shape || block.is_empty() {
                    block = codec.fill_block();
                }
                let from = part.relative_to(&region.start).start;
                let to = part.relative_to(&cell.start).start;
                copy(
                    &part.shape,
                    self.array.element().size(),
                    bytes,
                    Window {
                        shape: &region.shape,
                        start: &from,
                    },
                    &mut block,
                    Window {
                        shape: &cell.shape,
                        start: &to,
                    },
                );
                codec.encode(&place, &block)?
            };
            let (superchunk, _) = layout.locate(&index);
            let complete = {
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = open.entry(superchunk.clone()).or_insert_with(|| Open {
                    writer: self.array.superchunk_writer(&superchunk),
                    blocks_to_come: self.expected(plan, occupied, &superchunk),
                });
                entry.writer.set(&index, encoded);
                entry.blocks_to_come -= 1;
                if entry.blocks_to_come == 0 {
                    open.remove(&superchunk)
                } else {
                    None
                }
            };
            if let Some(complete) = complete {
                complete.writer.finish()?;
            }
        }
        Ok(())
    }

    /// Deletes superchunks of an earlier build that lie where nothing is left.
    pub(super) fn clear_rest(&self, plan: &Plan<'_>, occupied: &Occupancy) -> Result<()> {
        if occupied.is_full() {
            return Ok(());
        }
        for superchunk in self.array.superchunks()? {
            if self.expected(plan, occupied, &superchunk) == 0 {
                self.array.superchunk_writer(&superchunk).finish()?;
            }
        }
        Ok(())
    }

    /// How many blocks of a superchunk will come: those of occupied tiles.
    fn expected(&self, plan: &Plan<'_>, occupied: &Occupancy, superchunk: &[u64]) -> u64 {
        let layout = self.array.layout();
        let cell = Region::of_cell(superchunk, layout.superchunk());
        let Some(inside) = cell.intersect(&plan.whole(self.level)) else {
            return 0;
        };
        inside
            .cells(&plan.tile)
            .indices()
            .filter(|tile| occupied.contains(self.level, tile))
            .filter_map(|tile| plan.region(self.level, &tile).intersect(&inside))
            .map(|part| part.cells(layout.block()).len())
            .sum()
    }
}
