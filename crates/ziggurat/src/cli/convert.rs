//! `ziggurat convert`.

use ziggurat::codecs::superchunk;
use ziggurat::convert::{Options, convert};
use ziggurat::core::Result;

use super::args::{Convert, LayoutName};
use super::progress::Bars;

pub(super) fn run(args: Convert, bars: &Bars) -> Result<()> {
    let options = Options {
        to: args.to,
        dtype: args.dtype,
        codec: args.codec,
        block: args.block,
        chunk: args.chunk,
        superchunk: args.superchunk,
        unsharded: args.layout == LayoutName::Unsharded,
        framing: (args.layout == LayoutName::Superchunk).then(|| superchunk::NAME.to_owned()),
        overwrite: args.overwrite,
    };
    bars.catch_interrupts();
    convert(&args.from, &args.to_path, &options, bars)
}
