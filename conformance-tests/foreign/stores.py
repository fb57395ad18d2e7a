"""A store as the tests see it: through zarr-python, by the recipe of spec/datastore.md and nothing else."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import numpy as np
import zarr


class Store:
    """A datastore on disk."""

    def __init__(self, path: Path):
        self.path = path
        self.group = zarr.open_group(str(path), mode="r")

    def pyramid(self, aggregator: str) -> tuple[str, zarr.Group]:
        """(path, group) of the pyramid of `aggregator`: the root's own, or one below `agg`."""
        name = f"agg/{aggregator}"
        return (f"{name}/", self.group[name]) if name in self.group else ("", self.group)

    def levels(self, pyramid: zarr.Group) -> list[tuple[str, str | None, list[float]]]:
        """(asset, asset that it is derived from, factors from that one) of every level, finest first."""
        layout = pyramid.attrs["multiscales"]["layout"]
        return [(level["asset"], level.get("derived_from"), level["transform"]["scale"]) for level in layout]

    def variables(self) -> list[str]:
        """Names of the data arrays of level 0: those that are no coordinate and have dimensions."""
        arrays = dict(self.group["0"].arrays())
        dimensions = {name for a in arrays.values() for name in a.metadata.dimension_names or ()}
        return sorted(n for n, a in arrays.items() if n not in dimensions and a.ndim > 0)

    def level(self, aggregator: str, level: int, variable: str) -> zarr.Array:
        """The array of a level; level 0 is the base, whatever the aggregator."""
        return (self.group if level == 0 else self.pyramid(aggregator)[1])[f"{level}/{variable}"]

    def coordinate(self, array: zarr.Array, axis: int) -> np.ndarray | None:
        """The coordinate of a dimension of `array`, which lies beside it."""
        beside, _, _ = array.path.rpartition("/")
        name = array.metadata.dimension_names[axis]
        group = self.group[beside]
        return group[name][...] if name in group else None


def declared_nodata(array: zarr.Array):
    """The value that `array` declares as missing (CF `_FillValue`, written as xarray wants it), or None."""
    value = array.attrs.get("_FillValue")
    if isinstance(value, str) and array.dtype.kind == "f":
        (value,) = struct.unpack("<d", base64.standard_b64decode(value))
    return value
