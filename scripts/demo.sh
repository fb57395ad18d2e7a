#!/usr/bin/env bash
# The main job on real input: the relief of southern and eastern Asia becomes a pyramid of five aggregators that
# other tools open, and a picture is read back. Needs Rust; leaves all in target/demo (or the directory that is given).
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/../target/demo}")
cd "$(dirname "$0")/.."
cargo build --release --package ziggurat
ziggurat=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release/ziggurat
store=$out/asia.zarr
mkdir -p "$out"
rm -rf "$store"

show() {
    printf '\n$ ziggurat %s\n' "${*//$out\//}"
    "$ziggurat" "$@"
}

show import "examples/data/etopo5-crop.nc" "$store" --aggregate mean,min,max,nearest,count
show info "$store"
show get "$store" --shape 640,731 --colormap terrain --range=-6000,6000 --out "$out/asia.png"
show get "$store" --bbox 85,27,88,29 --level 1 --aggregate max --out "$out/everest.tif"
show digest "$store/2"

cat <<END

The picture is $out/asia.png, the highest points around Mount Everest are in $out/everest.tif.
The store is plain Zarr v3. What else opens it:

  xarray         python -c 'import xarray; print(xarray.open_zarr("$store", group="1"))'
  zarr-python    python -c 'import zarr; print(zarr.open("$store")["0/relief"][420, 480:484])'
  tensorstore    python -c 'import tensorstore as ts; print(ts.open({"driver": "zarr3", "kvstore": "file://$store/agg/max/1/relief/"}).result())'
  zarrita        node -e 'import("zarrita").then(async z => console.log(await z.open(new (await import("@zarrita/storage")).FileSystemStore("$store/0/relief"))))'
  GDAL >= 3.13   gdalinfo 'ZARR:"$store":/0/relief'
  OME-Zarr, GeoZarr viewers: serve $out over HTTP and give them the URL of asia.zarr

For GDAL 3.12 and QGIS import with --layout unsharded.
END
