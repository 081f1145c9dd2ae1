import numpy as np
import pytest

from pielight.ops.exposure import expose
from pielight.ops.exposure_map import resample
from pielight.ops.highlight_ceiling import CEILING, highlight_ceiling


@pytest.mark.parametrize("nodes", [(1, 1), (8, 8), (32, 32), (5, 40), (200, 3)])
@pytest.mark.parametrize("side", [16, 64, 256])
def test_an_even_picture_comes_to_the_ceiling(nodes: tuple[int, int], side: int) -> None:
    ceiling = highlight_ceiling(np.full((3, side, side), 0.3, np.float32), nodes)
    assert ceiling.shape == nodes
    assert expose(np.full(nodes, 0.3), ceiling) == pytest.approx(np.full(nodes, CEILING), abs=1e-6)


def test_bright_parts_are_left_and_black_ones_have_no_limit() -> None:
    assert (highlight_ceiling(np.full((3, 32, 32), 0.9), (4, 4)) == 0).all()
    assert (highlight_ceiling(np.zeros((3, 32, 32)), (4, 4)) > 13).all()


@pytest.mark.parametrize("nodes", [4, 8, 16, 32])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("shift", [0, 3, 7])
def test_a_lit_object_stays_below_white(nodes: int, share: float, shift: int) -> None:
    """Of a facade of 0.6 in a black frame, held at the ceiling, hardly a pixel passes 0.94, its borders included."""
    picture = np.zeros((3, 256, 256))
    side = round(256 * share**0.5)
    top, left = 60 + shift, 90 + 2 * shift
    picture[:, top : top + side, left : left + side] = 0.6
    ev = resample(np.minimum(highlight_ceiling(picture, (nodes, nodes)), 12), (256, 256))
    result = expose(picture, ev)[:, top : top + side, left : left + side]
    assert (result > 0.94).mean() <= 0.01


def test_a_distant_lamp_hardly_counts() -> None:
    night = np.full((3, 256, 256), 0.05)
    night[:, 100, 100] = 1.0
    assert highlight_ceiling(night, (8, 8)).min() > 4
