"""The finish in torch is that of the CPU: to the bit in 8 bits, but for rounding in others."""

import numpy as np
import pytest
import torch

from pielight.ops.finish import Finish, apply_finish
from pielight.ops.finish_torch import finished

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@pytest.mark.parametrize("finish", [Finish(0.6), Finish(0, 0.4, -0.2), Finish(1.0, -0.5, 0.3)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_is_the_finish_of_the_cpu(dtype: str, channels: int, finish: Finish) -> None:
    random = np.random.default_rng(0)
    source = (random.random((31, 45, channels)) ** 3 * SCALE[dtype]).astype(dtype)
    result = np.minimum(source * 2.0, SCALE[dtype]).astype(dtype)

    def there(pixels: np.ndarray) -> torch.Tensor:
        values = pixels.astype(np.int32) if dtype == "uint16" else pixels
        return torch.from_numpy(values).permute(2, 0, 1)

    ours = finished(there(source), there(result), finish).permute(1, 2, 0).numpy().astype(dtype)
    apply_finish(source, result, finish, 1)
    most = {"uint8": 0, "uint16": 1}.get(dtype, 1e-6)
    assert np.abs(ours.astype(float) - result).max() <= most
