"""Pictures as a screen shows them."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.io.color.cicp import profile_of
from pielight.io.display import displayed
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata


def mean(picture: Picture) -> float:
    return float(np.asarray(displayed(picture, 8)).mean())


def test_an_unnamed_fourth_channel_is_no_opacity() -> None:
    pixels = np.full((8, 8, 3), 90, np.uint8)
    assert mean(Picture(pixels, "RGBX", np.zeros((8, 8), np.uint8))) == 90


def test_wide_colors_named_by_a_number() -> None:
    pixels = np.broadcast_to(np.array([60, 120, 60], np.uint8), (8, 8, 3))
    for primaries, expected in ((1, (60, 120, 60)), (12, (30, 121, 52)), (9, (0, 125, 49))):
        picture = Picture(pixels, "RGB", metadata=Metadata(cicp=(primaries, 13)))
        assert displayed(picture, 8).getpixel((0, 0)) == pytest.approx(expected, abs=4)
    assert profile_of((9, 16)) is None  # of high dynamic range


def test_16_bits_are_rounded() -> None:
    assert mean(Picture(np.full((8, 8, 1), 100 * 257 - 100, np.uint16), "I;16")) == 100
