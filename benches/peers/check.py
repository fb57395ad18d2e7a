"""Checks levels against the reference of the tests: `check.py DIRECTORY-OF-REFERENCE STORE LEVELS AGGREGATORS`."""

import sys

import numpy as np
import zarr

reference_directory, store, levels, aggregators = sys.argv[1:]
sys.path.insert(0, reference_directory)
import reference  # noqa: E402

group = zarr.open_group(store, mode="r")
(name,) = (n for n, a in group["0"].arrays() if a.ndim == 2)
base = group[f"0/{name}"]
edge = min(base.shape[0], 4096)
compared = 0
for start in {0, base.shape[0] - edge}:
    cells = base[start : start + edge, start : start + edge]
    for position, aggregator in enumerate(aggregators.split(",")):
        pyramid = group if position == 0 else group[f"agg/{aggregator}"]
        for level in range(1, int(levels) + 1):
            factor = 2**level
            box = slice(start // factor, -(-(start + edge) // factor))
            actual = pyramid[f"{level}/{name}"][box, box]
            nodata = np.nan if actual.dtype.kind == "f" else None
            reference.assert_level(
                actual, cells, aggregator, (factor, factor), None, nodata, what=f"{aggregator} level {level}"
            )
            compared += actual.size
print(f"{compared} cells of {aggregators} compared with the reference: all right")
