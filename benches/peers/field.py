"""A smooth field of float32, quantised: the input of the suite `blosc2`.

usage: field.py PLANES FILE
"""

import sys

import numpy as np


def main() -> None:
    planes, rows, columns = int(sys.argv[1]), 512, 512
    random = np.random.default_rng(20261121)
    field = np.zeros((planes, rows, columns), "f4")
    for _ in range(6):
        z, y, x = (
            np.cos(2 * np.pi * np.arange(n) / random.uniform(60, 400) + random.uniform(0, 6)).astype("f4")
            for n in field.shape
        )
        field += random.uniform(0.3, 1) * z[:, None, None] * y[:, None] * x
    # Steps of 2^-10: the precision of an instrument, with its noise.
    field += random.standard_normal(field.shape, dtype="f4") * np.float32(2**-11)
    (np.rint(field * 1024) / np.float32(1024)).astype("<f4").tofile(sys.argv[2])


main()
