"""Writes test/fixtures/*.mat with SciPy, an independent writer of the format, for the reader's tests.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install scipy==1.17.1
    /tmp/venv/bin/python packages/datasets/scripts/mat-fixtures.py
"""

from pathlib import Path

import numpy as np
from scipy.io import savemat

folder = Path(__file__).parent.parent / "test" / "fixtures"
folder.mkdir(parents=True, exist_ok=True)

# Pixel (row, column, channel) of image i is 16 i + 4 row + column + 64 channel: every index can be told from the value.
i, row, column, channel = np.meshgrid(np.arange(3), np.arange(4), np.arange(4), np.arange(3), indexing="ij")
images = (16 * i + 4 * row + column + 64 * channel).astype(np.uint8)
svhn = {"X": images.transpose(1, 2, 3, 0), "y": np.array([[10], [3], [9]], dtype=np.uint8)}
savemat(folder / "svhn.mat", svhn, do_compression=True)
savemat(folder / "svhn-uncompressed.mat", svhn)

numbers = np.array([[1, -2, 3], [4, 5, -6]])
types = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]
arrays = {name: np.abs(numbers).astype(name) if name[0] == "u" else numbers.astype(name) for name in types}
others = {"text": "hello", "cell": np.array([1, "a"], dtype=object), "complex": np.array([1 + 2j])}
savemat(folder / "types.mat", {**others, **arrays, "scalar": 2.5, "empty": np.zeros((0, 3))}, do_compression=True)
