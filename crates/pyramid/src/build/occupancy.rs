//! Which tiles of each level hold anything: what lies below the rest is never visited.

use std::collections::HashSet;

use ziggurat_core::{Region, Result};

use super::plan::Plan;

/// The occupied tiles of every level.
#[derive(Debug)]
pub(super) struct Occupancy {
    /// By level; `None` where every tile is.
    levels: Vec<Option<HashSet<Vec<u64>>>>,
}

impl Occupancy {
    /// Everything is visited.
    pub(super) fn full(levels: usize) -> Self {
        Self {
            levels: vec![None; levels + 1],
        }
    }

    /// Whether everything is visited.
    pub(super) fn is_full(&self) -> bool {
        self.levels.iter().all(Option::is_none)
    }

    /// What the existing superchunks of the base lead to.
    pub(super) fn of_base(plan: &Plan<'_>) -> Result<Self> {
        let superchunk = plan.base.layout().superchunk();
        let existing = plan.base.superchunks()?;
        let grid = Region::whole(plan.base.shape()).cells(superchunk);
        if existing.len() as u64 == grid.len() {
            return Ok(Self::full(plan.levels()));
        }
        let whole = Region::whole(plan.base.shape());
        let mut tiles: HashSet<Vec<u64>> = existing
            .iter()
            .filter_map(|index| Region::of_cell(index, superchunk).intersect(&whole))
            .flat_map(|region| region.cells(&plan.tile).indices())
            .collect();
        let mut levels = Vec::with_capacity(plan.levels() + 1);
        for _ in 0..=plan.levels() {
            let parent = |t: &Vec<u64>| t.iter().zip(&plan.factors).map(|(i, f)| i / f).collect();
            let parents = tiles.iter().map(parent).collect();
            levels.push(Some(std::mem::replace(&mut tiles, parents)));
        }
        Ok(Self { levels })
    }

    /// Whether `tile` of `level` is occupied.
    pub(super) fn contains(&self, level: usize, tile: &[u64]) -> bool {
        self.levels[level]
            .as_ref()
            .is_none_or(|set| set.contains(tile))
    }

    /// The occupied tiles of `level`, which has `grid` tiles, in C order.
    pub(super) fn tiles(&self, level: usize, grid: &Region) -> Vec<Vec<u64>> {
        match &self.levels[level] {
            None => grid.indices().collect(),
            Some(set) => {
                let mut tiles: Vec<Vec<u64>> = set.iter().cloned().collect();
                tiles.sort();
                tiles
            }
        }
    }

    /// Number of occupied tiles of `level`, which has `grid` tiles.
    pub(super) fn count(&self, level: usize, grid: &Region) -> u64 {
        self.levels[level]
            .as_ref()
            .map_or(grid.len(), |set| set.len() as u64)
    }
}
