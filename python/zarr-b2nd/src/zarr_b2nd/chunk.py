"""One Blosc2 chunk: made, checked, and decoded in whole or block by block. Knows no Zarr.

A chunk is a header of 32 bytes, `bstarts` (where each block starts, int32), perhaps a table of checksums, and
the blocks in any order. Numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import blosc2
import google_crc32c
import numpy as np

# Chunks are coded in the threads of the caller, one each; with the lock they would wait for each other.
blosc2.set_releasegil(True)

HEADER = 32
FLAGS, TYPESIZE, NBYTES, BLOCKSIZE, CBYTES, FILTERS, META, FLAGS2, BLOSC2_FLAGS = 2, 3, 4, 8, 12, 16, 24, 30, 31

EXTENDED, COPIED, UNSPLIT = 0b101, 0b10, 0b1_0000  # of FLAGS
DICTIONARY, LAZY = 0b1, 0b1000  # of BLOSC2_FLAGS, of which bits 4 to 6 say what all elements are
ZEROS, NANS, REPEATED = 1, 2, 3

CODECS = {
    "blosclz": blosc2.Codec.BLOSCLZ,
    "lz4": blosc2.Codec.LZ4,
    "lz4hc": blosc2.Codec.LZ4HC,
    "zlib": blosc2.Codec.ZLIB,
    "zstd": blosc2.Codec.ZSTD,
}
FILTER_CODES = {"shuffle": 1, "bitshuffle": 2, "delta": 3, "trunc_prec": 4}
# Bits of the mantissa of floats of these many bytes.
MANTISSA = {4: 23, 8: 52}
SPLITS = {
    "auto": blosc2.SplitMode.AUTO_SPLIT,
    "always": blosc2.SplitMode.ALWAYS_SPLIT,
    "never": blosc2.SplitMode.NEVER_SPLIT,
}


def check_filters(names: Sequence[str]) -> None:
    """Refuses what C-Blosc2 does not bring back (3.3.5): the codec has no such configurations."""
    if unknown := [name for name in names if name not in FILTER_CODES]:
        raise ValueError(f"no such filter: {unknown[0]!r}; there are {', '.join(FILTER_CODES)}")
    if len(names) > 2:
        raise ValueError(f"{len(names)} filters; at most two in a row come back from C-Blosc2")
    if names[1:] and names[1] in ("delta", "trunc_prec") and (names[0] == names[1] or "shuffle" in names[0]):
        raise ValueError(f"filter {names[1]!r} after {names[0]!r}, which does not come back from C-Blosc2")


@dataclass(frozen=True)
class Pipeline:
    """How blocks are compressed: what only a writer needs to know."""

    cname: str
    clevel: int
    filters: tuple[tuple[str, int], ...]  # (name, argument), in order of application
    split: str


@dataclass(frozen=True)
class Layout:
    """What a reader knows of a chunk beforehand."""

    nblocks: int
    blocksize: int  # bytes
    typesize: int  # bytes of an element
    checksum: bool

    @property
    def nbytes(self) -> int:
        return self.nblocks * self.blocksize

    @property
    def table(self) -> int:
        """Bytes of the table of checksums."""
        return 4 * self.nblocks + 4 if self.checksum else 0

    @property
    def streams(self) -> int:
        """Where blocks may start."""
        return HEADER + 4 * self.nblocks + self.table

    @property
    def front(self) -> int:
        """How many of the first bytes of a chunk say where its blocks lie; a chunk may be shorter."""
        return max(self.streams, HEADER + self.typesize)

    def check(self) -> None:
        """Refuses what is larger than Blosc2 can say."""
        if self.blocksize > blosc2.MAX_BLOCKSIZE:
            raise ValueError(f"blocks of {self.blocksize} bytes; Blosc2 has at most {blosc2.MAX_BLOCKSIZE}")
        if self.nbytes > blosc2.MAX_BUFFERSIZE:
            raise ValueError(f"chunks of {self.nbytes} bytes; Blosc2 has at most {blosc2.MAX_BUFFERSIZE}")


def compress(elements: np.ndarray, layout: Layout, pipeline: Pipeline) -> bytes:
    """The chunk of `elements`, bytes of all blocks one after the other."""
    filters = []
    for name, bits in pipeline.filters:
        if name == "trunc_prec":
            elements = _truncated(elements, layout.typesize, bits)
        else:
            filters.append(FILTER_CODES[name])
    chunk = blosc2.compress2(
        elements,
        codec=CODECS[pipeline.cname],
        clevel=pipeline.clevel,
        filters=filters,
        filters_meta=[0] * len(filters),
        splitmode=SPLITS[pipeline.split],
        typesize=layout.typesize,
        blocksize=layout.blocksize,
        use_dict=False,
        nthreads=1,
    )
    written = struct.unpack_from("<i", chunk, BLOCKSIZE)[0]
    if written != layout.blocksize:
        raise RuntimeError(f"Blosc2 made blocks of {written} bytes instead of {layout.blocksize}")
    return _with_checksums(chunk, elements, layout) if layout.checksum else chunk


def _truncated(elements: np.ndarray, typesize: int, bits: int) -> np.ndarray:
    """Floats with `bits` bits of the mantissa; Blosc2 itself would not truncate chunks that do not compress."""
    words = elements.view(f"<u{typesize}")
    dropped = MANTISSA[typesize] - bits if bits > 0 else -bits
    return (words >> dropped << dropped).view("u1")


def _with_checksums(chunk: bytes, elements: np.ndarray, layout: Layout) -> bytes:
    """The same chunk with the table of checksums before its blocks."""
    header = bytearray(chunk[:HEADER])
    n = layout.nblocks
    if header[FLAGS] & COPIED or header[BLOSC2_FLAGS] >> 4:
        # Nothing to check there: one stream for each block instead, stored as it is, or none for zeros.
        header[FLAGS] = header[FLAGS] & ~COPIED | UNSPLIT
        header[FILTERS : FILTERS + 6] = header[META : META + 6] = bytes(6)
        header[BLOSC2_FLAGS] &= 0b1000_1111
        blocks = elements.reshape(n, layout.blocksize)
        parts = [struct.pack("<i", layout.blocksize) + b.tobytes() if b.any() else bytes(4) for b in blocks]
        starts = layout.streams + np.cumsum([0, *map(len, parts[:-1])])
        streams = b"".join(parts)
    else:
        starts = np.frombuffer(chunk, "<i4", n, HEADER) + layout.table
        streams = chunk[HEADER + 4 * n :]
    struct.pack_into("<i", header, CBYTES, layout.streams + len(streams))
    extents = _extents(starts, layout.streams + len(streams)) - layout.streams
    sums = [google_crc32c.value(streams[start:stop]) for start, stop in extents.tolist()]
    front = bytes(header) + starts.astype("<i4").tobytes() + struct.pack(f"<{n}I", *sums)
    return front + struct.pack("<I", google_crc32c.value(front)) + streams


def _extents(starts: np.ndarray, end: int) -> np.ndarray:
    """(start, stop) of each block: it ends where the next one in the file starts."""
    borders = np.append(np.unique(starts), end)
    stops = borders[np.searchsorted(borders, starts, side="right")]
    return np.stack([starts, stops], axis=1)


class Front:
    """The first bytes of a chunk, which say where its blocks lie."""

    def __init__(self, data: bytes, layout: Layout):
        """Checks `data`, the first `layout.front` bytes or the whole of a shorter chunk."""
        self.layout = layout
        self.header = data[:HEADER]
        if len(self.header) < HEADER:
            raise _damaged(f"{len(data)} bytes, fewer than a header")
        sizes = struct.unpack_from("<iii", self.header, NBYTES)
        if self.header[FLAGS] & EXTENDED != EXTENDED or self.header[TYPESIZE] != layout.typesize:
            raise _damaged(f"no Blosc2 chunk of elements of {layout.typesize} bytes")
        whole = self.header[FLAGS] & COPIED or self.header[BLOSC2_FLAGS] >> 4 & 0b111
        if sizes[0] != layout.nbytes or (sizes[1] != layout.blocksize and not whole):
            told = f"{layout.nbytes} bytes in blocks of {layout.blocksize}"
            raise _damaged(f"{sizes[0]} bytes in blocks of {sizes[1]}, not {told}")
        if self.header[FLAGS2] & 1 or self.header[BLOSC2_FLAGS] & (DICTIONARY | LAZY):
            raise _damaged("a dictionary, blocks of several lengths, or a chunk without its data")
        self.cbytes = sizes[2]
        self.copied = bool(self.header[FLAGS] & COPIED)
        self.special = self.header[BLOSC2_FLAGS] >> 4 & 0b111
        self.value = b""
        if self.special:
            self._check_special(data)
        elif self.copied:
            self._check_copied()
        else:
            self._check_blocks(data)

    def _check_special(self, data: bytes) -> None:
        if self.layout.checksum:
            raise _damaged("no table of checksums, which was promised")
        size = {ZEROS: 0, NANS: 0, REPEATED: self.layout.typesize}.get(self.special)
        if size is None or self.cbytes != HEADER + size or len(data) < self.cbytes:
            raise _damaged(f"{self.cbytes} bytes for elements that are special (kind {self.special})")
        self.value = data[HEADER : self.cbytes]

    def _check_copied(self) -> None:
        if self.layout.checksum:
            raise _damaged("no table of checksums, which was promised")
        if self.cbytes != HEADER + self.layout.nbytes:
            raise _damaged(f"{self.cbytes} bytes for a copy of {self.layout.nbytes}")

    def _check_blocks(self, data: bytes) -> None:
        layout = self.layout
        if len(data) < layout.streams or self.cbytes < layout.streams:
            raise _damaged(f"{min(len(data), self.cbytes)} bytes end before the first block")
        end = HEADER + 4 * layout.nblocks
        if layout.checksum:
            *self.sums, own = struct.unpack_from(f"<{layout.nblocks + 1}I", data, end)
            if google_crc32c.value(data[: layout.streams - 4]) != own:
                raise _damaged("the checksum of the header and the index is another")
        codes = {code: name for name, code in FILTER_CODES.items()}
        filters = [codes.get(code, code) for code in self.header[FILTERS : FILTERS + 6] if code]
        check_filters(filters)
        self.refers_to_first = "delta" in filters
        starts = np.frombuffer(data, "<i4", layout.nblocks, HEADER).astype("i8")
        if starts.min() < layout.streams or starts.max() > self.cbytes - 4:
            raise _damaged("a block that starts outside of the chunk")
        if len(np.unique(starts)) < len(starts):
            raise _damaged("two blocks that start at one byte")
        self._starts = starts

    @cached_property
    def _bounds(self) -> np.ndarray:
        return _extents(self._starts, self.cbytes)

    def needed(self, blocks: Sequence[int]) -> list[int]:
        """The blocks that must be there to decode `blocks`, ascending."""
        if blocks and not (self.special or self.copied) and self.refers_to_first:
            return sorted({0, *blocks})
        return sorted(blocks)

    def extents(self, blocks: Sequence[int]) -> list[tuple[int, int]]:
        """(start, stop) of the bytes of each of `blocks`; empty where nothing needs to be read."""
        if self.special:
            return [(HEADER, HEADER)] * len(blocks)
        if self.copied:
            size = self.layout.blocksize
            return [(HEADER + b * size, HEADER + (b + 1) * size) for b in blocks]
        return [(start, stop) for start, stop in self._bounds[list(blocks)].tolist()]

    def decode(self, blocks: Sequence[int], parts: Sequence[bytes]) -> np.ndarray:
        """The elements of `blocks`, which `needed` gave, as bytes; `parts` are those of their extents."""
        for block, part, (start, stop) in zip(blocks, parts, self.extents(blocks), strict=True):
            if len(part) != stop - start:
                raise _damaged(f"{len(part)} of {stop - start} bytes of block {block}")
            if self.layout.checksum and google_crc32c.value(part) != self.sums[block]:
                raise _damaged(f"the checksum of block {block} is another")
        # A chunk of these blocks alone.
        header = bytearray(self.header)
        front = HEADER + (0 if self.special or self.copied else 4 * len(blocks))
        starts = front + np.cumsum([0, *map(len, parts)]) + len(self.value)
        struct.pack_into("<ii", header, NBYTES, len(blocks) * self.layout.blocksize, self.layout.blocksize)
        struct.pack_into("<i", header, CBYTES, starts[-1])
        index = b"" if front == HEADER else starts[:-1].astype("<i4").tobytes()
        return _decompress(b"".join([header, index, self.value, *parts]), len(blocks) * self.layout.blocksize)


def decompress(chunk: bytes, layout: Layout) -> np.ndarray:
    """The elements of a whole chunk, as bytes, one block after the other."""
    front = Front(chunk[: layout.front], layout)
    if len(chunk) != front.cbytes:
        raise _damaged(f"{len(chunk)} bytes, of which the header says {front.cbytes}")
    if layout.checksum:
        blocks = range(layout.nblocks)
        return front.decode(blocks, [chunk[start:stop] for start, stop in front.extents(blocks)])
    return _decompress(chunk, layout.nbytes)


def _decompress(chunk: bytes, nbytes: int) -> np.ndarray:
    elements = np.empty(nbytes, "u1")
    try:
        blosc2.decompress2(chunk, dst=elements, nthreads=1)
    except (RuntimeError, ValueError) as error:
        raise _damaged("a block that does not decompress") from error
    return elements


def _damaged(what: str) -> ValueError:
    return ValueError(f"damaged or foreign b2nd chunk: {what}")
