#!/usr/bin/env python3
"""Makes `cases/` and `manifest.jsonl`: stores whose every byte is set here, by no Zarr library.

    scripts/venv.py conformance-tests/requirements.txt      # prints the interpreter to run this with

A legal case says which values must come out. An illegal one differs from a legal one in one thing and must be
refused. `CLAUSES` are those of ../spec/zarr-profile.md.
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import itertools
import json
import shutil
from pathlib import Path

import google_crc32c
import numcodecs
import numpy as np

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
MANIFEST: list[dict] = []

LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
BIG = {"name": "bytes", "configuration": {"endian": "big"}}
ZSTD = {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
GZIP = {"name": "gzip", "configuration": {"level": 5}}
CRC = {"name": "crc32c"}
MISSING = 2**64 - 1

SHAPE, CHUNK, FILL = (5, 7), (2, 4), 7


def numbers(shape=SHAPE, dtype="int16") -> np.ndarray:
    return (np.arange(np.prod(shape)).reshape(shape) * 3 - 20).astype(dtype)


def document(shape=SHAPE, chunk=CHUNK, data_type="int16", fill=FILL, codecs=(LITTLE,), **members) -> dict:
    base = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": list(codecs),
        "attributes": {},
    }
    return base | members


# --- bytes


def crc32c(data: bytes) -> bytes:
    return data + google_crc32c.value(data).to_bytes(4, "little")


def zstd(data: bytes) -> bytes:
    return bytes(numcodecs.Zstd(level=3).encode(data))


def little(values: np.ndarray) -> bytes:
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()


def big(values: np.ndarray) -> bytes:
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder(">")).tobytes()


def chunks(values: np.ndarray, chunk=CHUNK, fill=FILL):
    """(index, values) of every chunk, whole, with the fill value beyond the edge."""
    counts = [-(-n // c) for n, c in zip(values.shape, chunk, strict=True)]
    for index in itertools.product(*map(range, counts)):
        part = np.full(chunk, fill, values.dtype)
        cut = values[tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunk, strict=True))]
        part[tuple(map(slice, cut.shape))] = cut
        yield index, part


def slashes(index) -> str:
    return "/".join(["c", *map(str, index)])


def stored(values: np.ndarray, chunk=CHUNK, fill=FILL, encode=little, key=slashes) -> dict[str, bytes]:
    return {key(index): encode(part) for index, part in chunks(values, chunk, fill)}


def shard(parts: dict[int, bytes], count: int, at_start=False, crc=True, index_order="<", order=None, gap=0) -> bytes:
    """A shard of `count` inner chunks, of which `parts` are stored, in `order` and `gap` bytes apart."""
    index_size = 16 * count + (4 if crc else 0)
    position = index_size if at_start else 0
    index = np.full((count, 2), MISSING, "u8")
    data = b""
    for i in order or sorted(parts):
        data += b"\xaa" * gap
        index[i] = position + len(data), len(parts[i])
        data += parts[i]
    encoded = index.astype(f"{index_order}u8").tobytes()
    encoded = crc32c(encoded) if crc else encoded
    return encoded + data if at_start else data + encoded


def sharding(inner=(2, 2), codecs=(LITTLE, ZSTD), index_codecs=(LITTLE, CRC), location="end") -> dict:
    configuration = {"chunk_shape": list(inner), "codecs": list(codecs), "index_codecs": list(index_codecs)}
    if location:
        configuration["index_location"] = location
    return {"name": "sharding_indexed", "configuration": configuration}


# --- cases


def write(path: str, files: dict[str, bytes]) -> None:
    for key, data in files.items():
        file = CASES / path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def legal(path: str, clauses: str, values: np.ndarray, meta: dict, objects: dict[str, bytes], reason: str) -> None:
    """A case whose values must come out."""
    write(path, {"zarr.json": json.dumps(meta, indent=1).encode()} | objects)
    data_type = meta["data_type"] if isinstance(meta["data_type"], str) else meta["data_type"]["name"]
    record(path, clauses, "ok", reason, values, data_type)


def record(path, clauses, expect, reason, values=None, data_type=None) -> None:
    entry = {"path": path, "clauses": clauses.split(), "expect": expect, "reason": reason}
    if values is not None:
        digest = hashlib.sha256(little(values)).hexdigest()
        entry |= {"shape": list(values.shape), "data_type": data_type, "sha256": digest}
    MANIFEST.append(entry)


def illegal(path: str, clauses: str, reason: str, change=None, objects=None, meta=None, text=None) -> None:
    """A case that must be refused: the plain array, with its document changed, or with other objects."""
    meta = copy.deepcopy(meta) if meta else document()
    if change:
        change(meta)
    body = text if text is not None else json.dumps(meta, indent=1)
    write(path, {"zarr.json": body.encode()} | (stored(numbers()) if objects is None else objects))
    record(path, clauses, "reject", reason)


def legal_cases() -> None:
    values = numbers()
    plain = stored(values)
    legal("ok/plain", "R1 R2 R6 R8 R10 R11", values, document(), plain, "nothing special")

    # Data types, uncompressed.
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
        typed = numbers(dtype=name)
        legal(f"ok/type-{name}", "P4 R9", typed, document(data_type=name), stored(typed), name)
    flags = numbers() % 2 == 0
    legal("ok/type-bool", "R9", flags, document(data_type="bool", fill=True), stored(flags, fill=True), "bool")
    half = numbers(dtype="float16")
    legal("ok/type-float16", "R9", half, document(data_type="float16"), stored(half), "float16")
    for name, fill in (("complex64", [1.5, "NaN"]), ("complex128", [1.5, -2.0])):
        both = (numbers() + 1j * numbers()[::-1]).astype(name)
        meta = document(data_type=name, fill=fill)
        legal(f"ok/type-{name}", "R9", both, meta, stored(both, fill=0), name)

    # Codecs.
    for name, codec, encode in (
        ("gzip", GZIP, lambda v: gzip.compress(little(v), 5, mtime=0)),
        ("zstd", ZSTD, lambda v: zstd(little(v))),
        ("crc32c", CRC, lambda v: crc32c(little(v))),
    ):
        meta = document(codecs=(LITTLE, codec))
        legal(f"ok/codec-{name}", "P10 R10 R13", values, meta, stored(values, encode=encode), name)
    for number, shuffle in enumerate(("noshuffle", "shuffle", "bitshuffle")):
        configuration = {"cname": "lz4", "clevel": 5, "shuffle": shuffle, "typesize": 2, "blocksize": 0}
        blosc = numcodecs.Blosc("lz4", 5, number)
        many = numbers((64, 64))
        meta = document((64, 64), (32, 64), codecs=(LITTLE, {"name": "blosc", "configuration": configuration}))
        objects = stored(many, (32, 64), encode=lambda v, blosc=blosc: bytes(blosc.encode(np.ascontiguousarray(v))))
        legal(f"ok/codec-blosc-{shuffle}", "P10 R10", many, meta, objects, f"blosc, {shuffle}")
    legal("ok/big-endian", "R11", values, document(codecs=(BIG,)), stored(values, encode=big), "big-endian")
    bytes1 = numbers(dtype="uint8")
    bare = document(data_type="uint8", codecs=({"name": "bytes"},))
    legal("ok/bytes-without-endian", "R11", bytes1, bare, stored(bytes1), "one byte has no order")
    cube = numbers((3, 4, 5))
    order = [2, 0, 1]
    turned = document((3, 4, 5), (3, 4, 5), codecs=({"name": "transpose", "configuration": {"order": order}}, LITTLE))
    legal(
        "ok/transpose", "R14", cube, turned, {"c/0/0/0": little(cube.transpose(order))}, "an order that is not its own inverse"
    )

    # Chunk keys.
    for name, encoding, key in (
        ("default-dot", {"name": "default", "configuration": {"separator": "."}}, lambda i: f"c.{i[0]}.{i[1]}"),
        ("default", {"name": "default"}, slashes),
        ("v2-slash", {"name": "v2", "configuration": {"separator": "/"}}, lambda i: f"{i[0]}/{i[1]}"),
        ("v2-dot", {"name": "v2", "configuration": {"separator": "."}}, lambda i: f"{i[0]}.{i[1]}"),
        ("v2", {"name": "v2"}, lambda i: f"{i[0]}.{i[1]}"),
    ):
        meta = document(chunk_key_encoding=encoding)
        legal(f"ok/keys-{name}", "R7", values, meta, stored(values, key=key), f"chunk keys: {name}")

    # Fill values and chunks that are not stored.
    gap = values.copy()
    gap[2:4, :4] = FILL
    legal("ok/missing-chunk", "R8", gap, document(), {k: v for k, v in plain.items() if k != "c/1/0"}, "a chunk is not stored")
    legal("ok/nothing-stored", "R8", np.full(SHAPE, FILL, "int16"), document(), {}, "no chunk is stored")
    for name, fill, value in (
        ("nan", "NaN", np.float32(np.nan)),
        ("infinity", "Infinity", np.float32(np.inf)),
        ("minus-infinity", "-Infinity", np.float32(-np.inf)),
        ("nan-payload", "0x7fc00001", np.uint32(0x7FC00001).view("float32")),
        ("integer-token", 3, np.float32(3)),
    ):
        filled = np.full(SHAPE, value, "float32")
        legal(f"ok/fill-{name}", "R9", filled, document(data_type="float32", fill=fill), {}, f"fill value {fill}")
    for name, fill in (("int64", -(2**63)), ("uint64", 2**64 - 1), ("int64", 2**53 + 1)):
        filled = np.full(SHAPE, fill, name)
        meta = document(data_type=name, fill=fill)
        legal(f"ok/fill-{name}-{fill}", "R9", filled, meta, {}, "an integer that float64 does not hold")

    # Documents.
    legal("ok/unknown-attributes", "R4", values, document(attributes={"x": {"must_understand": True}}), plain, "attributes mean nothing here")
    harmless = document(extra={"must_understand": False, "more": [1]})
    legal("ok/unknown-member-to-ignore", "R3", values, harmless, plain, "an unknown member that may be ignored")
    legal("ok/no-storage-transformers", "R5", values, document(storage_transformers=[]), plain, "an empty list of them")
    bare = document()
    del bare["attributes"]
    legal("ok/no-attributes", "R2", values, bare, plain, "attributes may be absent")
    legal("ok/dimension-names", "P13", values, document(dimension_names=["y", None]), plain, "one dimension has no name")
    scalar = np.array(-5, "int16")
    legal("ok/scalar", "P5", scalar, document((), ()), {"c": little(scalar)}, "no dimensions")
    legal("ok/empty", "P5", numbers((0, 7)), document((0, 7)), {}, "a dimension of size 0")
    border = stored(values, fill=-1)
    legal("ok/border-rubbish", "P16", values, document(), border, "what lies outside the array means nothing")

    sharded_cases()

    # Zarr v2.
    for name, order, separator in (("c", "C", "."), ("f", "F", "/")):
        meta = {
            "zarr_format": 2,
            "shape": list(SHAPE),
            "chunks": list(CHUNK),
            "dtype": "<i2",
            "compressor": {"id": "zlib", "level": 5},
            "fill_value": FILL,
            "order": order,
            "filters": None,
            "dimension_separator": separator,
        }
        zlib = numcodecs.Zlib(level=5)
        objects = {
            separator.join(map(str, i)): zlib.encode(np.ascontiguousarray(p).astype("<i2").tobytes(order=order))
            for i, p in chunks(values)
        }
        write(f"ok/v2-{name}", {".zarray": json.dumps(meta, indent=1).encode(), ".zattrs": b"{}"} | objects)
        record(f"ok/v2-{name}", "R18", "ok", f"Zarr v2, {order} order", values, "int16")


def sharded_cases() -> None:
    values = numbers((8, 8))

    def inner(part, codec=zstd):
        return {n: codec(little(p)) for n, (_, p) in enumerate(chunks(part, (2, 2)))}

    def sharded(codec=zstd, only=None, transform=lambda v: v, outer=lambda b: b, **options):
        objects = {}
        for index, part in chunks(values, (4, 8)):
            parts = {n: b for n, b in inner(transform(part), codec).items() if only is None or n in only}
            objects[slashes(index)] = outer(shard(parts, 8, **options))
        return objects

    def meta(**options):
        return document((8, 8), (4, 8), codecs=(sharding(**options),))

    legal("ok/shard-end", "P11 R15 R16", values, meta(), sharded(), "index at the end")
    legal("ok/shard-start", "R15", values, meta(location="start"), sharded(at_start=True), "index at the start")
    legal("ok/shard-default", "R15", values, meta(location=None), sharded(), "the end is the default")
    legal("ok/shard-gaps", "R15", values, meta(), sharded(order=[5, 0, 7, 2, 1, 6, 4, 3], gap=3), "any order, and gaps")
    no_crc = meta(index_codecs=(LITTLE,))
    legal("ok/shard-without-crc", "R15", values, no_crc, sharded(crc=False), "an index without checksum")
    turned = meta(index_codecs=(BIG, CRC))
    legal("ok/shard-index-big-endian", "R15", values, turned, sharded(index_order=">"), "a big-endian index")
    raw = meta(codecs=(LITTLE, CRC))
    legal("ok/shard-inner-crc", "R13 R15", values, raw, sharded(codec=crc32c), "checksums of inner chunks")

    sparse = np.full((8, 8), FILL, "int16")
    sparse[0:2, 0:4], sparse[4:6, 0:4] = values[0:2, 0:4], values[4:6, 0:4]
    legal("ok/shard-missing-inner", "R8 R15", sparse, meta(), sharded(only=(0, 1)), "inner chunks that are not stored")
    half = np.full((8, 8), FILL, "int16")
    half[:4] = values[:4]
    objects = {k: v for k, v in sharded().items() if k == "c/0/0"}
    legal("ok/shard-missing", "R8", half, meta(), objects, "a shard that is not stored")

    same = np.tile(values[:2, :2], (4, 4))
    one = zstd(little(values[:2, :2]))
    index = np.tile(np.array([0, len(one)], "<u8"), (8, 1)).tobytes()
    shared = {slashes((i, 0)): one + crc32c(index) for i in range(2)}
    legal("ok/shard-shared-bytes", "R15", same, meta(), shared, "all entries point at the same bytes")

    wide = document((3, 5), (4, 8), codecs=(sharding(),))
    (part,) = (p for _, p in chunks(numbers((3, 5)), (4, 8)))
    legal("ok/shard-beyond-array", "R15", numbers((3, 5)), wide, {"c/0/0": shard(inner(part), 8)}, "a shard larger than the array")

    nested = document((8, 8), (8, 8), codecs=(sharding((4, 8), (sharding((2, 2)),)),))
    inner_shards = {n: shard(inner(p), 8) for n, (_, p) in enumerate(chunks(values, (4, 8)))}
    legal("ok/shard-nested", "R15", values, nested, {"c/0/0": shard(inner_shards, 2)}, "shards in a shard")
    packed = document((8, 8), (4, 8), codecs=(sharding(), GZIP))
    legal("ok/shard-compressed", "R10", values, packed, sharded(outer=lambda b: gzip.compress(b, mtime=0)), "compressed as a whole")
    square = document((8, 8), (8, 8), codecs=({"name": "transpose", "configuration": {"order": [1, 0]}}, sharding((2, 2))))
    objects = {"c/0/0": shard(inner(values.T), 16)}
    legal("ok/shard-transposed", "R10 R15", values, square, objects, "transposed before it is sharded")

    # Damage.
    good = sharded()

    def broken(path, clauses, reason, damage):
        illegal(path, clauses, reason, meta=meta(), objects={k: damage(v) for k, v in good.items()})

    broken("bad/shard-index-crc", "R13 R17", "the checksum of the index does not fit", lambda b: b[:-1] + bytes([b[-1] ^ 1]))
    broken("bad/shard-truncated", "R17", "the object ends within the index", lambda b: b[:-20])
    broken("bad/shard-tiny", "R17", "the object is shorter than an index", lambda b: b[:10])
    far = np.array([[0, 10**6]] + [[MISSING, MISSING]] * 7, "<u8").tobytes()
    broken("bad/shard-beyond-end", "R17", "an inner chunk reaches beyond the object", lambda b: crc32c(far))
    wrap = np.array([[2**64 - 8, 16]] + [[MISSING, MISSING]] * 7, "<u8").tobytes()
    broken("bad/shard-overflow", "R17", "offset and size overflow 64 bits", lambda b: crc32c(wrap))
    illegal("bad/shard-uneven", "R16", "inner chunks do not divide the shard", meta=meta(inner=(3, 2)), objects=good)
    illegal("bad/shard-inner-zero", "R6 R16", "an inner chunk of size 0", meta=meta(inner=(0, 2)), objects=good)
    unfixed = meta(index_codecs=(LITTLE, GZIP))
    illegal("bad/shard-index-gzip", "R15", "the size of the index is not known", meta=unfixed, objects=good)
    illegal("bad/shard-location", "R15", "an unknown index location", meta=meta(location="middle"), objects=good)


def illegal_cases() -> None:
    def put(**members):
        return lambda meta: meta.update(members)

    # Documents.
    illegal("bad/not-json", "R1", "a trailing comma", text=json.dumps(document())[:-1] + ",}")
    illegal("bad/two-documents", "R1", "two JSON objects", text=json.dumps(document()) * 2)
    illegal("bad/format-4", "R1", "zarr_format 4", put(zarr_format=4))
    illegal("bad/format-text", "R1", 'zarr_format "3"', put(zarr_format="3"))
    illegal("bad/node-type", "R1", "an unknown node type", put(node_type="table"))
    for member in ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs"):
        illegal(f"bad/no-{member}", "R2", f"without {member}", lambda meta, member=member: meta.pop(member))
    illegal("bad/attributes-list", "R4", "attributes that are no object", put(attributes=[]))
    illegal("bad/unknown-member", "R3", "an unknown member", put(extra={"a": 1}))
    illegal("bad/unknown-member-true", "R3", "an unknown member", put(extra=True))
    illegal("bad/dimension-names-short", "P13", "one name for two dimensions", put(dimension_names=["y"]))
    illegal("bad/dimension-names-number", "P13", "a name that is a number", put(dimension_names=["y", 1]))
    illegal("bad/negative-shape", "R2", "a negative size", put(shape=[-5, 7]))
    illegal("bad/fractional-shape", "R2", "a size with a fraction", put(shape=[5.5, 7]))

    # Extensions that nobody knows.
    unknown = {"name": "org.example.unknown", "configuration": {}}
    illegal("bad/unknown-type", "R5", "an unknown data type", put(data_type="int17"))
    illegal("bad/unknown-grid", "R5", "an unknown chunk grid", put(chunk_grid=unknown))
    illegal("bad/unknown-keys", "R5", "an unknown chunk key encoding", put(chunk_key_encoding=unknown))
    illegal("bad/unknown-codec", "R5", "an unknown codec", put(codecs=[LITTLE, unknown]))
    illegal("bad/unknown-transformer", "R5", "an unknown storage transformer", put(storage_transformers=[unknown]))

    # Grids and keys.
    def grid(shape):
        return put(chunk_grid={"name": "regular", "configuration": {"chunk_shape": shape}})

    illegal("bad/chunk-zero", "R6", "a chunk of size 0", grid([0, 4]))
    illegal("bad/chunk-rank", "R6", "a chunk of one dimension", grid([2]))
    separator = {"name": "default", "configuration": {"separator": "-"}}
    illegal("bad/separator", "R7", "another separator", put(chunk_key_encoding=separator))

    # Fill values.
    for name, fill in (("fraction", 1.5), ("large", 40_000), ("text", "7"), ("null", None), ("bool", True), ("list", [7])):
        illegal(f"bad/fill-{name}", "R9", f"fill value {fill!r} of int16", put(fill_value=fill))
    flags = document(data_type="bool", fill=1)
    illegal("bad/fill-bool-number", "R9", "fill value 1 of bool", meta=flags, objects={})
    illegal("bad/fill-inf", "R9", 'fill value "inf" of float32', meta=document(data_type="float32", fill="inf"), objects={})
    text = json.dumps(document(data_type="float32", fill=float("nan")))
    illegal("bad/fill-bare-nan", "R1 R9", "a bare NaN is no JSON", text=text, objects={})
    single = document(data_type="complex64", fill=1.0)
    illegal("bad/fill-complex-number", "R9", "one number for a complex fill value", meta=single, objects={})

    # Codec chains.
    for name, chain in (
        ("empty", []),
        ("two-array-to-bytes", [LITTLE, LITTLE]),
        ("no-array-to-bytes", [GZIP]),
        ("misordered", [GZIP, LITTLE]),
        ("transpose-last", [LITTLE, {"name": "transpose", "configuration": {"order": [1, 0]}}]),
    ):
        illegal(f"bad/codecs-{name}", "R10", f"codec chain: {name}", put(codecs=chain))
    illegal("bad/bytes-without-endian", "R11", "int16 without endian", put(codecs=[{"name": "bytes"}]))
    middle = {"name": "bytes", "configuration": {"endian": "middle"}}
    illegal("bad/bytes-middle-endian", "R11", "an unknown byte order", put(codecs=[middle]))
    for order in ([0, 0], [0], [1, 2], "F"):
        codec = {"name": "transpose", "configuration": {"order": order}}
        name = "-".join(map(str, order))
        illegal(f"bad/transpose-{name}", "R14", f"order {order}", put(codecs=[codec, LITTLE]))

    # Chunks.
    values = numbers()
    short = stored(values, encode=lambda v: little(v)[:-2])
    illegal("bad/chunk-short", "R12", "chunks with a cell too few", objects=short)
    illegal("bad/chunk-long", "R12", "chunks with a cell too many", objects=stored(values, encode=lambda v: little(v) + b"\0\0"))
    wrong = stored(values, encode=lambda v: crc32c(little(v))[:-1] + b"\0")
    illegal("bad/chunk-crc", "R13", "the checksum does not fit", put(codecs=[LITTLE, CRC]), objects=wrong)
    cut = stored(values, encode=lambda v: zstd(little(v))[:-3])
    illegal("bad/chunk-zstd", "R12", "a frame that is cut off", put(codecs=[LITTLE, ZSTD]), objects=cut)


def main() -> None:
    shutil.rmtree(CASES, ignore_errors=True)
    legal_cases()
    illegal_cases()
    lines = sorted(MANIFEST, key=lambda entry: entry["path"])
    (HERE / "manifest.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in lines))
    print(len(lines), "cases")


if __name__ == "__main__":
    main()
