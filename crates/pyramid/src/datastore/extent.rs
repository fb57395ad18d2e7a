//! The extent that really holds data, found by walking the pyramid.

use ziggurat_core::{Region, Result, Variable};

use super::{Chunk, Datastore};
use crate::Aggregator;

impl Datastore {
    /// The smallest box of chunks of level 0 that holds all stored chunks; `None` if there are none.
    ///
    /// From an arbitrary chunk the walk goes up to the top and down again through existing chunks,
    /// leaving out those that cannot enlarge the box. Levels are not trusted where they are behind
    /// their base, and where a cell that is not missing may look so (a mean may equal the nodata
    /// value, the nearest cell may be missing): then the base itself is listed.
    ///
    /// # Errors
    /// If a level cannot be read.
    pub fn extent(&self, variable: &str) -> Result<Option<Region>> {
        let Some(any) = self.find_chunk(variable)? else {
            return Ok(None);
        };
        let mut found = any.region();
        let stale = self.stale()?.iter().any(|(name, _)| name == variable);
        if stale || !self.shows_what_is_there(self.member(variable)?.variable()) {
            for chunk in self.iter_meaningful_chunks(variable)? {
                found = hull(&found, &chunk?.region());
            }
            return Ok(Some(found));
        }
        let mut top = any;
        while let Some(parent) = top.parent()? {
            top = parent;
        }
        let level = top.level();
        for chunk in level.chunks(&Region::whole(level.array().shape())) {
            descend(&chunk, &mut found)?;
        }
        Ok(Some(found))
    }

    /// Whether a cell of a level is missing only where all base cells that it stands for are.
    fn shows_what_is_there(&self, variable: &Variable) -> bool {
        // A float that is NaN is missing too, and stored where another value is what fills.
        let nan = variable.nodata.is_none_or(|n| n.as_f64().is_nan()) && variable.fill.is_none();
        let float = variable.element.is_float();
        match self.aggregators.first() {
            Some(Aggregator::Min | Aggregator::Max) if !float => variable.nodata.is_some(),
            Some(Aggregator::Min | Aggregator::Max | Aggregator::Mean) => float && nan,
            _ => false,
        }
    }
}

/// Enlarges `found` by the stored base chunks below `chunk`.
fn descend(chunk: &Chunk<'_>, found: &mut Region) -> Result<()> {
    if found.contains(&base_region(chunk)) || !chunk.exists()? {
        return Ok(());
    }
    if chunk.level().number() == 0 {
        *found = hull(found, &chunk.region());
        return Ok(());
    }
    chunk
        .children()?
        .iter()
        .try_for_each(|child| descend(child, found))
}

/// The region of level 0 that a chunk stands for.
fn base_region(chunk: &Chunk<'_>) -> Region {
    let member = chunk.member();
    let times = u32::try_from(chunk.level().number()).unwrap_or(u32::MAX);
    let scale: Vec<u64> = member
        .factors()
        .iter()
        .map(|f| f.saturating_pow(times))
        .collect();
    let region = chunk.region();
    let shape = member.base().shape();
    let start: Vec<u64> = region
        .start
        .iter()
        .zip(&scale)
        .map(|(s, f)| s.saturating_mul(*f))
        .collect();
    let end = |d: usize| region.end(d).saturating_mul(scale[d]).min(shape[d]);
    let size = (0..start.len())
        .map(|d| end(d) - start[d])
        .collect::<Vec<_>>();
    Region::new(start, size)
}

/// The smallest box that holds both.
fn hull(a: &Region, b: &Region) -> Region {
    let start: Vec<u64> = a
        .start
        .iter()
        .zip(&b.start)
        .map(|(a, b)| *a.min(b))
        .collect();
    let size = |d: usize| a.end(d).max(b.end(d)) - start[d];
    let shape: Vec<u64> = (0..start.len()).map(size).collect();
    Region::new(start, shape)
}
