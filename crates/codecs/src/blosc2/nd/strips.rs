//! A region cut into parts that lie one after the other in the result, to be read in parallel.

use ziggurat_core::Region;

use super::NdLayout;

/// Fewest parts for each thread, so that all are busy.
const PARTS: usize = 4;

/// Cuts `region`, which is not empty, along its first dimension of more than one element: where chunks
/// meet, or where blocks do if that makes too few parts for `threads`.
pub(super) fn cut(layout: &NdLayout, region: &Region, threads: usize) -> Vec<Region> {
    let Some(axis) = region.shape.iter().position(|&n| n > 1) else {
        return vec![region.clone()];
    };
    let (chunk, block) = (layout.chunk()[axis], layout.block()[axis]);
    let chunks = cut_at(region, axis, |at| (at / chunk + 1) * chunk);
    if chunks.len() >= PARTS * threads || threads == 1 {
        return chunks;
    }
    cut_at(region, axis, |at| {
        let (origin, within) = (at / chunk * chunk, at % chunk);
        origin + ((within / block + 1) * block).min(chunk)
    })
}

/// Cuts along `axis`, where `next` gives the first border after an index.
fn cut_at(region: &Region, axis: usize, next: impl Fn(u64) -> u64) -> Vec<Region> {
    let mut parts = Vec::new();
    let mut at = region.start[axis];
    while at < region.end(axis) {
        let end = next(at).min(region.end(axis));
        let mut part = region.clone();
        (part.start[axis], part.shape[axis]) = (at, end - at);
        parts.push(part);
        at = end;
    }
    parts
}
