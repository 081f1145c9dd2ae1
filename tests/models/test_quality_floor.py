"""The floor under the shipped default model: what it makes of pictures darkened by known physics, lit, and at night."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from skimage import data

from pielight import Enhancer
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.models import find

Pixels = NDArray[Any]
Enhance = Callable[[Pixels], Pixels]

# Floors lie below what was measured; that stands behind each.
DARKENED_DB = 20.7  # of each picture at each exposure; 21.7
DARKENED_MEAN_DB = 22.4  # 23.4
WELL_LIT_DB = 60.0  # the pictures come back bit for bit
DIM_DB = 32.0  # of a published photograph without highlights, which is taken for underexposed in part; 35.2
CLIPPED_POINTS = 0.9  # percentage points of pixels more at white; 0.61 around the lamps of a night, 0.22 at a launch
LIT_WHITE = 0.01  # share of a lit object on black that comes near white; none, up to 0.89


def picture(name: str) -> Pixels:
    pixels: Pixels = getattr(data, name)()[..., :3]
    return pixels[::2, ::2]


def darkened(pixels: Pixels, stops: float) -> Pixels:
    """Expose a picture with less light: linear light, shot and read noise, 8 bits."""
    light = srgb_to_linear(pixels / 255) * 2.0**stops
    noise = np.random.default_rng(0).normal(size=light.shape) * np.sqrt(1e-4 * light + 1e-6)
    return quantized(light + noise)


def quantized(light: Pixels) -> Pixels:
    return np.rint(linear_to_srgb(light.clip(0, 1)) * 255).astype(np.uint8)


def psnr(found: Pixels, wanted: Pixels) -> float:
    error = float(((found.astype(float) - wanted) ** 2).mean())
    return 10 * np.log10(255**2 / max(error, 1e-6))


def night() -> Pixels:
    """Draw a street at night: near black, lamps at white with a glow around them."""
    y, x = np.mgrid[0:240, 0:320]
    light = np.full((240, 320), 0.002) + 0.003 * (y > 160)
    for row, column in ((60, 50), (70, 160), (55, 270)):
        distance = np.hypot(y - row, x - column)
        light += 1.2 * np.exp(-((distance / 7) ** 2)) + 0.02 / (1 + (distance / 20) ** 2)
    return quantized(light[..., np.newaxis] * [1.0, 0.9, 0.75])


def clipped(pixels: Pixels) -> float:
    return float((pixels.max(axis=2) >= 250).mean() * 100)


def check_darkened(enhance: Enhance) -> None:
    scores = [
        psnr(enhance(darkened(picture(name), stops)), picture(name))
        for name in ("astronaut", "coffee", "chelsea")
        for stops in (-2.0, -3.0, -4.0)
    ]
    assert min(scores) >= DARKENED_DB, scores
    assert np.mean(scores) >= DARKENED_MEAN_DB, scores


def check_well_lit(enhance: Enhance) -> None:
    for name in ("astronaut", "coffee", "immunohistochemistry"):
        assert psnr(enhance(picture(name)), picture(name)) >= WELL_LIT_DB, name
    assert psnr(enhance(picture("chelsea")), picture("chelsea")) >= DIM_DB


def check_night(enhance: Enhance) -> None:
    for scene in (night(), picture("rocket")):
        assert clipped(enhance(scene)) <= clipped(scene) + CLIPPED_POINTS
    assert enhance(night()).mean() > 2 * night().mean()


def lit_object(share: float) -> Pixels:
    """Draw an object of brightness 0.6 that fills a share of a black frame."""
    frame = np.zeros((240, 320, 3), np.uint8)
    height, width = int(240 * share**0.5), int(320 * share**0.5)
    frame[80 : 80 + height, 100 : 100 + width] = 153
    return frame


def check_lit_object(enhance: Enhance) -> None:
    for share in (0.05, 0.1, 0.2):
        frame = lit_object(share)
        white = enhance(frame)[frame.any(axis=2)] > 0.94 * 255
        assert white.mean() <= LIT_WHITE, share


CHECKS = [check_darkened, check_well_lit, check_night, check_lit_object]


@pytest.fixture(scope="module")
def default() -> Enhancer:
    return Enhancer(threads=1)


@pytest.mark.parametrize("check", CHECKS)
def test_the_default_model_is_above_the_floor(default: Enhancer, check: Callable[[Enhance], None]) -> None:
    check(default)


def test_shuffled_weights_are_below_the_floor(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    model = onnx.load(find("pie").path)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1:
            shuffled = random.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(shuffled, tensor.name))
    onnx.save(model, tmp_path / "shuffled.onnx")
    with pytest.raises(AssertionError):
        check_darkened(Enhancer(tmp_path / "shuffled.onnx", threads=1))


def test_doing_nothing_and_one_gain_for_all_are_below_the_floor() -> None:
    def gain(pixels: Pixels) -> Pixels:
        return quantized(srgb_to_linear(pixels / 255) * 8)

    with pytest.raises(AssertionError):
        check_darkened(lambda pixels: pixels)
    for check in CHECKS:
        with pytest.raises(AssertionError):
            check(gain)
