"""CMYK becomes reflected light, and comes back."""

import numpy as np

from pielight.io.color.cmyk import CmykPixels

INKS = np.random.default_rng(3).integers(0, 256, (20, 30, 4), np.uint8)


def test_pixels_whose_light_stays_keep_their_values() -> None:
    inks = CmykPixels(INKS)
    assert np.array_equal(np.asarray(inks.image(inks.light())), INKS)


def test_other_light_comes_back() -> None:
    inks = CmykPixels(INKS)
    brighter = (inks.light().astype(np.uint32) + 65535) // 2
    image = np.asarray(inks.image(brighter.astype(np.uint16)))
    assert (image[..., 3] <= INKS[..., 3]).all()
    assert np.abs(CmykPixels(image).light().astype(int) - brighter).max() < 3 * 257


def test_paper_and_black() -> None:
    assert CmykPixels(np.zeros((1, 1, 4), np.uint8)).light().tolist() == [[[65535] * 3]]
    assert CmykPixels(np.full((1, 1, 4), 255, np.uint8)).light().max() == 0
