"""Levels by tensorstore: `downsample.py LEVEL0 TARGET LEVELS`; each from the one before, one thread.

Its mean takes NaN for a number, so it does less than it is compared with.
"""

import shutil
import sys

import tensorstore as ts

TILE = 2048

source, target, levels = sys.argv[1:]
shutil.rmtree(target, ignore_errors=True)
context = ts.Context({"data_copy_concurrency": {"limit": 1}, "cache_pool": {"total_bytes_limit": 64_000_000}})


def location(path: str) -> dict:
    return {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}


finer = ts.open(location(f"{source}/height/"), open=True, context=context).result()
codecs = finer.spec().to_json()["metadata"]["codecs"]
for level in range(1, int(levels) + 1):
    shape = [-(-n // 2) for n in finer.shape]
    metadata = {
        "shape": shape,
        "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [TILE, TILE]}},
        "fill_value": "NaN",
        "codecs": codecs,
    }
    spec = location(f"{target}/{level}/") | {"metadata": metadata, "create": True}
    coarser = ts.open(spec, context=context).result()
    halves = ts.downsample(finer, [2, 2], "mean")
    for row in range(0, shape[0], TILE):
        for column in range(0, shape[1], TILE):
            box = slice(row, min(row + TILE, shape[0])), slice(column, min(column + TILE, shape[1]))
            coarser[box].write(halves[box]).result()
    finer = coarser
