"""Indices and palettes of pictures."""

import numpy as np
from PIL import Image

from pielight.io.color.palette import EntryMeans, Palette


def test_entries_become_the_means_of_their_pixels() -> None:
    means = EntryMeans(4)
    indices = np.array([[0, 0, 2]], np.uint8)
    means.add(indices, np.array([[[10, 20, 30], [20, 30, 40], [1, 2, 3]]], np.uint8))
    before = np.full((3, 4), 77, np.uint8)
    assert means.entries(before).tolist() == [[15, 25, 35, 77], [77] * 4, [1, 2, 3, 77]]


def test_a_palette_comes_back_with_its_opacity() -> None:
    image = Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 9, 8, 7])
    for transparency, expected in ((1, 0), (b"\xff\x40", 64)):
        image.info["transparency"] = transparency
        palette = Palette.of(image)
        opacity = palette.opacity()
        assert opacity is not None
        assert opacity.tolist() == [[expected] * 3] * 2
        again = palette.image(palette.colors())
        assert again.info["transparency"] == transparency
        assert np.array_equal(Palette.of(again).colors(), palette.colors())


def test_indices_beyond_the_palette_are_black() -> None:
    assert Palette(np.array([[200]], np.uint8), np.full((2, 4), 255, np.uint8)).colors().tolist() == [[[0, 0, 0]]]
