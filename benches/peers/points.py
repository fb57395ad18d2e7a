"""Random points in one call, as zarr-python, tensorstore and python-blosc2 offer it.

usage: points.py DRIVERS_OF_THE_BENCHMARK zarr-python|zarrs|tensorstore|blosc2 TASK.json
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
from common import Meter, check_of, finish, load_boxes, load_task


def reader(library: str, store: str):
    """A function from coordinates, one array for each dimension, to values."""
    if library == "tensorstore":
        import tensorstore

        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": store + "/"}}
        array = tensorstore.open(spec, open=True, read=True).result()
        return lambda at: array.vindex[at].read().result()
    if library == "blosc2":
        import blosc2

        array = blosc2.open(store + ".b2nd", mode="r")
        return lambda at: array[at]
    import zarr

    if library == "zarrs":
        import zarrs  # noqa: F401

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    array = zarr.open_array(store, mode="r", zarr_format=3)
    return lambda at: array.vindex[at]


def main() -> None:
    task = load_task()
    if task["workload"] != "W4" or task["params"]["mode"] != "points":
        print(json.dumps({"skip": True}))
        return
    read = reader(sys.argv[2], task["store"])
    at = tuple(load_boxes(task)[:, :3].T)
    with Meter() as meter:
        values = read(at)
        meter.tick()
    finish(meter, check_of(values))


main()
