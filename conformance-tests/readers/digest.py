"""What every Python reader here has in common: walk, read, print one JSON line for each array.

A line is {"path", "shape", "data_type", "sha256"} or {"path", "error"}; `path` is the path that was given,
joined with the node's path below it. `data_type` is the Zarr v3 data type: a name, or an object where the
type has a configuration. The hash is over the C-order little-endian element bytes; texts: over what `json.dumps` prints for the flat list of them; byte
strings: the same, each as a list of integers; datetimes and timedeltas: over their int64. The exit status
is 1 if any line has an error.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

# Reads one array: (values, Zarr data type).
Read = Callable[[], tuple[np.ndarray, object]]


def array_paths(root: Path) -> Iterator[Path]:
    """The directories at and below `root` that hold an array document, sorted, names with `__` left out."""
    if document := node_document(root):
        if document.get("node_type", "array" if (root / ".zarray").exists() else "group") == "array":
            yield root
            return
    for child in sorted(p for p in root.iterdir() if p.is_dir()):
        if not child.name.startswith("__"):
            yield from array_paths(child)


def node_document(path: Path) -> dict | None:
    """The document of the node at `path`, whatever it says; `{}` if it is no JSON object."""
    for name in ("zarr.json", ".zarray", ".zgroup"):
        if (path / name).is_file():
            try:
                document = json.loads((path / name).read_bytes())
            except ValueError:
                return {}
            return document if isinstance(document, dict) else {}
    return None


def sha256(values: np.ndarray) -> str:
    """The hash that the lines carry."""
    values = np.asarray(values)
    if values.dtype.kind in "Mm":
        values = values.astype("<i8")
    if values.dtype.kind in "OUT" or values.dtype.kind == "S":
        flat = [list(v) if isinstance(v, bytes) else str(v) for v in values.ravel(order="C").tolist()]
        data = json.dumps(flat).encode()
    else:
        if values.dtype.byteorder == ">" or (values.dtype.byteorder == "=" and sys.byteorder == "big"):
            values = values.astype(values.dtype.newbyteorder("<"))
        data = values.tobytes(order="C")
    return hashlib.sha256(data).hexdigest()


def main(arrays: Callable[[str], Iterator[tuple[str, Read]]]) -> None:
    """Prints a line for each (path, reader) that `arrays` yields for each argument."""
    failed = False
    for given in sys.argv[1:]:
        # Whatever a reader raises, and it may be anything, is its answer for that path.
        path = given
        try:
            for path, read in arrays(given):
                try:
                    values, data_type = read()
                    line = {"path": path, "shape": list(values.shape), "data_type": data_type}
                    line["sha256"] = sha256(values)
                except Exception as error:
                    line, failed = {"path": path, "error": describe(error)}, True
                print(json.dumps(line), flush=True)
        except Exception as error:
            print(json.dumps({"path": path, "error": describe(error)}), flush=True)
            failed = True
    sys.exit(failed)


def describe(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500]
