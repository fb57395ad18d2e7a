"""What the suite `superchunk` runs and what it must reach: one `Target` for each goal."""

from __future__ import annotations

from dataclasses import dataclass

from interleaved import Case


@dataclass(frozen=True)
class Target:
    """`metric` of `ours` is to be at most `factor` times the smallest median of `peers`, in each of `cases`."""

    what: str
    cases: tuple[Case, ...]
    ours: str
    peers: tuple[str, ...]
    metric: str
    factor: float
    against: str = ""  # the metric of the peers, if it is another


ZARR = ("zarr-python", "zarr-python+zarrs", "tensorstore", "zarrs")
# Those that keep something in memory between reads.
ZARR_BOXES = (*ZARR, "tensorstore-cache", "zarrs-index-cache")
B2ND = ("blosc2", "blosc2-mmap", "blosc2-2level")
READERS = (*ZARR_BOXES, *B2ND)
# Those that rewrite the superchunk, the one that appends to it, the one that holds all until it commits.
REWRITERS = ("tensorstore", "tensorstore-cache")
SMALL_WRITERS = (*REWRITERS, "zarrs-partial", "tensorstore-txn")

WRITE = (Case("W1", "i2-c32-zstd5"), Case("W1", "i2-c64-lz4"), Case("W1", "f4-c32-zstd"))
FAST = WRITE[1:]
WHOLE = tuple(Case("W2", variant) for variant in ("i2-c32-zstd5", "i2-c64-lz4", "f4-c32-zstd", "f4-c32-zstd5"))
BOXES = (
    Case("W4", "i2-c32-zstd5", "box"),
    Case("W4", "i2-c32-lz4", "box"),
    *(Case("W4", "i2-c32-zstd5", axis) for axis in ("x0", "x1", "x2")),
)
POINTS = (Case("W4", "i2-c32-zstd5", "points"), Case("W4", "i2-c32-lz4", "points"))
POINTS_AT_ONCE = ("zarr-python-points", "zarr-python+zarrs-points", "tensorstore-points")
READ = (*WHOLE, *BOXES, *POINTS)
APPEND = (Case("W5", "i2-c32-lz4"),)
OVERWRITE = (Case("W6", "i2-c32-lz4"), Case("W6", "i2-c32-zstd5"))
SMALL = (*APPEND, *OVERWRITE)
OPEN = (Case("W7", "i2-c32-zstd5", "open"),)
LIST = (Case("W7", "i2-c32-zstd5", "list"),)
LISTED = (*OPEN, *LIST)

IN_PLACE, WRITER = "ziggurat-in-place", "ziggurat-writer"

TARGETS = (
    Target("CPU / best peer", WHOLE, "ziggurat", (*ZARR, *B2ND), "cpu", 0.9),
    Target("CPU / zarrs", WHOLE, "ziggurat", ("zarrs",), "cpu", 0.5),
    Target("CPU / best Zarr peer", BOXES, "ziggurat", ZARR_BOXES, "cpu", 0.7),
    Target("CPU / best b2nd", BOXES, "ziggurat", B2ND, "cpu", 1.0),
    Target("CPU / best Zarr peer", POINTS, "ziggurat", (*ZARR_BOXES, *POINTS_AT_ONCE), "cpu", 0.7),
    Target("CPU / best b2nd", POINTS, "ziggurat", (*B2ND, "blosc2-points"), "cpu", 1.0),
    Target("CPU / best peer", WRITE, "ziggurat", (*ZARR, "blosc2"), "cpu", 1.0),
    Target("CPU / zarrs", FAST, "ziggurat", ("zarrs",), "cpu", 0.7),
    # The same ratio: a codec that packs less would be faster.
    Target("size / best Zarr peer", WRITE, "ziggurat", ZARR, "store_bytes", 1.01),
    Target("durable at the flush: bytes written / final size", APPEND, WRITER, (WRITER,), "wchar", 1.1, "store_bytes"),
    Target("durable at the flush: CPU / tensorstore transaction", APPEND, WRITER, ("tensorstore-txn",), "cpu", 0.8),
    *(
        Target(f"visible at once: {name} / best peer", APPEND, IN_PLACE, (*REWRITERS, "zarrs-partial"), metric, 0.1)
        for name, metric in (("bytes written", "wchar"), ("time", "wall"))
    ),
    Target("in place: bytes written / zarrs partial", OVERWRITE, IN_PLACE, ("zarrs-partial",), "wchar", 1.2),
    Target("in place: time / zarrs partial", OVERWRITE, IN_PLACE, ("zarrs-partial",), "wall", 2.0),
    Target("in place: file / compacted", OVERWRITE, IN_PLACE, (IN_PLACE,), "file_peak", 1.5, "file_compacted"),
    Target("rewrite: time / best peer that rewrites", OVERWRITE, "ziggurat", REWRITERS, "wall", 0.5),
    *(
        Target(f"at the flush: {name} / tensorstore transaction", OVERWRITE, WRITER, ("tensorstore-txn",), metric, 1.0)
        for name, metric in (("time", "wall"), ("bytes written", "wchar"))
    ),
    Target("time / best peer", OPEN, "ziggurat", ZARR, "wall", 1.0),
    # One pass: no document is read twice.
    Target("bytes read / best peer", LIST, "ziggurat", ZARR, "rchar", 1.05),
)
