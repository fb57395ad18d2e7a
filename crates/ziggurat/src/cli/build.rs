//! `ziggurat build` and `ziggurat refresh`.

use ziggurat::core::Result;

use super::args::{Build, Store};
use super::open;
use super::progress::Bars;

pub(super) fn build(args: &Build, bars: &Bars) -> Result<()> {
    let mut datastore = open(&args.store)?;
    if args.levels.is_some() || !args.aggregate.is_empty() {
        let aggregators = match args.aggregate.is_empty() {
            true => datastore.aggregators().to_vec(),
            false => args.aggregate.clone(),
        };
        datastore.replan(args.levels, &aggregators)?;
    }
    bars.catch_interrupts();
    datastore.rebuild(bars)
}

pub(super) fn refresh(args: &Store, bars: &Bars) -> Result<()> {
    let datastore = open(&args.store)?;
    bars.catch_interrupts();
    datastore.refresh(bars)
}
