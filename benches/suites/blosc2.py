"""Chunks, frames and the codec `b2nd`, beside c-blosc2 (python-blosc2) and zarrs.

A smooth, quantised field of float32, 256 x 512 x 512, in chunks of 64 x 128 x 128 and blocks of 16 x 32 x 32. The
programs stay running and are given the same tasks in turns; only the work is timed. Page cache warm. `encode` and
`decode` are of chunks in memory, their elements already block after block; `write` and `read` are of whole `b2nd` files.
The Zarr array of `b2nd` chunks, the `b2nd` file and the superchunk of zarrs hold the same chunks with the same codec,
zstd at level 5 with shuffle; zarrs has nothing below the chunk. `plane 0`, `1` and `2` are planes across that
dimension, `cube` is 16 x 16 x 16, `point` one element, one call after the other. What is read is compared.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
from pathlib import Path

from harness import HERE, Bench, Table
from interleaved import CACHE, Peers

CHUNK = (64, 128, 128)
CODEC = {"codec": "zstd", "level": 5, "filter": "shuffle"}
CODECS = (
    ("zstd", 5, "shuffle"),
    ("zstd", 1, "shuffle"),
    ("lz4", 5, "shuffle"),
    ("lz4", 5, "bitshuffle"),
    ("zlib", 5, "shuffle"),
    # What else is in use: without a filter, at other levels.
    ("zstd", 1, "bitshuffle"),
    ("zstd", 3, "none"),
    ("lz4", 9, "shuffle"),
    ("lz4", 1, "none"),
    ("lz4hc", 5, "shuffle"),
    ("zlib", 1, "shuffle"),
)
QUICK = CODECS[2:4]
THREADS = (1, 2)

# What times may be of those of the peer.
THROUGHPUT = 1 / 0.9
BANDWIDTH = 1 / 0.8
SIZE = 1.02


class Worker:
    """A program that is given tasks and answers what they cost."""

    def __init__(self, *command: object, threads: int = 1):
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.process.stdout.readline()

    def do(self, **task: object) -> dict:
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{task}: {self.process.args[0]} ended")
        return json.loads(answer)


class Zarrs:
    """zarrs, in a process of its own for each task."""

    def __init__(self, place: Path, data: Path, planes: int):
        self.place = place
        self.task = {
            "dtype": "float32", "shape": [planes, 512, 512], "shard": [planes, 512, 512], "chunk": CHUNK, "variant": "",
            "codec": {"name": "blosc", "cname": "zstd", "clevel": 5}, "data": str(data), "store": str(place / "zarrs.zarr"),
        }  # fmt: skip
        self.do("W1", 2)

    def do(self, workload: str, threads: int, boxes: list | None = None) -> dict:
        numbers = [n for box in boxes or [] for part in box for n in part]
        (self.place / "boxes").write_bytes(b"".join(n.to_bytes(8, "little") for n in numbers))
        task = self.task | {"workload": workload, "threads": threads, "boxes": str(self.place / "boxes"), "params": {}}
        (self.place / "task.json").write_text(json.dumps(task))
        command = [CACHE / "build" / "release" / "zarrs-peer", "--cache", self.place / "task.json"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        return found | {"cpu": found["user"] + found["sys"]}


class Rounds:
    """What was measured: answers by group, task, and who did it."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.found: dict[tuple[str, str], dict[str, list[dict]]] = {}

    def add(self, group: str, task: str, who: str, answer: dict) -> None:
        self.found.setdefault((group, task), {}).setdefault(who, []).append(answer)

    def median(self, group: str, task: str, who: str, metric: str) -> float:
        return statistics.median(answer[metric] for answer in self.found[group, task][who])

    def judge(self, group: str, peer: str, limit: float | dict[str, float], metrics: tuple[str, ...] = ("cpu", "wall")) -> None:
        """Sets the goals of a group: what `ziggurat` may take of what `peer` takes, by the first word of a task."""
        for _, task in [key for key in self.found if key[0] == group]:
            most = limit if isinstance(limit, float) else limit.get(task.split()[0])
            for metric in metrics if most else ():
                ours, theirs = (self.median(group, task, who, metric) for who in ("ziggurat", peer))
                what = f"{task}: {metric.replace('cpu', 'CPU')} / {peer}"
                self.bench.goal(what, ours / theirs, most, f"{ours * 1e3:.3g} ms, {theirs * 1e3:.3g} ms")

    def tables(self) -> None:
        tables: dict[str, Table] = {}
        for (group, task), answers in self.found.items():
            columns = [f"{who} {metric} ms" for who in answers for metric in ("cpu", "wall")]
            table = tables.setdefault(group, Table(group, columns))
            table.rows[task] = [
                1e3 * self.median(group, task, who, metric) for who in answers for metric in ("cpu", "wall")
            ]
        self.bench.tables += tables.values()


def run(bench: Bench) -> None:
    peers = Peers(bench)
    driver = bench.build("--package", "ziggurat-codecs", "--example", "blosc2_peer") / "examples" / "blosc2_peer"
    planes = 64 if bench.quick else 256
    data = bench.make(bench.place / f"field-{planes}.raw", [peers.python, str(HERE / "peers" / "field.py"), str(planes)])
    memory = Path("/dev/shm")
    place = (memory if bench.chosen is None and memory.is_dir() else bench.place) / "ziggurat-blosc2"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    rounds = Rounds(bench)
    try:
        ours = {threads: Worker(driver, data, threads=threads) for threads in THREADS}
        theirs = Worker(peers.python, HERE / "peers" / "cblosc2.py", data)
        filters(bench, rounds, ours[1], theirs)
        chunks(bench, rounds, ours, theirs)
        files(bench, rounds, ours, theirs, place)
        boxes(bench, rounds, ours, theirs, Zarrs(place, data, planes), place, planes)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    rounds.judge("filters", "c-blosc2", BANDWIDTH, ("cpu",))
    rounds.judge("chunks", "c-blosc2", THROUGHPUT)
    rounds.judge("files", "c-blosc2", THROUGHPUT)
    rounds.judge("boxes", "c-blosc2", 1.0)
    rounds.judge("boxes", "zarrs", {"plane": 1 / 3, "cube": 1 / 10})
    for codec in dict.fromkeys(task.split()[1] for _, task in rounds.found if task.startswith("encode")):
        sizes = [rounds.median("chunks", f"encode {codec} 1t", who, "bytes") for who in ("ziggurat", "c-blosc2")]
        what = f"{codec}: size / c-blosc2, or its inverse"
        bench.goal(what, max(sizes) / min(sizes), SIZE, "{:.0f}, {:.0f} bytes".format(*sizes))
    rounds.tables()


def filters(bench: Bench, rounds: Rounds, ours: Worker, theirs: Worker) -> None:
    """Shuffles alone, on one thread: of what fits a cache of the second level, and of what fits none."""
    sizes = (("L2", 256 << 10, 400), ("memory", 64 << 20, 1))
    for _ in range(3 * bench.rounds):
        for function in ("shuffle", "unshuffle", "bitshuffle", "bitunshuffle"):
            for typesize in (2, 4, 8, 16):
                for name, size, turns in sizes:
                    task = {"function": function, "typesize": typesize, "bytes": size, "turns": turns}
                    for who, worker in _turns(ours, theirs):
                        title = f"{function} of {typesize} bytes in {name}"
                        rounds.add("filters", title, who, worker.do(op="shuffle", **task))


def chunks(bench: Bench, rounds: Rounds, ours: dict[int, Worker], theirs: Worker) -> None:
    for turn in range(bench.rounds):
        for codec, level, name in QUICK if bench.quick else CODECS:
            bench.say(f"round {turn + 1}: {codec} {level} {name}")
            task = {"codec": codec, "level": level, "filter": name}
            for threads in THREADS:
                for op in ("encode", "decode"):
                    for who, worker in _turns(ours[threads], theirs):
                        title = f"{op} {codec}-{level}-{name} {threads}t"
                        rounds.add("chunks", title, who, worker.do(op=op, threads=threads, **task))


def files(bench: Bench, rounds: Rounds, ours: dict[int, Worker], theirs: Worker, place: Path) -> None:
    whole = [[[0, 0, 0], [64 if bench.quick else 256, 512, 512]]]
    for _ in range(bench.rounds):
        for codec, level in (("lz4", 5),) if bench.quick else (("zstd", 5), ("lz4", 5)):
            for threads in THREADS:
                task = {"codec": codec, "level": level, "filter": "shuffle", "threads": threads}
                for op in ("write", "read"):
                    for who, worker in _turns(ours[threads], theirs):
                        path = place / f"{who}.b2nd"
                        answer = worker.do(op=op, path=str(path), boxes=whole, **task)
                        rounds.add("files", f"{op} {codec}-{level}-shuffle {threads}t", who, answer)


def boxes(
    bench: Bench, rounds: Rounds, ours: dict[int, Worker], theirs: Worker, zarrs: Zarrs, place: Path, planes: int
) -> None:
    shape = (planes, 512, 512)
    array, file = place / "ziggurat.zarr", place / "c-blosc2.b2nd"
    ours[2].do(op="store", path=str(array), **CODEC)
    theirs.do(op="write", path=str(file), threads=2, **CODEC)
    at = random.Random(7)
    for _ in range(bench.rounds):
        for name, count, edges in (
            ("plane 0", 10, (1, 512, 512)),
            ("plane 1", 10, (planes, 1, 512)),
            ("plane 2", 10, (planes, 512, 1)),
            ("cube", 300, (16, 16, 16)),
            ("point", 1000, (1, 1, 1)),
        ):
            wanted = [[[at.randint(0, n - e) for n, e in zip(shape, edges)], edges] for _ in range(count)]
            for threads in THREADS:
                answers = {
                    "ziggurat": ours[threads].do(op="read", path=str(array), boxes=wanted),
                    "c-blosc2": theirs.do(op="read", path=str(file), boxes=wanted, threads=threads),
                    "zarrs": zarrs.do("W4", threads, wanted),
                }
                if len({answer["check"] for answer in answers.values()}) > 1:
                    raise SystemExit(f"{name}: not all read the same")
                for who, answer in answers.items():
                    each = {metric: answer[metric] / count for metric in ("cpu", "wall")}
                    rounds.add("boxes", f"{name} {threads}t", who, each)


def _turns(ours: Worker, theirs: Worker) -> list[tuple[str, Worker]]:
    """Who does a task first is left to chance."""
    both = [("ziggurat", ours), ("c-blosc2", theirs)]
    random.shuffle(both)
    return both
