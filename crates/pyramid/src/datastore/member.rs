//! One variable of a datastore, with all its arrays.

use ziggurat_core::progress::Progress;
use ziggurat_core::{Array, Error, Result, Variable};

use crate::Aggregator;
use crate::build::{Target, build};

/// A variable, its base and the levels of every aggregator.
#[derive(Debug)]
pub struct Member {
    pub(super) variable: Variable,
    pub(super) factors: Vec<u64>,
    pub(super) base: Array,
    /// One per aggregator, the primary one first.
    pub(super) targets: Vec<Target>,
}

impl Member {
    /// What level 0 means.
    #[must_use]
    pub fn variable(&self) -> &Variable {
        &self.variable
    }

    /// Cells of one level that become one cell of the next, per dimension.
    #[must_use]
    pub fn factors(&self) -> &[u64] {
        &self.factors
    }

    /// The array of level 0.
    #[must_use]
    pub fn base(&self) -> &Array {
        &self.base
    }

    /// The array of a level; `aggregator` is `None` for the levels of the store itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such aggregator or level.
    pub fn array(&self, aggregator: Option<Aggregator>, level: usize) -> Result<&Array> {
        let target = match aggregator {
            None => self.targets.first(),
            Some(a) => Some(self.target(a)?),
        };
        match (level, target) {
            (0, _) => Some(&self.base),
            (_, Some(target)) => target.arrays.get(level - 1),
            (_, None) => None,
        }
        .ok_or_else(|| self.no_level(level))
    }

    /// What the cells of a level mean.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn variable_at(&self, aggregator: Option<Aggregator>, level: usize) -> Result<Variable> {
        let mut made = match (aggregator, level) {
            (_, 0) => self.variable.clone(),
            (None, _) => self
                .targets
                .first()
                .map_or_else(|| self.variable.clone(), |t| t.made.clone()),
            (Some(a), _) => self.target(a)?.made.clone(),
        };
        for _ in 0..level {
            made = made.coarsened(&self.factors);
        }
        Ok(made)
    }

    /// The levels of every aggregator.
    #[cfg(test)]
    pub(crate) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Makes all levels of all aggregators.
    pub(super) fn build(&self, progress: &dyn Progress) -> Result<()> {
        build(
            &self.base,
            &self.variable,
            &self.factors,
            &self.targets,
            progress,
        )
    }

    fn target(&self, aggregator: Aggregator) -> Result<&Target> {
        self.targets
            .iter()
            .find(|t| t.aggregator == aggregator)
            .ok_or_else(|| {
                let known: Vec<&str> = self.targets.iter().map(|t| t.aggregator.name()).collect();
                let what = format!("aggregator {aggregator}; it has {}", known.join(", "));
                Error::not_found(self.base.place(), what)
            })
    }

    fn no_level(&self, level: usize) -> Error {
        let most = self.targets.first().map_or(0, |t| t.arrays.len());
        Error::not_found(
            self.base.place(),
            format!("level {level}; the coarsest is {most}"),
        )
    }
}
