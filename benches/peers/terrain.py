"""Makes the input of the pyramid suite: `terrain.py zarr|tif SIZE TARGET`.

Seeded, tile by tile and in little memory: long waves, ridges, noise, heights in steps of 1/QUANTUM metre as
survey data has them (that, not smoothness, is what makes floats compressible), and lakes of NaN.
"""

import sys
import warnings

import numpy as np

TILE = 2048
BLOCK = 512
QUANTUM = 256
NAN_SHARE = 0.06


def tile(row: int, column: int) -> np.ndarray:
    """The cells of one tile; neighbours fit together but for the noise."""
    y = np.arange(row * TILE, (row + 1) * TILE, dtype=np.float64)[:, None]
    x = np.arange(column * TILE, (column + 1) * TILE, dtype=np.float64)[None, :]
    waves = (
        900 * np.sin(y / 3100 + 1) * np.cos(x / 2700)
        + 350 * np.sin(y / 640 + np.cos(x / 910))
        + 120 * np.cos(x / 170 + 2 * np.sin(y / 230))
    )
    rng = np.random.default_rng([row, column])
    noise = rng.normal(scale=0.6, size=(TILE, TILE))
    height = np.rint((1500 + waves + noise) * QUANTUM) / QUANTUM
    # A wave is above cos(pi * s) for the share s of its period.
    lakes = np.sin(y / 97 + np.sin(x / 410)) * np.sin(x / 83 + np.sin(y / 390))
    height[lakes > LAKE_LEVEL] = np.nan
    return height.astype("float32")


def _lake_level() -> float:
    """The level above which the share NAN_SHARE of a product of two sines lies."""
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    return float(np.quantile(np.outer(np.sin(angle), np.sin(angle)), 1 - NAN_SHARE))


LAKE_LEVEL = _lake_level()


def tiles(size: int):
    """(row, column, values) of every tile, cut at the edge."""
    edge = range(-(-size // TILE))
    for row in edge:
        for column in edge:
            yield row * TILE, column * TILE, tile(row, column)[: size - row * TILE, : size - column * TILE]


def write_zarr(size: int, target: str) -> None:
    import zarr

    array = zarr.create_array(
        f"{target}/height",
        shape=(size, size),
        dtype="float32",
        chunks=(BLOCK, BLOCK),
        shards=(TILE, TILE),
        compressors=zarr.codecs.ZstdCodec(level=3),
        fill_value=np.nan,
        dimension_names=("y", "x"),
    )
    zarr.open_group(target, mode="a", zarr_format=3)
    for row, column, values in tiles(size):
        array[row : row + len(values), column : column + values.shape[1]] = values


def write_tif(size: int, target: str) -> None:
    import rasterio

    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    profile = dict(driver="GTiff", width=size, height=size, count=1, dtype="float32", nodata=np.nan)
    layout = dict(tiled=True, blockxsize=BLOCK, blockysize=BLOCK, compress="zstd", zstd_level=3, bigtiff="yes")
    with rasterio.open(target, "w", **profile, **layout) as raster:
        for row, column, values in tiles(size):
            raster.write(values, 1, window=((row, row + len(values)), (column, column + values.shape[1])))


if __name__ == "__main__":
    kind, size, target = sys.argv[1:]
    {"zarr": write_zarr, "tif": write_tif}[kind](int(size), target)
