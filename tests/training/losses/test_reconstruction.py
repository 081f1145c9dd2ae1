"""The inversion loss against its formula."""

import numpy as np
import pytest
import torch

from pielight.training.losses.reconstruction import gradient, inversion


def test_is_the_charbonnier_distance() -> None:
    x, y = torch.rand(2, 3, 4, 4, dtype=torch.float64), torch.rand(2, 3, 4, 4, dtype=torch.float64)
    plain = np.sqrt((x.numpy() - y.numpy()) ** 2 + 0.1**2).mean()
    assert inversion(x, y).item() == pytest.approx(plain)


def test_is_the_mean_difference_of_neighboring_errors() -> None:
    x, y = torch.rand(2, 3, 4, 5, dtype=torch.float64), torch.rand(2, 3, 4, 5, dtype=torch.float64)
    error = (y - x).numpy()
    down = [abs(error[n, c, i + 1, j] - error[n, c, i, j]) for n, c, i, j in np.ndindex(2, 3, 3, 5)]
    across = [abs(error[n, c, i, j + 1] - error[n, c, i, j]) for n, c, i, j in np.ndindex(2, 3, 4, 4)]
    assert gradient(y, x).item() == pytest.approx(np.mean(down) + np.mean(across))


def test_to_darken_a_rainy_picture_gains_nothing() -> None:
    dry = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    wet = dry.clone()
    wet[..., 5] += 0.3
    assert gradient(wet - 0.3 / 16, dry).item() == pytest.approx(gradient(wet, dry).item())
    assert gradient(dry - 0.3, dry).item() < 1e-12
