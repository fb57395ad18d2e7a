#!/usr/bin/env python3
"""Digest of stores as zarr-python reads them: `read_zarr.py PATH...`."""

import warnings

import zarr
from digest import Read, main

warnings.simplefilter("ignore")


def arrays(given: str):
    root = zarr.open(given, mode="r")
    if isinstance(root, zarr.Array):
        yield given, reader(root)
        return
    for name, node in sorted(root.members(max_depth=None)):
        if isinstance(node, zarr.Array):
            yield f"{given}/{name}", reader(node)


def reader(array: zarr.Array) -> Read:
    def read():
        if array.metadata.zarr_format == 3:
            return array[...], array.metadata.to_dict()["data_type"]
        return array[...], array.dtype.name

    return read


main(arrays)
