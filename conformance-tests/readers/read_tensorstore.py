#!/usr/bin/env python3
"""Digest of stores as tensorstore reads them: `read_tensorstore.py PATH...`. It has no groups: they are walked here."""

from pathlib import Path

import tensorstore
from digest import array_paths, main


def arrays(given: str):
    for path in array_paths(Path(given)):
        yield str(path), lambda path=path: read(path)


def read(path: Path):
    driver = "zarr3" if (path / "zarr.json").exists() else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{path.absolute()}/"}}
    array = tensorstore.open(spec, read=True).result()
    values = array.read().result()
    if driver == "zarr3":
        return values, array.spec().to_json()["metadata"]["data_type"]
    return values, values.dtype.name


main(arrays)
