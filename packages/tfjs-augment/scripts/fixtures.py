"""Writes test/fixtures/warp.json: images warped by scikit-image, an implementation that knows nothing of ours.

    python3 scripts/fixtures.py        (Debian: python3-skimage; PyPI: scikit-image)
"""

import json
import pathlib

import numpy as np
import skimage
from skimage import data
from skimage.transform import AffineTransform, warp

MODES = {"constant": "constant", "edge": "edge", "reflect": "symmetric", "wrap": "wrap"}
CASES = [
    dict(translateX=1.3, translateY=-2.6, rotate=0.0, shear=0.0, scale=1.0),
    dict(translateX=0.0, translateY=0.0, rotate=23.0, shear=0.0, scale=1.0),
    dict(translateX=0.0, translateY=0.0, rotate=0.0, shear=17.0, scale=1.0),
    dict(translateX=0.0, translateY=0.0, rotate=0.0, shear=0.0, scale=0.6),
    dict(translateX=-2.25, translateY=1.5, rotate=-131.0, shear=-9.0, scale=1.37),
]


def inverse_map(height, width, case):
    """Result to image, from scikit-image's own transforms about the center; y points down, so angles change sign."""
    center = np.array([(width - 1) / 2, (height - 1) / 2])
    back = AffineTransform(translation=-center)
    lean = np.array([[1, np.tan(np.deg2rad(case["shear"])), 0], [0, 1, 0], [0, 0, 1]])
    forth = AffineTransform(translation=center + [case["translateX"], case["translateY"]])
    content = (
        back
        + AffineTransform(scale=case["scale"])
        + AffineTransform(matrix=lean)
        + AffineTransform(rotation=-np.deg2rad(case["rotate"]))
        + forth
    )
    return content.inverse


# A photograph, cut small: one grey and one colour image of different, odd and even sizes.
cat = data.chelsea()[80:260:20, 100:340:20] / 255.0
images = [np.round(cat.mean(axis=2, keepdims=True)[:, :11], 4), np.round(cat[:8], 4)]
results = []
for i, image in enumerate(images):
    for case in CASES:
        for ours, theirs in MODES.items():
            out = warp(image, inverse_map(*image.shape[:2], case), order=1, mode=theirs, cval=0.25, clip=False)
            results.append(dict(image=i, mode=ours, **case, pixels=np.round(out, 5).ravel().tolist()))

target = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "warp.json"
target.write_text(
    json.dumps(
        dict(
            source=f"scikit-image {skimage.__version__}, data.chelsea (CC0), scripts/fixtures.py",
            fillValue=0.25,
            images=[dict(shape=image.shape, pixels=image.ravel().tolist()) for image in images],
            results=results,
        ),
        separators=(",", ":"),
    )
    + "\n"
)
