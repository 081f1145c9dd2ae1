"""No machine that tests has a card: torch's CPU stands in, and must give what the engine gives, to the bit."""

import numpy as np
import pytest
import torch

from pielight.errors import OptionError
from pielight.ops import exposure_map_device as gpu
from pielight.ops.exposure_map import apply_exposure

CPU = torch.device("cpu")
SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("size", [(1, 1), (37, 91), (200, 3)])
def test_is_the_engine_to_the_bit(
    size: tuple[int, int], channels: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    pixels = (rng.random((*size, channels)) * SCALE[dtype]).astype(dtype)
    ev = rng.normal(0, 5, (6, 9)).astype(np.float32)
    ev[:3, :4] = 0
    monkeypatch.setattr(gpu, "_STRIP_VALUES", 5000)
    ours, theirs = gpu.apply_exposure(pixels, ev, CPU), apply_exposure(pixels, ev)
    assert ours.dtype == theirs.dtype
    assert np.array_equal(ours, theirs)
    assert gpu.apply_exposure(pixels, ev, CPU, out=pixels) is pixels
    assert np.array_equal(pixels, theirs)


def test_what_is_no_picture_or_map_is_refused() -> None:
    with pytest.raises(OptionError, match="pixels"):
        gpu.apply_exposure(np.zeros((4, 4), np.uint8), np.ones((2, 2), np.float32), CPU)
    with pytest.raises(OptionError, match="map of exposures"):
        gpu.apply_exposure(np.zeros((4, 4, 3), np.uint8), np.full((2, 2), np.inf, np.float32), CPU)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_on_a_card(dtype: str) -> None:
    rng = np.random.default_rng(0)
    pixels = (rng.random((300, 400, 3)) * SCALE[dtype]).astype(dtype)
    ev = rng.normal(0, 5, (6, 9)).astype(np.float32)
    assert np.array_equal(gpu.apply_exposure(pixels, ev, torch.device("cuda")), apply_exposure(pixels, ev))
