"""Runs the shared peer benchmark with one more kind of W4 boxes: `points`, 1000 of one element.

usage: launch.py DIRECTORY_OF_THE_BENCHMARK ITS_ARGUMENTS...
"""

import runpy
import sys
from pathlib import Path

POINTS = 1000


def main() -> None:
    place = Path(sys.argv[1])
    sys.path.insert(0, str(place))
    import specs

    usual = specs.make_boxes

    def make_boxes(root, scale, kind, n, seed=7, edge=16):
        if kind == "points":
            return usual(root, scale, "box", POINTS, seed, edge=1)
        return usual(root, scale, kind, n, seed, edge)

    specs.make_boxes = make_boxes
    sys.argv = [str(place / "run.py"), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
