//! From partial aggregates to the values that are stored.

use bytemuck::{NoUninit, bytes_of};
use ziggurat_core::{ElementType, Variable};

use super::{Aggregator, Partial, Sample, packing};

/// How the values of one aggregator are made for one variable.
#[derive(Clone, Debug)]
pub(crate) struct Output<T> {
    aggregator: Aggregator,
    element: ElementType,
    /// What a cell holds that stands for missing cells only.
    missing: T,
    scale: f64,
    offset: f64,
}

impl<T: Sample> Output<T> {
    /// `base` is the variable that is aggregated, `made` what [`Aggregator::output`] says of it.
    pub(crate) fn new(
        aggregator: Aggregator,
        base: &Variable,
        made: &Variable,
        missing: T,
    ) -> Self {
        let (scale, offset) = packing(base);
        // A falling scale turns the order of stored values round.
        let aggregator = match aggregator {
            Aggregator::Min if scale < 0.0 => Aggregator::Max,
            Aggregator::Max if scale < 0.0 => Aggregator::Min,
            other => other,
        };
        Self {
            aggregator,
            element: made.element,
            missing,
            scale,
            offset,
        }
    }

    /// The channel it is made from.
    pub(crate) fn needs(&self, channels: &mut super::Channels) {
        match self.aggregator {
            Aggregator::Mean | Aggregator::Sum => channels.sum = true,
            Aggregator::Count => {}
            Aggregator::Min => channels.min = true,
            Aggregator::Max => channels.max = true,
            Aggregator::Nearest => channels.nearest = true,
        }
    }

    /// Makes `bytes` the native-endian bytes of the values of every cell of `partial`.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts fit the type chosen for them"
    )]
    pub(crate) fn write(&self, partial: &Partial<T>, bytes: &mut Vec<u8>) {
        let counts = || partial.count.iter();
        let sums = || partial.sum.iter().zip(counts());
        let counted = |(&v, &n): (&T, &u64)| if n == 0 { self.missing } else { v };
        match (self.aggregator, self.element) {
            (Aggregator::Mean, _) => replace(
                bytes,
                sums().map(|(&sum, &n)| match n {
                    0 => self.missing,
                    _ => T::mean(sum, n),
                }),
            ),
            (Aggregator::Sum, ElementType::Float64) => replace(
                bytes,
                sums().map(|(&sum, &n)| match n {
                    0 => f64::NAN,
                    _ => self.scale * T::sum_f64(sum) + self.offset * n as f64,
                }),
            ),
            (Aggregator::Sum, _) => replace(bytes, sums().map(|(&sum, _)| T::sum_bits(sum))),
            (Aggregator::Count, ElementType::UInt32) => replace(bytes, counts().map(|&n| n as u32)),
            (Aggregator::Count, _) => replace(bytes, counts().copied()),
            (Aggregator::Min, _) => replace(bytes, partial.min.iter().zip(counts()).map(counted)),
            (Aggregator::Max, _) => replace(bytes, partial.max.iter().zip(counts()).map(counted)),
            (Aggregator::Nearest, _) => replace(bytes, partial.nearest.iter().copied()),
        }
    }
}

/// Makes `bytes` the native-endian bytes of `values`.
pub(crate) fn replace<V: NoUninit>(bytes: &mut Vec<u8>, values: impl ExactSizeIterator<Item = V>) {
    // Not cleared before: every byte is written, and tiles mostly have one size.
    bytes.resize(values.len() * size_of::<V>(), 0);
    for (to, value) in bytes.chunks_exact_mut(size_of::<V>()).zip(values) {
        to.copy_from_slice(bytes_of(&value));
    }
}
