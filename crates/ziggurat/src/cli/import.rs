//! `ziggurat import`.

use ziggurat::codecs::superchunk;
use ziggurat::core::{Crs, Error, Result};
use ziggurat::import::import;
use ziggurat::pyramid::Options;
use ziggurat::source::{Choice, Selected, Source, Stack, align, open};

use super::args::{Import, LayoutName};
use super::progress::Bars;

/// What `--layout superchunk` costs.
const COST: &str = "--layout superchunk stores blocks without shuffle: smooth data takes 1.3 to 2 times \
    the bytes of --codec blosc-zstd, noise about as many";

pub(super) fn run(args: Import, bars: &Bars) -> Result<()> {
    let Some((store, files)) = args
        .paths
        .split_last()
        .filter(|(_, files)| !files.is_empty())
    else {
        return Err(Error::caller(
            "import",
            "name at least one source, and last the store to make: \
             ziggurat import dem.tif dem.zarr",
        ));
    };
    let mut choice = Choice {
        crs: args.crs.as_deref().map(Crs::from_user).transpose()?,
        nodata: args.nodata,
        ..Choice::default()
    };
    args.var.iter().for_each(|v| choice.take(v));
    let mut sources: Vec<Box<dyn Source>> = Vec::with_capacity(files.len());
    for path in files {
        sources.push(Box::new(Selected::new(open(path)?, &choice)?));
    }
    if let Some(method) = args.resample {
        sources = align(sources, method, args.nodata)?;
    }
    let source = match sources.len() {
        1 if args.time == ziggurat::source::TimeFrom::Auto => sources.remove(0),
        _ => Box::new(Stack::new(sources, &args.time)?) as Box<dyn Source>,
    };
    let framed = args.layout == LayoutName::Superchunk;
    if framed {
        bars.note(COST);
    }
    let options = Options {
        levels: args.levels,
        factors: args.factor,
        aggregators: args.aggregate,
        block: args.block,
        chunk: args.chunk,
        superchunk: args.superchunk,
        unsharded: args.layout == LayoutName::Unsharded,
        codec: args.codec,
        framing: framed.then(|| superchunk::NAME.to_owned()),
    };
    bars.catch_interrupts();
    import(&*source, store, &options, args.overwrite, bars)
}
