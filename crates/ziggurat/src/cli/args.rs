//! What the user may say. Meanings are checked here only as far as one argument goes.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use ziggurat::core::codec::CodecSpec;
use ziggurat::export::Colormap;
use ziggurat::pyramid::resample::Method;
use ziggurat::pyramid::{Aggregator, Bounds, Factors, Levels, Size};
use ziggurat::source::TimeFrom;

use super::parse;

/// Multi-resolution gridded data on Zarr v3.
///
/// Imports rasters and arrays into pyramids that every Zarr reader opens, and reads them back at
/// any resolution.
#[derive(Debug, Parser)]
#[command(
    name = "ziggurat",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  ziggurat import dem.tif dem.zarr
  ziggurat info dem.zarr
  ziggurat get dem.zarr --out dem.png --shape 600,800

`ziggurat COMMAND --help` has more."
)]
pub(crate) struct Args {
    /// Show no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Number of threads that compute [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = parse::positive)]
    pub(crate) threads: Option<usize>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a pyramid from files
    Import(Import),
    /// Convert an array between Zarr, Blosc2, Caterva, bcolz, bloscpack and NumPy
    Convert(Convert),
    /// Make all levels anew from level 0
    Build(Build),
    /// Bring the levels up to date with level 0
    Refresh(Store),
    /// Rewrite superchunks in which updates in place left gaps
    Compact(Store),
    /// Check every superchunk of every array below a path
    Verify(Store),
    /// Make the Zarr index of superchunks anew after Blosc2 changed them
    RepairIndex(RepairIndex),
    /// Tell what a store holds
    Info(Info),
    /// Read a window at any resolution into a file
    Get(Get),
    /// Print a checksum of the values of every array below a path
    Digest(Digest),
}

/// Make a pyramid from files
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ziggurat import [OPTIONS] <SRC>... <STORE>",
    after_help = "\
Examples:
  ziggurat import dem.tif dem.zarr
  ziggurat import radar-2016*.tif radar.zarr --time name --aggregate max,mean
  ziggurat import era.nc era.zarr --var z,t2m=T --levels 4 --codec blosc-zstd
  ziggurat import naip/*.tif naip.zarr --resample bilinear --nodata 0
  ziggurat import big.zarr pyramid.zarr --block 128,128 --chunk 1MiB --superchunk 64MiB"
)]
pub(crate) struct Import {
    /// Files or Zarr stores (several become one time axis), and last the store to make
    // One list, so that options may stand anywhere: the last of two positions would not allow it.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Levels above the base: a number, or auto (until none is larger than 256 cells)
    #[arg(long, default_value = "auto", value_parser = parse::levels)]
    pub(crate) levels: Levels,
    /// Cells that become one: a number for x and y, or by dimension (time=4,y=2,x=2)
    #[arg(long, default_value = "2", value_parser = parse::factors)]
    pub(crate) factor: Factors,
    /// Aggregators; the first makes the levels of the store, the others agg/NAME: mean, min, max, nearest, sum, count
    #[arg(
        long,
        default_value = "mean",
        value_delimiter = ',',
        value_name = "NAME,..."
    )]
    pub(crate) aggregate: Vec<Aggregator>,
    /// Unit that is decoded alone: a shape (128,128), a size (64KiB), or auto
    #[arg(long, default_value = "auto", value_parser = parse::size)]
    pub(crate) block: Size,
    /// Unit that is fetched in one request: a shape, a size, or auto
    #[arg(long, default_value = "auto", value_parser = parse::size)]
    pub(crate) chunk: Size,
    /// One object of the store: a shape, a size, or auto
    #[arg(long, default_value = "auto", value_parser = parse::size)]
    pub(crate) superchunk: Size,
    /// Codec: zstd[:LEVEL], gzip[:LEVEL], blosc-{zstd,lz4,...}[:LEVEL[:SHUFFLE]], none, or b2nd-{zstd,lz4,...}[:LEVEL[:FILTERS]]
    #[arg(long, default_value = "zstd:3")]
    pub(crate) codec: CodecSpec,
    /// What objects of the store are
    #[arg(long, default_value = "portable")]
    pub(crate) layout: LayoutName,
    /// Variables to take: NAME or NEW=NAME [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME,...")]
    pub(crate) var: Vec<String>,
    /// Where times of several files come from: auto, name, tag, or ISO,ISO,...
    #[arg(long, default_value = "auto")]
    pub(crate) time: TimeFrom,
    /// Bring files that do not share a grid to that of the first: nearest, bilinear, cubic, area
    #[arg(long, value_name = "METHOD")]
    pub(crate) resample: Option<Method>,
    /// Coordinate reference system, where the file names none or a wrong one (EPSG:28992, or WKT)
    #[arg(long)]
    pub(crate) crs: Option<String>,
    /// Value that means missing, where the file names none or a wrong one
    #[arg(long, allow_hyphen_values = true, value_parser = parse::scalar)]
    pub(crate) nodata: Option<ziggurat::core::Scalar>,
    /// Replace a store that exists
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// The layouts of `--layout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutName {
    /// Superchunks: Zarr shards
    Portable,
    /// Superchunks that are Zarr shards and, the same bytes, Blosc2 arrays; blocks of zstd, not shuffled
    Superchunk,
    /// One object per chunk, for GDAL before 3.13 and QGIS
    Unsharded,
}

/// Convert an array between Zarr, Blosc2, Caterva, bcolz, bloscpack and NumPy
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the source is, its content says; what the target is to be, its extension or --to: .zarr, .b2nd or
.b2frame, .caterva or .cat, .bcolz, .npy, and sparse for a directory of Blosc2.

Examples:
  ziggurat convert old.caterva new.zarr --dtype '<f8'
  ziggurat convert dem.zarr/0/elevation dem.b2nd
  ziggurat convert prices.bcolz prices.zarr --codec zstd:5 --chunk 1MiB
  ziggurat convert a.blp a.npy")]
pub(crate) struct Convert {
    /// Zarr array (STORE/PATH), Blosc2 or Caterva frame, bcolz or carray directory, bloscpack or npy file
    #[arg(value_name = "SRC")]
    pub(crate) from: PathBuf,
    /// What to make
    #[arg(value_name = "DST")]
    pub(crate) to_path: PathBuf,
    /// Format of DST [default: by its extension]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<ziggurat::convert::Format>,
    /// Type of the elements as NumPy names it, where SRC names none ('<f8', 'S3', ...)
    #[arg(long, value_parser = parse::dtype)]
    pub(crate) dtype: Option<ziggurat::codecs::dtype::DType>,
    /// Unit that is decoded alone: a shape (128,128) or a size (64KiB) [default: as in SRC]
    #[arg(long, value_parser = parse::size)]
    pub(crate) block: Option<Size>,
    /// Unit that is fetched in one request: a shape or a size [default: as in SRC]
    #[arg(long, value_parser = parse::size)]
    pub(crate) chunk: Option<Size>,
    /// One object of a Zarr store: a shape, a size, or auto
    #[arg(long, default_value = "auto", value_parser = parse::size)]
    pub(crate) superchunk: Size,
    /// Codec: zstd[:LEVEL], gzip[:LEVEL], blosc-{zstd,lz4,...}[:LEVEL[:SHUFFLE]], b2nd-{zstd,...}[:LEVEL[:FILTERS]], none [default: like SRC]
    #[arg(long)]
    pub(crate) codec: Option<CodecSpec>,
    /// Layout of a Zarr store
    #[arg(long, default_value = "portable")]
    pub(crate) layout: LayoutName,
    /// Replace DST if it exists
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Make all levels anew from level 0
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ziggurat build dem.zarr
  ziggurat build dem.zarr --levels 6 --aggregate mean,min,max,count")]
pub(crate) struct Build {
    /// The store
    pub(crate) store: PathBuf,
    /// Levels above the base [default: as before]
    #[arg(long, value_parser = parse::levels)]
    pub(crate) levels: Option<Levels>,
    /// Aggregators [default: as before]
    #[arg(long, value_delimiter = ',', value_name = "NAME,...")]
    pub(crate) aggregate: Vec<Aggregator>,
}

/// Make the Zarr index of superchunks anew after Blosc2 changed them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Superchunks of --layout superchunk whose two faces are right are not touched.

Examples:
  ziggurat repair-index dem.zarr
  ziggurat repair-index dem.zarr 0/elevation")]
pub(crate) struct RepairIndex {
    /// The store
    pub(crate) store: PathBuf,
    /// The path of one array in it [default: all]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) array: String,
}

/// A store, of which nothing else is to be said
#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// The store
    pub(crate) store: PathBuf,
}

/// Tell what a store holds
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ziggurat info dem.zarr
  ziggurat info dem.zarr --json | jq '.variables[0].levels'")]
pub(crate) struct Info {
    /// The store
    pub(crate) store: PathBuf,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Read a window at any resolution into a file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ziggurat get dem.zarr --out dem.png --shape 600,800
  ziggurat get dem.zarr --out alps.tif --bbox 5,43,17,49
  ziggurat get radar.zarr/data --out frame.npy --level 2 --time 2016-09-28T15:40
  ziggurat get era.zarr/z --out - --index time=0,level=1,y=0:4,x=0:4
  ziggurat get dem.zarr/agg/max/2/elevation --out max.tif")]
pub(crate) struct Get {
    /// STORE, STORE/VARIABLE, or the path of one array in it
    #[arg(value_name = "STORE[/PATH]")]
    pub(crate) path: PathBuf,
    /// File to write: .npy, .tif, .png by extension, - prints
    #[arg(long, short)]
    pub(crate) out: PathBuf,
    /// Level to read; 0 is the base [default: the best for --shape]
    #[arg(long)]
    pub(crate) level: Option<usize>,
    /// Aggregator whose levels are read [default: that of the store]
    #[arg(long)]
    pub(crate) aggregate: Option<Aggregator>,
    /// Window: XMIN,YMIN,XMAX,YMAX in the CRS (in cells of level 0 where there is none)
    #[arg(long, allow_hyphen_values = true, value_parser = parse::bounds)]
    pub(crate) bbox: Option<Bounds>,
    /// Times: one (2016-09-28T15:40), all of a period (2016-09), or FROM/TO
    #[arg(long)]
    pub(crate) time: Option<String>,
    /// Rows and columns of the result
    #[arg(long, value_name = "H,W", value_parser = parse::shape)]
    pub(crate) shape: Option<(u64, u64)>,
    /// How cells become other cells: nearest, bilinear, cubic, area
    #[arg(long, value_name = "METHOD", default_value = "nearest")]
    pub(crate) resample: Method,
    /// Index ranges of the level that is read: DIM=I or DIM=FROM:TO, ...
    #[arg(long, value_delimiter = ',', value_name = "DIM=RANGE,...", action = ArgAction::Append)]
    pub(crate) index: Vec<String>,
    /// Apply scale and offset: float64 values, NaN where missing
    #[arg(long)]
    pub(crate) unpack: bool,
    /// Colours of a .png
    #[arg(long, value_name = "NAME")]
    pub(crate) colormap: Option<Colormap>,
    /// Values that get the first and last colour of a .png [default: 2nd and 98th percentile]
    #[arg(long, allow_hyphen_values = true, value_name = "MIN,MAX", value_parser = parse::range)]
    pub(crate) range: Option<(f64, f64)>,
}

/// Print a checksum of the values of every array below a path
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One JSON object a line: path, shape, data_type and sha256 of the little-endian elements in C order,
or path and error. Exit code 1 if any array failed.

Examples:
  ziggurat digest dem.zarr
  ziggurat digest a.zarr b.zarr --json")]
pub(crate) struct Digest {
    /// Arrays or groups
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// As JSON; there is no other form
    #[arg(long)]
    pub(crate) json: bool,
}
