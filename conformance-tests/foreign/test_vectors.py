"""Test files of C-Blosc2, python-blosc2 and python-caterva, from all their history.

They are not part of this project: `ZIGGURAT_VECTORS` names a directory where they are, in any folders,
such as clones of the three repositories.
"""

import os
import re
import struct
import subprocess
from collections import Counter
from pathlib import Path

import blosc2
import numcodecs.blosc
import numpy as np
import pytest

from program import ROOT, TIME_LIMIT

EXAMPLES = Path(os.environ.get("ZIGGURAT_EXAMPLES", ROOT / "target" / "debug" / "examples"))
VECTORS = os.environ.get("ZIGGURAT_VECTORS")
FRAMES = {".b2nd", ".b2frame", ".caterva", ".cat"}
FILES = sorted(p for p in Path(VECTORS).rglob("*") if p.is_file()) if VECTORS else []

pytestmark = pytest.mark.skipif(not FILES, reason="no files of other projects: ZIGGURAT_VECTORS")

# What is refused, and how its name shows in the error.
REFUSED = [
    ("varchunks", "chunks of different sizes"),
    ("vlblocks", "blocks of variable length"),
    ("ndmean_repart", "the plugin 'ndmean'"),
    ("ndmean", "filter 165"),  # its number before it was registered
]
# From before the first release of Blosc2, which itself cannot read them any more.
EARLY = b"\x9d\xa8b2frame\0"


def run(tool: str, *arguments) -> subprocess.CompletedProcess:
    command = [EXAMPLES / tool, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)


def decoded(file: Path, scratch: Path) -> bytes:
    done = run("chunks", file, scratch / "elements")
    assert done.returncode == 0, done.stderr
    return (scratch / "elements").read_bytes()


def files(suffixes: set, pattern: str = "") -> list:
    found = [p for p in FILES if p.suffix in suffixes and re.match(pattern, p.name)]
    return [pytest.param(p, id=str(p.relative_to(VECTORS))) for p in found]


@pytest.mark.parametrize("file", files({".cdata"}, "blosc-"))
def test_chunks_of_all_versions(file, tmp_path):
    stored = file.read_bytes()
    # C-Blosc2 leaves what follows the last whole element of a Blosc-1 chunk as it finds it.
    reference = numcodecs.blosc.decompress if stored[0] == 2 else blosc2.decompress2
    ours = decoded(file, tmp_path)
    assert ours == bytes(reference(stored))
    if "bitshuffle" not in file.name:
        assert ours == np.arange(1_000_000, dtype="<i4").tobytes()


@pytest.mark.parametrize("file", files({".cdata"}, "(bit)?shuffle"))
def test_what_the_filters_of_blosc2_make(file, tmp_path):
    """The bare bytes after the filter, here as the one stream of a chunk, as long as its block: a copy."""
    filtered = file.read_bytes()
    size = len(filtered)
    filters = bytes([0, 0, 0, 0, 0, 2 if file.name.startswith("bit") else 1])
    header = struct.pack("<4B3i6s10x", 5, 1, 0x15, 4, size, size, 40 + size, filters)
    chunk = tmp_path / "chunk"
    chunk.write_bytes(header + struct.pack("<2i", 36, size) + filtered)
    assert decoded(chunk, tmp_path) == np.arange(1_000_000, dtype="<i4").tobytes()


@pytest.mark.parametrize("file", files(FRAMES))
def test_frames(file, tmp_path):
    stored = file.read_bytes()
    done = run("chunks", file, tmp_path / "elements")
    refused = [text for name, text in REFUSED if name in file.name]
    if done.returncode and refused:
        assert refused[0] in done.stderr
    elif stored.startswith(EARLY):
        assert "before its first release" in done.stderr
    elif not stored.startswith(b"\x9e"):
        assert done.returncode, "it is no frame"
    else:
        assert done.returncode == 0, done.stderr
        frame = blosc2.schunk_from_cframe(stored)
        chunks = [frame.decompress_chunk(n) for n in range(frame.nchunks)]
        assert (tmp_path / "elements").read_bytes() == b"".join(chunks)


def test_one_array_in_several_partitions(tmp_path):
    found = []
    for file in (p for p in FILES if p.name.startswith("example_item_prices")):
        done = run("b2nd", "read", file, tmp_path / "elements")
        if "6 parts" in done.stderr:  # a draft of the metalayer that no release wrote
            continue
        assert done.returncode == 0, done.stderr
        found.append((tmp_path / "elements").read_bytes())
    # There were two such arrays, each in files of several versions.
    assert all(count > 1 for count in Counter(found).values()), f"{len(found)} files"
