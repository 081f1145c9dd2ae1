"""The thumbnail in torch, against Pillow's filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.ops.thumbnail_torch import thumbnail


@pytest.mark.parametrize("shape", [(40, 60), (33, 17), (8, 90), (16, 16)])
def test_it_is_the_bilinear_filter_of_pillow(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random(shape, np.float32)
    expected = np.asarray(Image.fromarray(picture).resize((16, 16), Image.Resampling.BILINEAR))
    found = thumbnail(torch.from_numpy(picture)[None, None], 16)[0, 0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
