//! The geometry of a build: tiles, and what of each level they cover.

use ziggurat_core::{Array, Region};

/// A base and its levels, cut into tiles.
///
/// A *tile* has the same shape at every level, a multiple of the chunk and, in every dimension that
/// is aggregated, of the factor. So the children of tile `i` are the tiles `i*f .. i*f + f`, its
/// parent is `i / f`, and what two tiles give to their parents never overlaps.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) base: &'a Array,
    pub(super) factors: Vec<u64>,
    pub(super) tile: Vec<u64>,
    /// Shape of each level, the base first.
    shapes: Vec<Vec<u64>>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(base: &'a Array, factors: &[u64], levels: usize) -> Self {
        let layout = base.layout();
        let tile = (0..factors.len())
            .map(|d| match factors[d] {
                // Dimensions that are not aggregated: whole superchunks, so that they are finished soon.
                1 => layout.superchunk()[d],
                f if layout.chunk()[d].is_multiple_of(f) => layout.chunk()[d],
                f => layout.chunk()[d] * f,
            })
            .collect();
        let mut shapes = vec![base.shape().to_vec()];
        for level in 0..levels {
            let coarser = shapes[level]
                .iter()
                .zip(factors)
                .map(|(s, f)| s.div_ceil(*f));
            shapes.push(coarser.collect());
        }
        Self {
            base,
            factors: factors.to_vec(),
            tile,
            shapes,
        }
    }

    /// Number of levels above the base.
    pub(super) fn levels(&self) -> usize {
        self.shapes.len() - 1
    }

    /// The whole of a level.
    pub(super) fn whole(&self, level: usize) -> Region {
        Region::whole(&self.shapes[level])
    }

    /// The grid of tiles of a level.
    pub(super) fn grid(&self, level: usize) -> Region {
        self.whole(level).cells(&self.tile)
    }

    /// The part of `level` that `tile` covers; empty if it lies outside.
    pub(super) fn region(&self, level: usize, tile: &[u64]) -> Region {
        let cell = Region::of_cell(tile, &self.tile);
        cell.intersect(&self.whole(level))
            .unwrap_or_else(|| Region::new(cell.start, vec![0; self.tile.len()]))
    }

    /// The tiles one level below `level` from which `tile` is made.
    pub(super) fn children(&self, level: usize, tile: &[u64]) -> Vec<Vec<u64>> {
        let below = Region::of_cell(tile, &self.factors).intersect(&self.grid(level - 1));
        below
            .map(|tiles| tiles.indices().collect())
            .unwrap_or_default()
    }

    /// The part one level above `level` that `region` gives to.
    pub(super) fn above(&self, region: &Region) -> Region {
        region.cells(&self.factors)
    }

    /// By dimension, how many base indices each index of `region` of `level` stands for.
    pub(super) fn base_cells(&self, level: usize, region: &Region) -> Vec<Vec<u64>> {
        let times = u32::try_from(level).unwrap_or(u32::MAX);
        (0..self.factors.len())
            .map(|d| {
                let (f, size) = (self.factors[d].saturating_pow(times), self.shapes[0][d]);
                let span = |i: u64| size.min((i + 1).saturating_mul(f)) - i.saturating_mul(f);
                (region.start[d]..region.end(d)).map(span).collect()
            })
            .collect()
    }
}
