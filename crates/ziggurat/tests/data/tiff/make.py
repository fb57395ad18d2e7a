"""Makes the GeoTIFF files beside it, and prints what the tests expect of them.

Run with rasterio 1.4 or newer (GDAL with zstd) and gdal_translate of GDAL 3.5 or newer:

    GDAL_TIFF_INTERNAL_MASK=YES python make.py

Every file holds a small seeded field; `expected` prints, per file and band, the sha256 over the
C-order little-endian values that rasterio reads back (the stored values; GDAL does not scale).
"""

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine

HERE = Path(__file__).parent
UTM = Affine(30, 0, 500000, 0, -30, 4600000)


def field(dtype, bands=1, rows=19, cols=21, seed=1):
    """A smooth field with noise, of full range for the type."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols]
    z = np.stack([np.sin(x / 9 + b) * np.cos(y / 7) for b in range(bands)])
    z += rng.normal(0, 0.01, z.shape)
    dtype = np.dtype(dtype)
    if dtype.kind == "c":
        return (z + 1j * z[:, ::-1]).astype(dtype)
    if dtype.kind == "f":
        return (z * 100).astype(dtype)
    info = np.iinfo(dtype)
    span = min(float(info.max), 2.0**62) * 0.9
    return (z * span / 1.1 if info.min < 0 else (z / 1.1 + 1) / 2 * span).astype(dtype)


def write(name, data, crs="EPSG:32631", transform=UTM, nodata=None, after=None, **options):
    bands, rows, cols = data.shape
    with rasterio.open(
        HERE / name, "w", driver="GTiff", count=bands, height=rows, width=cols,
        dtype=data.dtype, crs=crs, transform=transform, nodata=nodata, **options,
    ) as out:
        out.write(data)
        if after:
            after(out)


def make():
    for dtype in ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
                  "float32", "float64", "complex64", "complex128"]:
        write(f"{dtype}.tif", field(dtype, rows=7, cols=11), compress="deflate")
    write("strip_none.tif", field("int16"), blockysize=5)
    write("strip_lzw_pred2.tif", field("uint16", 3), compress="lzw", predictor=2, blockysize=8)
    write("tile_deflate_pred3.tif", field("float32"), compress="deflate", predictor=3,
          tiled=True, blockxsize=16, blockysize=32)
    write("tile_pred3_be_f64.tif", field("float64", 2), compress="deflate", predictor=3,
          tiled=True, blockxsize=16, blockysize=16, ENDIANNESS="BIG")
    write("tile_zstd_pred2_planar.tif", field("int32", 3), compress="zstd", predictor=2,
          tiled=True, blockxsize=16, blockysize=16, interleave="band")
    write("strip_planar_be.tif", field("uint16", 2), interleave="band", blockysize=4,
          ENDIANNESS="BIG")
    write("tile_pixel_be_pred2.tif", field("int16", 5), compress="lzw", predictor=2,
          tiled=True, blockxsize=16, blockysize=16, ENDIANNESS="BIG", interleave="pixel")
    write("bigtiff.tif", field("float32"), BIGTIFF="YES", compress="deflate")
    write("bigtiff_be.tif", field("int16"), BIGTIFF="YES", ENDIANNESS="BIG", tiled=True,
          blockxsize=16, blockysize=16)
    write("half.tif", field("float32"), NBITS=16, compress="deflate", predictor=3)
    write("packbits.tif", field("uint8"), compress="packbits")
    write("bits1.tif", (field("uint8") > 110).astype("uint8"), NBITS=1)
    write("bits4_planar.tif", field("uint8", 2) >> 4, NBITS=4, interleave="band")
    write("fax4.tif", (field("uint8") > 110).astype("uint8"), NBITS=1, compress="CCITTFAX4")
    write("fax4_miniswhite.tif", (field("uint8") > 110).astype("uint8"), NBITS=1,
          compress="CCITTFAX4", photometric="MINISWHITE")
    write("miniswhite.tif", field("uint8"), photometric="MINISWHITE")
    write("rgb_extra.tif", field("uint8", 5), photometric="RGB", compress="deflate")
    write("palette.tif", field("uint8") >> 4, photometric="PALETTE",
          after=lambda o: o.write_colormap(1, {i: (i, i, 0, 255) for i in range(256)}))
    write("jpeg_grey.tif", field("uint8", rows=32, cols=48), compress="jpeg", tiled=True,
          blockxsize=16, blockysize=16)
    write("jpeg_ycbcr.tif", field("uint8", 3, rows=32, cols=48), compress="jpeg",
          photometric="YCBCR", tiled=True, blockxsize=16, blockysize=16)
    write("point.tif", field("int16"), after=lambda o: o.update_tags(AREA_OR_POINT="Point"),
          compress="deflate")
    write("south_up.tif", field("int16"), crs="EPSG:4326", compress="deflate",
          transform=Affine(0.5, 0, -10, 0, 0.5, -20))
    write("rotated.tif", field("int16"), compress="deflate",
          transform=Affine(20, 10, 500000, 10, -20, 4600000))
    nan = field("float32")
    nan[0, :5] = np.nan
    write("nodata_nan.tif", nan, nodata=np.nan, compress="deflate")
    write("nodata_f32.tif", field("float32"), nodata=-3.4028234663852886e38, compress="deflate")
    # rasterio would make a float of it.
    write("nodata_u64.tif", field("uint64", rows=7, cols=11), compress="deflate")
    plain = HERE / "nodata_u64.tif"
    plain.rename(plain.with_suffix(".tmp"))
    subprocess.run(["gdal_translate", "-q", "-a_nodata", str(2**64 - 1), "-co", "COMPRESS=DEFLATE",
                    plain.with_suffix(".tmp"), plain], check=True)
    plain.with_suffix(".tmp").unlink()

    def scaled(out):
        out.scales, out.offsets, out.units = [0.01], [273.15], ["K"]
        out.set_band_description(1, "air temperature <2 m> & \"more\"")
        out.update_tags(TIFFTAG_DATETIME="2021:03:04 05:06:07", TITLE="a & b < c")
        out.update_tags(1, STATISTICS_MEAN="1", cell_methods="time: mean")

    write("scaled.tif", field("int16"), nodata=-9999, after=scaled, compress="deflate")

    def described(out):
        for i, name in enumerate(["red", "nir"], 1):
            out.set_band_description(i, name)

    write("described.tif", field("uint8", 2), after=described, compress="deflate")

    def unlike(out):
        out.scales, out.offsets, out.units = [0.1, 1], [0, 0], ["m", "K"]
        out.set_band_description(2, "surface temperature")

    write("unlike.tif", field("int16", 2), after=unlike, compress="deflate")
    sparse = field("int16", rows=64, cols=64)
    sparse[0, :, 32:] = -1
    sparse[0, 40:] = -1
    write("sparse.tif", sparse, nodata=-1, SPARSE_OK="TRUE", tiled=True, blockxsize=16,
          blockysize=16, compress="deflate")
    write("overviews.tif", field("int16", rows=64, cols=64), tiled=True, blockxsize=32,
          blockysize=32, compress="deflate",
          after=lambda o: (o.write_mask(np.full((64, 64), 255, "uint8")), o.build_overviews([2])))
    write("custom_crs.tif", field("uint8"), compress="deflate",
          crs="+proj=laea +lat_0=50 +lon_0=7 +x_0=1 +y_0=2 +ellps=bessel +units=m")
    write("esri_pe.tif", field("uint8"), compress="deflate", GEOTIFF_KEYS_FLAVOR="ESRI_PE",
          crs="+proj=laea +lat_0=50 +lon_0=7 +x_0=1 +y_0=2 +ellps=bessel +units=m")
    write("plain.tif", field("uint8"), crs=None, transform=None, compress="deflate")
    gcps = [GroundControlPoint(r, c, c * 2.0, -r * 2.0) for r, c in [(0, 0), (0, 9), (9, 0), (9, 9)]]
    write("gcps.tif", field("uint8"), transform=None, gcps=gcps, compress="deflate")
    write("lzma.tif", field("uint8", rows=5, cols=5), compress="lzma")
    for stray in HERE.glob("*.aux.xml"):
        stray.unlink()
    for stray in HERE.glob("*.msk"):
        stray.unlink()


def expected():
    for path in sorted(HERE.glob("*.tif")):
        with rasterio.open(path) as src:
            data = src.read()
            data = data.astype(data.dtype.newbyteorder("<"))
            digest = hashlib.sha256(data.tobytes()).hexdigest()[:16]
            print(f'    ("{path.name}", "{data.dtype.name}", {list(data.shape)}, "{digest}"),')


if __name__ == "__main__":
    make()
    expected()
