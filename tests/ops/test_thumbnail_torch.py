"""The thumbnail in torch, against Pillow's filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.ops import thumbnail as arrays
from pielight.ops.thumbnail_torch import small_thumbnail, thumbnail


@pytest.mark.parametrize("shape", [(40, 60), (33, 17), (8, 90), (16, 16)])
def test_it_is_the_bilinear_filter_of_pillow(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random(shape, np.float32)
    expected = np.asarray(Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR))
    found = thumbnail(torch.from_numpy(picture)[None, None], 16)[0, 0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "shape", [(200, 256), (150, 200), (75, 100), (40, 300), (240, 320), (1, 1), (255, 511), (63, 999), (999, 3)]
)
def test_small_ones_are_those_of_arrays(shape: tuple[int, int], channels: int, dtype: str) -> None:
    scale = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    dark = np.random.default_rng(0).random((*shape, channels)) ** 3 * 0.2  # where rounding has a bias
    picture = (dark * scale).astype(dtype)
    expected = arrays.thumbnail(picture, 64, 1)
    batch = torch.from_numpy(picture if dtype == "uint8" else (picture / scale).astype(np.float32))
    found = small_thumbnail(batch.permute(2, 0, 1)[None], 64)[0].expand(3, -1, -1).numpy()
    off = np.abs(found - expected)
    assert off.max() <= (1.001 / 255 if dtype == "uint8" else 1e-5)
    assert abs((found - expected).mean()) < 2e-4  # no bias
