"""The codec `b2nd` of Zarr v3 for zarr-python.

A chunk is encoded as one Blosc2 chunk whose blocks are N-dimensional: reading a plane, a cube or a point of it
fetches and decodes only the blocks that are touched.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from zarr.abc.codec import ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin
from zarr.abc.store import RangeByteRequest
from zarr.core.common import concurrent_map, parse_named_configuration
from zarr.core.config import config

from .chunk import CODECS, MANTISSA, SPLITS, Front, Layout, Pipeline, check_filters, compress, decompress

if TYPE_CHECKING:
    from zarr.abc.store import ByteGetter
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["B2ndCodec"]
__version__ = "0.1.0"

# Blocks that lie this close are fetched together: a request costs more than the bytes between.
GAP = 4096


@dataclass(frozen=True)
class B2ndCodec(ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin):
    """Array-to-bytes codec `b2nd`.

    `block_shape` has the rank of the chunk and is nowhere longer; it need not divide it. `cname` is one of
    blosclz, lz4, lz4hc, zlib and zstd, `clevel` 0 to 9. `filters` are objects in order of application:
    {"name": "shuffle"}, {"name": "bitshuffle"}, {"name": "delta"}, {"name": "trunc_prec", "bits": 10}, where `bits`
    are those of the mantissa that are kept or, if negative, dropped.
    `split` ("auto", "always", "never") is whether each byte of the elements has a stream of its own.
    `checksum` is "crc32c" or None.
    """

    is_fixed_size = False

    block_shape: tuple[int, ...]
    cname: str
    clevel: int
    filters: tuple[tuple[str, int], ...]  # (name, bits, or 0 where there are none)
    split: str
    checksum: str | None

    def __init__(
        self,
        *,
        block_shape: Iterable[int],
        cname: str,
        clevel: int,
        filters: Iterable[Mapping[str, Any]] = (),
        split: str = "auto",
        checksum: str | None = None,
    ) -> None:
        block_shape = tuple(_integer("block_shape", n, 1) for n in block_shape)
        object.__setattr__(self, "block_shape", block_shape)
        object.__setattr__(self, "cname", _one_of("cname", cname, CODECS))
        object.__setattr__(self, "clevel", _integer("clevel", clevel, 0, 9))
        object.__setattr__(self, "filters", tuple(map(_filter, filters)))
        object.__setattr__(self, "split", _one_of("split", split, SPLITS))
        object.__setattr__(self, "checksum", _one_of("checksum", checksum, ("crc32c", None)))
        check_filters([name for name, _ in self.filters])

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        _, configuration = parse_named_configuration(data, "b2nd")
        try:
            return cls(**configuration)
        except TypeError as error:
            raise ValueError(f"configuration of b2nd: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        filters = [{"name": name} | ({"bits": bits} if bits else {}) for name, bits in self.filters]
        configuration = {
            "block_shape": list(self.block_shape),
            "cname": self.cname,
            "clevel": self.clevel,
            "filters": filters,
            "split": self.split,
            "checksum": self.checksum,
        }
        return {"name": "b2nd", "configuration": configuration}

    def evolve_from_array_spec(self, array_spec: ArraySpec) -> Self:
        # The shape is that of the array or shard here, not of the chunk; only its rank is known.
        dtype = _stored(array_spec)
        if len(array_spec.shape) != len(self.block_shape):
            raise ValueError(f"b2nd: block_shape {list(self.block_shape)} for {len(array_spec.shape)} dimensions")
        for name, bits in self.filters:
            most = MANTISSA.get(dtype.itemsize, 0) if dtype.kind == "f" else 0
            if name == "trunc_prec" and not -most < bits <= most:
                raise ValueError(f"b2nd: trunc_prec to {bits} bits for {dtype.name}; only floats of 4 and 8 bytes")
        return self

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        raise NotImplementedError

    def _encode_sync(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        blocks = self._blocks(chunk_spec)
        pipeline = Pipeline(self.cname, self.clevel, self.filters, self.split)
        encoded = compress(blocks.split(chunk_array.as_numpy_array()), blocks.layout, pipeline)
        return chunk_spec.prototype.buffer.from_bytes(encoded)

    def _decode_sync(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        blocks = self._blocks(chunk_spec)
        elements = decompress(chunk_bytes.to_bytes(), blocks.layout)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(blocks.join(elements))

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        return await asyncio.to_thread(self._encode_sync, chunk_array, chunk_spec)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        return await asyncio.to_thread(self._decode_sync, chunk_bytes, chunk_spec)

    async def _decode_partial_single(
        self, byte_getter: ByteGetter, selection: Any, chunk_spec: ArraySpec
    ) -> NDBuffer | None:
        blocks = self._blocks(chunk_spec)
        touched = blocks.touched(selection)
        if len(touched) == blocks.layout.nblocks:
            whole = await byte_getter.get(chunk_spec.prototype)
            return None if whole is None else (await self._decode_single(whole, chunk_spec))[selection]

        async def fetch(start: int, stop: int) -> Buffer | None:
            return await byte_getter.get(chunk_spec.prototype, RangeByteRequest(start, stop))

        head = await fetch(0, blocks.layout.front)
        if head is None:
            return None
        front = Front(head.to_bytes(), blocks.layout)
        needed = front.needed(touched)
        spans = _spans(front.extents(needed))
        fetched = await concurrent_map(spans, fetch, config.get("async.concurrency"))
        if any(part is None for part in fetched):
            raise ValueError("b2nd: the chunk was deleted while it was read")

        def decode() -> np.ndarray:
            held = [(start, part.to_bytes()) for (start, _), part in zip(spans, fetched, strict=True)]
            parts = _cut(front.extents(needed), held)
            return blocks.place(needed, front.decode(needed, parts))

        chunk = await asyncio.to_thread(decode)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(chunk)[selection]

    def _blocks(self, spec: ArraySpec) -> Blocks:
        blocks = Blocks(spec.shape, self.block_shape, _stored(spec), self.checksum is not None)
        if any(b > c for b, c in zip(self.block_shape, spec.shape, strict=True)):
            raise ValueError(f"b2nd: blocks {list(self.block_shape)} are longer than chunks {list(spec.shape)}")
        blocks.layout.check()
        return blocks


@dataclass(frozen=True)
class Blocks:
    """The blocks of a chunk, numbered in C order; those at the end are padded with zeros."""

    shape: tuple[int, ...]
    block: tuple[int, ...]
    dtype: np.dtype
    checksum: bool

    @property
    def grid(self) -> tuple[int, ...]:
        return tuple(-(-n // b) for n, b in zip(self.shape, self.block, strict=True))

    @property
    def layout(self) -> Layout:
        size = self.dtype.itemsize
        return Layout(math.prod(self.grid), math.prod(self.block) * size, size, self.checksum)

    def split(self, chunk: np.ndarray) -> np.ndarray:
        """The bytes of all blocks of `chunk`, one after the other."""
        chunk = chunk.astype(self.dtype, copy=False)
        padded = tuple(n * b for n, b in zip(self.grid, self.block, strict=True))
        if padded != self.shape:
            whole = np.zeros(padded, self.dtype)
            whole[tuple(map(slice, self.shape))] = chunk
            chunk = whole
        paired = chunk.reshape([n for pair in zip(self.grid, self.block, strict=True) for n in pair])
        axes = range(paired.ndim)
        return np.ascontiguousarray(paired.transpose([*axes[::2], *axes[1::2]])).reshape(-1).view("u1")

    def join(self, elements: np.ndarray) -> np.ndarray:
        """The chunk whose blocks have these bytes."""
        rank = len(self.grid)
        paired = elements.view(self.dtype).reshape(self.grid + self.block)
        order = [axis for pair in zip(range(rank), range(rank, 2 * rank), strict=True) for axis in pair]
        padded = [n * b for n, b in zip(self.grid, self.block, strict=True)]
        return paired.transpose(order).reshape(padded)[tuple(map(slice, self.shape))]

    def place(self, numbers: list[int], elements: np.ndarray) -> np.ndarray:
        """A chunk where the blocks of these numbers have these bytes, and others are not filled."""
        # Memory that is not touched is not taken.
        chunk = np.zeros(self.shape, self.dtype)
        for number, block in zip(numbers, elements.view(self.dtype).reshape(-1, *self.block), strict=True):
            start = [i * b for i, b in zip(np.unravel_index(number, self.grid), self.block, strict=True)]
            there = chunk[tuple(slice(s, s + b) for s, b in zip(start, self.block, strict=True))]
            there[...] = block[tuple(map(slice, there.shape))]
        return chunk

    def touched(self, selection: Any) -> list[int]:
        """The blocks that hold the elements of `selection`: slices, integers, and arrays of them that belong
        together as NumPy has it."""
        selection = selection if isinstance(selection, tuple) else (selection,)
        rank = len(self.grid)
        mask = np.ones(self.grid, bool)
        points: dict[int, np.ndarray] = {}
        for axis, selector in enumerate(selection):
            if not isinstance(selector, slice):
                points[axis] = np.asarray(selector) // self.block[axis]
                continue
            here = np.zeros([n if a == axis else 1 for a, n in enumerate(self.grid)], bool)
            chosen = np.arange(*selector.indices(self.shape[axis])) // self.block[axis]
            here.reshape(-1)[chosen] = True
            mask &= here
        if points:
            here = np.zeros([self.grid[axis] for axis in points], bool)
            here[tuple(points.values())] = True
            mask &= here.reshape([self.grid[axis] if axis in points else 1 for axis in range(rank)])
        return np.flatnonzero(mask).tolist()


def _stored(spec: ArraySpec) -> np.dtype:
    """The type of the elements as they are stored: little-endian."""
    dtype = spec.dtype.to_native_dtype()
    if dtype.hasobject or not 1 <= dtype.itemsize <= 255:
        raise ValueError(f"b2nd: elements of {dtype}; they have a fixed size of 1 to 255 bytes")
    return dtype.newbyteorder("<")


def _spans(extents: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What to fetch to have `extents`: those that are close are joined."""
    spans: list[tuple[int, int]] = []
    for start, stop in sorted(set(extents)):
        if start == stop:
            continue
        if spans and start - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    return spans


def _cut(extents: list[tuple[int, int]], held: list[tuple[int, bytes]]) -> list[bytes]:
    """The bytes of `extents` out of spans that are `held` from their starts on, ascending."""
    starts = np.array([start for start, _ in held])
    parts = []
    for start, stop in extents:
        if start == stop:
            parts.append(b"")
            continue
        first, span = held[int(np.searchsorted(starts, start, side="right")) - 1]
        parts.append(span[start - first : stop - first])
    return parts


def _integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    valid = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not valid or value < least or (most is not None and value > most):
        wanted = f"{least} to {most}" if most is not None else f"{least} or more"
        raise ValueError(f"b2nd: {name} is {value!r}, not an integer of {wanted}")
    return int(value)


def _one_of(name: str, value: Any, known: Iterable[Any]) -> Any:
    if value not in (known := list(known)):
        raise ValueError(f"b2nd: {name} is {value!r}, not one of {known}")
    return value


def _filter(given: Mapping[str, Any]) -> tuple[str, int]:
    name = given.get("name") if isinstance(given, Mapping) else None
    members = {"name", "bits"} if name == "trunc_prec" else {"name"}
    if not isinstance(name, str) or set(given) != members:
        raise ValueError(f"b2nd: no such filter: {given!r}")
    bits = _integer("bits", given["bits"], -51, 52) if "bits" in given else None
    if bits == 0:
        raise ValueError("b2nd: trunc_prec to 0 bits")
    return name, bits or 0
