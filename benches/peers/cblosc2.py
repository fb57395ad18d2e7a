"""Does with python-blosc2 what examples/blosc2_peer.rs does with this library: see there for the tasks.

usage: cblosc2.py ELEMENTS < TASKS, one JSON object in each line, each answered by one line
"""

import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path

import blosc2
import numpy as np

SHAPE, CHUNKS, BLOCKS = (256, 512, 512), (64, 128, 128), (16, 32, 32)
FILTERS = {"none": blosc2.Filter.NOFILTER, "shuffle": blosc2.Filter.SHUFFLE, "bitshuffle": blosc2.Filter.BITSHUFFLE}


class Meter:
    def __enter__(self):
        self.used, self.started = cpu(), time.perf_counter()
        return self

    def __exit__(self, *failed):
        self.found = {"wall": time.perf_counter() - self.started, "cpu": cpu() - self.used}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Peer:
    def __init__(self, elements: str):
        self.array = np.fromfile(elements, "<f4").reshape(-1, *SHAPE[1:])
        grid = [range(0, n, c) for n, c in zip(self.array.shape, CHUNKS)]
        self.chunks = [self.arranged(z, y, x) for z in grid[0] for y in grid[1] for x in grid[2]]
        # Memory of Python itself: that of NumPy has huge pages, which are not what is compared.
        self.out = np.frombuffer(bytearray(self.chunks[0].nbytes), "<f4")
        self.frame = None
        library = next((Path(blosc2.__file__).parent / "lib").glob("libblosc2.so"))
        self.library = ctypes.CDLL(str(library))

    def arranged(self, *start: int) -> np.ndarray:
        """A chunk, block after block."""
        chunk = self.array[tuple(slice(s, s + n) for s, n in zip(start, CHUNKS))]
        (a, b, c), (k, m, n) = CHUNKS, BLOCKS
        return np.ascontiguousarray(chunk.reshape(a // k, k, b // m, m, c // n, n).transpose(0, 2, 4, 1, 3, 5)).ravel()

    def cparams(self, task: dict) -> blosc2.CParams:
        return blosc2.CParams(
            codec=blosc2.Codec[task["codec"].upper()],
            clevel=task["level"],
            filters=[FILTERS[task["filter"]]],
            filters_meta=[0],
            typesize=4,
            blocksize=4 * BLOCKS[0] * BLOCKS[1] * BLOCKS[2],
            nthreads=task["threads"],
        )

    def encode(self, task: dict) -> dict:
        frame = blosc2.SChunk(
            chunksize=self.chunks[0].nbytes, cparams=self.cparams(task), dparams=blosc2.DParams(nthreads=task["threads"])
        )
        with Meter() as meter:
            for chunk in self.chunks:
                frame.append_data(chunk)
        self.frame = frame
        return meter.found | {"bytes": frame.cbytes}

    def decode(self, task: dict) -> dict:
        with Meter() as meter:
            for number in range(self.frame.nchunks):
                self.frame.decompress_chunk(number, dst=self.out)
        if not np.array_equal(self.out, self.chunks[-1]):
            sys.exit("not what was encoded")
        return meter.found

    def write(self, task: dict) -> dict:
        blosc2.remove_urlpath(task["path"])
        with Meter() as meter:
            blosc2.asarray(
                self.array, chunks=CHUNKS, blocks=BLOCKS, urlpath=task["path"], mode="w", contiguous=True,
                cparams=self.cparams(task),
            )
        return meter.found | {"bytes": os.path.getsize(task["path"])}

    def read(self, task: dict) -> dict:
        array = blosc2.open(task["path"], mode="r", dparams=blosc2.DParams(nthreads=task["threads"]))
        boxes = [tuple(slice(s, s + n) for s, n in zip(*box)) for box in task["boxes"]]
        with Meter() as meter:
            parts = [array[box] for box in boxes]
        return meter.found | {"check": sum(int(part.view("<i4").sum(dtype="i8")) for part in parts)}

    def shuffle(self, task: dict) -> dict:
        size, count = task["bytes"], task["turns"]
        source, target = (ctypes.create_string_buffer(bytes(range(256)) * (size // 256), size) for _ in range(2))
        function = getattr(self.library, "blosc2_" + task["function"])
        arguments = task["typesize"], size, source, target
        function(*arguments)
        with Meter() as meter:
            for _ in range(count):
                function(*arguments)
        return meter.found


def main() -> None:
    peer = Peer(sys.argv[1])
    print("{}", flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(getattr(peer, task["op"])(task)), flush=True)


main()
