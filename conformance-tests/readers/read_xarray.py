#!/usr/bin/env python3
"""Digest of stores as xarray reads them, undecoded: `read_xarray.py PATH...`. Each group is opened by itself."""

import warnings
from pathlib import Path

import xarray
from digest import array_paths, main

warnings.simplefilter("ignore")


def arrays(given: str):
    groups = {}
    for path in array_paths(Path(given)):
        groups.setdefault(path.parent, []).append(path.name)
    for group, names in groups.items():
        opened = []

        def read(name, group=group, opened=opened):
            if not opened:
                opened.append(xarray.open_zarr(group, decode_cf=False, chunks=None))
            values = opened[0].variables[name].values
            return values, "string" if values.dtype.kind in "OUT" else values.dtype.name

        for name in names:
            yield str(group / name), lambda name=name, read=read: read(name)


main(arrays)
