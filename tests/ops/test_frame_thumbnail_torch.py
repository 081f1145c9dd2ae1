from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.ops.frame_thumbnail import frame_thumbnail
from pielight.ops.frame_thumbnail_torch import frame_thumbnails


@pytest.mark.parametrize("size", [(1, 1), (20, 45), (32, 32), (333, 257), (1080, 64)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_it_is_that_of_arrays(size: tuple[int, int], channels: int, kind: type) -> None:
    frames = np.random.default_rng(0).random((2, *size, channels)).astype(np.float32)
    frames = np.rint(frames * 255).astype(np.uint8) if kind is np.uint8 else frames
    found = frame_thumbnails(torch.from_numpy(frames).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found.numpy(), np.stack([frame_thumbnail(one) for one in frames]), atol=1e-6)
