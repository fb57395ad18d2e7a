//! Cutting an array into boxes that follow each other in C order.

use ziggurat_core::Region;

/// Bytes that are decoded at a time, about.
const BUDGET: u64 = 64 << 20;
/// Bytes that are decoded at a time at most where that saves decoding chunks more than once.
const MOST: u64 = 256 << 20;
/// What an element without a fixed size is taken to need.
const VARIABLE: usize = 64;

/// Boxes whose elements, one box after the other, are the array in C order.
///
/// Each is a run of indices of one axis: of the first where that fits the memory, else of a later
/// one for each index before it. Runs end where `chunks` (whole ones, inner ones) end, unless a row of
/// chunks is too large; then chunks are decoded more than once.
pub(super) fn slabs(
    shape: &[u64],
    chunks: &[Vec<u64>; 2],
    size: Option<usize>,
) -> impl Iterator<Item = Region> {
    let size = size.unwrap_or(VARIABLE) as u64;
    let below = |axis: usize| {
        let inner = shape[axis + 1..].iter();
        inner.fold(size, |n, &s| n.saturating_mul(s)).max(1)
    };
    let last = shape.len().saturating_sub(1);
    let axis = (0..last).find(|&d| below(d) <= BUDGET).unwrap_or(last);
    let mut cell = vec![1; axis.min(shape.len())];
    if !shape.is_empty() {
        let row = below(axis);
        cell.push(run(row, chunks.each_ref().map(|c| c.get(axis).copied())));
        cell.extend(shape[axis + 1..].iter().map(|&s| s.max(1)));
    }
    let whole = Region::whole(shape);
    let cells = whole.cells(&cell).indices();
    cells.filter_map(move |index| Region::of_cell(&index, &cell).intersect(&whole))
}

/// Number of indices in a run, where one index is `row` bytes.
fn run(row: u64, chunks: [Option<u64>; 2]) -> u64 {
    let fits = (BUDGET / row).max(1);
    for chunk in chunks.into_iter().flatten() {
        if chunk <= fits {
            return fits - fits % chunk;
        }
        if chunk.saturating_mul(row) <= MOST {
            return chunk;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts_and_shapes(shape: &[u64], chunk: &[u64], inner: &[u64], size: usize) -> Vec<String> {
        let chunks = [chunk.to_vec(), inner.to_vec()];
        let slabs = slabs(shape, &chunks, Some(size));
        slabs.map(|slab| slab.to_string()).collect()
    }

    #[test]
    fn runs_end_where_chunks_end() {
        let one = |shape: &[u64], chunk: &[u64]| starts_and_shapes(shape, chunk, chunk, 8);
        assert_eq!(one(&[], &[]), ["[]"]);
        assert_eq!(one(&[0], &[5]), [""; 0]);
        assert_eq!(one(&[3, 0], &[5, 5]), [""; 0]);
        assert_eq!(one(&[3, 4], &[2, 2]), ["[0:3, 0:4]"]);
        // 1 MiB a row: 64 rows fit, 60 are whole chunks.
        let rows = one(&[100, 1 << 17], &[20, 1 << 10]);
        assert_eq!(rows, ["[0:60, 0:131072]", "[60:100, 0:131072]"]);
        // A row of chunks may be somewhat larger ...
        let rows = one(&[200, 1 << 17], &[100, 1 << 10]);
        assert_eq!(rows, ["[0:100, 0:131072]", "[100:200, 0:131072]"]);
        // ... but not much larger; inner chunks are next.
        let rows = starts_and_shapes(&[900, 1 << 17], &[900, 1 << 10], &[30, 30], 8);
        assert_eq!(rows.len(), 15);
        assert_eq!(one(&[900, 1 << 17], &[900, 1 << 10]).len(), 15);
        // A plane that does not fit is cut along the next axis.
        let planes = one(&[2, 1 << 12, 1 << 12], &[1, 512, 512]);
        assert_eq!(planes.len(), 4);
        assert_eq!(planes[1], "[0:1, 2048:4096, 0:4096]");
    }
}
