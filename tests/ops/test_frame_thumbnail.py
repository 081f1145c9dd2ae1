"""The tiny thumbnail of a frame: means of luma, of any type, size and order of channels."""

from __future__ import annotations

import numpy as np
import pytest

from pielight.core.color import luma
from pielight.core.pixels import full_scale
from pielight.errors import OptionError
from pielight.ops.frame_thumbnail import SIDE, frame_thumbnail


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(64, 96, 3), (70, 33, 1), (5, 400, 3), (1, 1, 3), (512, 640, 3)])
def test_it_holds_the_means_of_luma(shape: tuple[int, ...], dtype: str) -> None:
    ramp = np.linspace(0, 1, int(np.prod(shape))).reshape(shape)
    frame = (ramp * full_scale(np.dtype(dtype))).astype(dtype)
    found = frame_thumbnail(frame)
    gray = luma(ramp.astype(np.float32), np.float32) if shape[2] == 3 else ramp[..., 0]
    assert found.shape == (SIDE, SIDE)
    assert found.mean() == pytest.approx(gray.mean(), abs=0.02)
    assert 0 <= found.min() <= found.max() <= 1


def test_bgr_is_read_as_such() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
    found = frame_thumbnail(frame[..., ::-1].copy(), bgr=True)
    assert np.abs(found - frame_thumbnail(frame)).max() < 1e-6


def test_other_types_are_refused() -> None:
    with pytest.raises(OptionError, match="int64"):
        frame_thumbnail(np.zeros((9, 9, 3), np.int64))
