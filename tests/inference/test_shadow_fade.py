"""The fading of a frame's shadows against the plan of a photo, in pictures and in planes."""

import numpy as np
import pytest

from pielight.inference.denoise_plan import plan
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.shadow_fade import cells_of_picture, cells_of_planes, shadow_fade
from pielight.ops.noise import Noise
from pielight.ops.yuv import YuvEncoding, rgb_to_yuv420
from pielight.options import EnhanceOptions

QUIET, LIFT = Noise(np.zeros(3), np.zeros(3)), ExposureMap(np.full((1, 1), 5.0))


@pytest.mark.parametrize("denoise", ["auto", 0.2, 1.0])
def test_shares_are_those_of_a_photo(denoise: str | float) -> None:
    picture = np.full((16, 32, 3), (3, 2, 1), np.uint8)
    picture[:, 16:] = (60, 40, 20)
    options = EnhanceOptions(denoise=denoise)  # type: ignore[arg-type]
    shares = shadow_fade(cells_of_picture(picture), QUIET, LIFT, options)
    wanted = plan(picture, LIFT, options, measure=lambda _: QUIET)
    assert wanted is not None
    np.testing.assert_allclose(shares[:, [0, -1]], wanted.chroma[:, [0, -1], 0], atol=1e-4)


def test_cells_of_planes_are_those_of_the_picture() -> None:
    coarse = np.random.default_rng(0).integers(40, 200, (6, 9, 3))
    picture = coarse.repeat(8, 0).repeat(8, 1).astype(np.uint8)
    for encoding in (YuvEncoding("bt601"), YuvEncoding("bt709", full_range=True)):
        planes = rgb_to_yuv420(picture, encoding)
        found = cells_of_planes(planes, encoding)
        np.testing.assert_allclose(found, cells_of_picture(picture), atol=2.5 / 255)
        deep = YuvEncoding(encoding.matrix, encoding.full_range, 10)
        if not encoding.full_range:
            y, u, v = (plane.astype(np.uint16) << 2 for plane in planes)
            np.testing.assert_allclose(cells_of_planes((y, u, v), deep), found, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (5, 3)])
def test_small_frames_have_cells(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    encoding = YuvEncoding()
    assert cells_of_planes(rgb_to_yuv420(picture, encoding), encoding).mean() == pytest.approx(90 / 255, abs=0.01)
    assert cells_of_picture(picture).mean() == pytest.approx(90 / 255)
