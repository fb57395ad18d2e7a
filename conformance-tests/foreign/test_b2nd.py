"""Chunks of the codec b2nd are chunks of Blosc2: python-blosc2, which knows no Zarr, decompresses them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import blosc2
import numpy as np
import pytest

from program import CROP, refusal, ziggurat
from stores import Store

ABSENT = 2**64 - 1


def chunks(array: Path, metadata: dict):
    """(index of the inner chunk, its bytes) of every one that is stored, by the index of its shard."""
    shard = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    inner = metadata["codecs"][0]["configuration"]["chunk_shape"]
    grid = [s // i for s, i in zip(shard, inner, strict=True)]
    for file in (array / "c").rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        index = np.frombuffer(data[-16 * np.prod(grid) - 4 : -4], "<u8").reshape(*grid, 2)
        place = [int(part) for part in file.relative_to(array / "c").parts]
        for position in np.ndindex(*grid):
            offset, length = map(int, index[position])
            if offset != ABSENT:
                yield [p * g + i for p, g, i in zip(place, grid, position, strict=True)], data[offset : offset + length]


def elements(chunk: bytes, shape: list[int], block: list[int], dtype: str) -> np.ndarray:
    """The elements of a chunk, from those of its blocks in C order."""
    grid = [-(-s // b) for s, b in zip(shape, block, strict=True)]
    blocks = np.frombuffer(blosc2.decompress2(chunk), dtype).reshape(grid + block)
    rank = len(shape)
    order = [axis for d in range(rank) for axis in (d, rank + d)]
    padded = blocks.transpose(order).reshape([g * b for g, b in zip(grid, block, strict=True)])
    return padded[tuple(slice(s) for s in shape)]


@pytest.mark.parametrize(
    "codec", ["b2nd", "b2nd-lz4:5:bitshuffle", "b2nd-zlib:4:delta+shuffle", "b2nd-lz4hc:0", "b2nd-zstd:9:noshuffle"]
)
def test_blosc2_decompresses_every_chunk(tmp_path, codec):
    path = tmp_path / "store.zarr"
    ziggurat("import", CROP, path, "--codec", codec, "--block", "100,90", "--superchunk", "200,180", "--chunk", "100,90")
    ziggurat("import", CROP, tmp_path / "plain.zarr")
    plain = Store(tmp_path / "plain.zarr")
    for level in ["0", "1"]:
        for name in plain.variables():
            expected = plain.group[f"{level}/{name}"][...]
            metadata = json.loads((path / level / name / "zarr.json").read_bytes())
            sharding = metadata["codecs"][0]["configuration"]
            (b2nd,) = sharding["codecs"]
            assert b2nd["name"] == "b2nd"
            shape, block = sharding["chunk_shape"], b2nd["configuration"]["block_shape"]
            found = np.full(metadata["shape"], metadata["fill_value"], expected.dtype)
            seen = 0
            for index, chunk in chunks(path / level / name, metadata):
                place = tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, shape, strict=True))
                values = elements(chunk, shape, block, expected.dtype)
                found[place] = values[tuple(slice(n) for n in found[place].shape)]
                check_sums(chunk, np.prod([-(-s // b) for s, b in zip(shape, block, strict=True)]))
                seen += 1
            assert seen > 0
            np.testing.assert_array_equal(found, expected)


def check_sums(chunk: bytes, blocks: int) -> None:
    """Compares the checksums of a chunk, whose blocks lie in their order, with its bytes."""
    google_crc32c = pytest.importorskip("google_crc32c")
    starts = struct.unpack_from(f"<{blocks}i", chunk, 32)
    *sums, last = struct.unpack_from(f"<{blocks + 1}I", chunk, 32 + 4 * blocks)
    ends = [*starts[1:], len(chunk)]
    assert sums == [google_crc32c.value(chunk[s:e]) for s, e in zip(starts, ends, strict=True)]
    assert last == google_crc32c.value(chunk[: 32 + 8 * blocks])


def test_an_unknown_form_is_refused(tmp_path):
    message = refusal("import", CROP, tmp_path / "store.zarr", "--codec", "b2nd-snappy")
    assert "b2nd" in message and "lz4hc" in message


def test_info_says_the_short_form(tmp_path):
    path = tmp_path / "store.zarr"
    ziggurat("import", CROP, path, "--codec", "b2nd-lz4:7")
    assert "b2nd-lz4:7:shuffle" in ziggurat("info", path).stdout
    ziggurat("verify", path)
    ziggurat("build", path, "--levels", "1")
