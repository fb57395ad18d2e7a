#!/usr/bin/env python3
"""Digest of stores as zarr-python reads them: `read_zarr.py PATH...`."""

import warnings

import zarr
from digest import Read, main, type_name

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
        name = array.dtype.name
        if array.metadata.zarr_format == 3:
            name = type_name(array.metadata.to_dict()["data_type"])
        return array[...], name

    return read


main(arrays)
