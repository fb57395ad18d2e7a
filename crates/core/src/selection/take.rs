//! Putting what was read in rising order into the order in which it was asked.

use super::pick::Order;

/// The elements of a C-order array taken in another order along some dimensions.
///
/// `dims` holds for each dimension its size and the order of what is taken.
pub(crate) fn take(dims: &[(usize, &Order)], from: &[u8], to: &mut [u8]) {
    // Dimensions at the end that stay as they are move as one run.
    let ordered = dims
        .iter()
        .rposition(|(_, order)| !matches!(order, Order::Rising));
    if !to.is_empty() {
        along(&dims[..ordered.map_or(0, |last| last + 1)], from, to);
    }
}

fn along(dims: &[(usize, &Order)], from: &[u8], to: &mut [u8]) {
    let Some((&(distinct, order), inner)) = dims.split_first() else {
        to.copy_from_slice(from);
        return;
    };
    let (source, target) = (from.len() / distinct, to.len() / order.asked(distinct));
    for (i, part) in to.chunks_exact_mut(target).enumerate() {
        let i = order.place(i, distinct);
        along(inner, &from[i * source..(i + 1) * source], part);
    }
}
