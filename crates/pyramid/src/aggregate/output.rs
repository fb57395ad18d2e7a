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

    /// Native-endian bytes of the values of every cell of `partial`.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts fit the type chosen for them"
    )]
    pub(crate) fn bytes(&self, partial: &Partial<T>) -> Vec<u8> {
        let counted = |values: &[T]| -> Vec<u8> {
            let pairs = values.iter().zip(&partial.count);
            let values: Vec<T> = pairs
                .map(|(&v, &n)| if n == 0 { self.missing } else { v })
                .collect();
            cast_slice(&values).to_vec()
        };
        let sums = || partial.sum.iter().zip(&partial.count);
        match (self.aggregator, self.element) {
            (Aggregator::Mean, _) => {
                let mean =
                    |(&s, &n): (&T::Sum, &u64)| if n == 0 { self.missing } else { T::mean(s, n) };
                let values: Vec<T> = sums().map(mean).collect();
                cast_slice(&values).to_vec()
            }
            (Aggregator::Sum, ElementType::Float64) => {
                let sum = |(&s, &n): (&T::Sum, &u64)| match n {
                    0 => f64::NAN,
                    _ => self.scale * T::sum_f64(s) + self.offset * n as f64,
                };
                let values: Vec<f64> = sums().map(sum).collect();
                cast_slice(&values).to_vec()
            }
            (Aggregator::Sum, _) => {
                let values: Vec<u64> = partial.sum.iter().map(|&s| T::sum_bits(s)).collect();
                cast_slice(&values).to_vec()
            }
            (Aggregator::Count, ElementType::UInt32) => {
                let values: Vec<u32> = partial.count.iter().map(|&n| n as u32).collect();
                cast_slice(&values).to_vec()
            }
            (Aggregator::Count, _) => cast_slice(&partial.count).to_vec(),
            (Aggregator::Min, _) => counted(&partial.min),
            (Aggregator::Max, _) => counted(&partial.max),
            (Aggregator::Nearest, _) => cast_slice(&partial.nearest).to_vec(),
        }
    }
}
