//! From partial aggregates to the values that are stored.

use bytemuck::cast_slice;
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

    /// Gives `put` the native-endian bytes of the values of every cell of `partial`.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts fit the type chosen for them"
    )]
    pub(crate) fn with_bytes<R>(&self, partial: &Partial<T>, put: impl FnOnce(&[u8]) -> R) -> R {
        let counted = |values: &[T]| -> Vec<T> {
            let pairs = values.iter().zip(&partial.count);
            pairs
                .map(|(&v, &n)| if n == 0 { self.missing } else { v })
                .collect()
        };
        let sums = || partial.sum.iter().zip(&partial.count);
        match (self.aggregator, self.element) {
            (Aggregator::Mean, _) => {
                let mean = |(&s, &n): (&T::Sum, &u64)| match n {
                    0 => self.missing,
                    _ => T::mean(s, n),
                };
                put(cast_slice(&sums().map(mean).collect::<Vec<T>>()))
            }
            (Aggregator::Sum, ElementType::Float64) => {
                let sum = |(&s, &n): (&T::Sum, &u64)| match n {
                    0 => f64::NAN,
                    _ => self.scale * T::sum_f64(s) + self.offset * n as f64,
                };
                put(cast_slice(&sums().map(sum).collect::<Vec<f64>>()))
            }
            (Aggregator::Sum, _) => put(cast_slice(
                &partial
                    .sum
                    .iter()
                    .map(|&s| T::sum_bits(s))
                    .collect::<Vec<u64>>(),
            )),
            (Aggregator::Count, ElementType::UInt32) => put(cast_slice(
                &partial
                    .count
                    .iter()
                    .map(|&n| n as u32)
                    .collect::<Vec<u32>>(),
            )),
            (Aggregator::Count, _) => put(cast_slice(&partial.count)),
            (Aggregator::Min, _) => put(cast_slice(&counted(&partial.min))),
            (Aggregator::Max, _) => put(cast_slice(&counted(&partial.max))),
            (Aggregator::Nearest, _) => put(cast_slice(&partial.nearest)),
        }
    }
}
