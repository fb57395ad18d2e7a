//! Making levels anew in a datastore that exists: other levels, other aggregators.

use std::sync::Arc;

use ziggurat_core::exec::block_on;
use ziggurat_core::progress::Progress;
use ziggurat_core::{Error, Region, Result};

use super::create::{Storage, check_aggregators, targets};
use super::{Datastore, Levels, Options, dirty};
use crate::Aggregator;

impl Datastore {
    /// Chooses other levels and aggregators; [`rebuild`](Self::rebuild) makes them.
    ///
    /// `levels` is `None` to keep their number.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn replan(&mut self, levels: Option<Levels>, aggregators: &[Aggregator]) -> Result<()> {
        let options = Options {
            levels: levels.unwrap_or(Levels::Count(self.levels)),
            ..Options::default()
        };
        let shape = |m: &super::Member| (m.base.shape().to_vec(), m.factors.clone());
        let shapes: Vec<_> = self.members.iter().map(shape).collect();
        let count = options.count_levels(&shapes)?;
        let aggregators = check_aggregators(aggregators, count)?;
        for member in &mut self.members {
            let base = member.base.metadata();
            let codec =
                ziggurat_core::codec::CodecSpec::from_chain(&base.codecs).ok_or_else(|| {
                    let what = "its codec chain is none that ziggurat writes; import it again";
                    Error::unsupported(member.base.place(), what)
                })?;
            member.targets = targets(
                &self.store,
                &member.variable,
                &member.factors,
                count,
                &aggregators,
                Storage {
                    layout: &base.layout,
                    codec: &codec,
                    framing: base.framing.as_deref(),
                },
            )?;
        }
        (self.levels, self.aggregators) = (count, aggregators);
        Ok(())
    }

    /// Makes all levels of a datastore that exists, writes its documents anew and deletes what no
    /// longer belongs to it.
    ///
    /// All of level 0 is logged dirty before and cleared at the end, so that an interrupted run is
    /// seen as such and can be repeated.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn rebuild(&self, progress: &dyn Progress) -> Result<()> {
        self.log_all()?;
        let entries = dirty::entries(&*self.store)?;
        self.build(progress)?;
        self.commit()?;
        let store = Arc::clone(&self.store);
        for name in block_on(store.list_dir(""))? {
            if name.parse::<usize>().is_ok_and(|level| level > self.levels) {
                block_on(store.delete_prefix(&name))?;
            }
        }
        let further: Vec<&str> = self.aggregators.iter().skip(1).map(|a| a.name()).collect();
        if further.is_empty() || self.levels == 0 {
            block_on(store.delete_prefix("agg"))?;
        }
        for name in block_on(store.list_dir("agg"))? {
            let kept =
                further.contains(&name.as_str()) || name == ziggurat_core::hierarchy::DOCUMENT;
            if !kept {
                block_on(store.delete_prefix(&format!("agg/{name}")))?;
                continue;
            }
            for level in block_on(store.list_dir(&format!("agg/{name}")))? {
                if level.parse::<usize>().is_ok_and(|l| l > self.levels) {
                    block_on(store.delete_prefix(&format!("agg/{name}/{level}")))?;
                }
            }
        }
        dirty::clear(&*self.store, &entries)
    }

    /// Logs all of level 0 of every variable.
    pub(super) fn log_all(&self) -> Result<()> {
        self.members.iter().try_for_each(|member| {
            let whole = Region::whole(member.base.shape());
            dirty::log(&*self.store, &member.variable.name, &whole)
        })
    }
}
