"""sRGB, linear light and exposure against published values and plain loops."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2xyz

from pielight.core.color_torch import linear_to_srgb, luma, srgb_to_linear
from pielight.training.degradations.exposure import blur, expose


def test_linear_light_agrees_with_scikit_image() -> None:
    gray = np.linspace(0, 1, 256)
    white = rgb2xyz(np.ones((1, 1, 3)))[0, 0, 1]
    plain = rgb2xyz(np.repeat(gray[:, None, None], 3, axis=2))[:, 0, 1] / white
    np.testing.assert_allclose(srgb_to_linear(torch.from_numpy(gray)).numpy(), plain, atol=1e-6)


def test_srgb_and_back() -> None:
    gray = torch.linspace(0, 1, 1001, dtype=torch.float64)
    torch.testing.assert_close(linear_to_srgb(srgb_to_linear(gray)), gray, atol=1e-6, rtol=0)


@pytest.mark.parametrize("stops", [-3.0, 0.0, 1.0])
def test_a_stop_doubles_linear_light(stops: float) -> None:
    gray = torch.linspace(0.01, 1, 50, dtype=torch.float64)
    found = srgb_to_linear(expose(gray, stops))
    torch.testing.assert_close(found, (srgb_to_linear(gray) * 2**stops).clamp(max=1), atol=1e-6, rtol=0)


def test_luminance_weighs_channels_by_bt_601() -> None:
    red, green, blue = torch.eye(3).view(3, 3, 1, 1)
    weights = [luma(color[None]).item() for color in (red, green, blue)]
    assert weights == pytest.approx([0.299, 0.587, 0.114])


def test_blur_is_a_gaussian_that_keeps_flat_masks() -> None:
    torch.testing.assert_close(blur(torch.ones(1, 1, 9, 9), 2.0), torch.ones(1, 1, 9, 9))
    point = torch.zeros(1, 1, 21, 21)
    point[0, 0, 10, 10] = 1
    spread = blur(point, 1.5)[0, 0]
    assert spread[10, 10] / spread[10, 11] == pytest.approx(np.exp(0.5 / 1.5**2), rel=1e-4)


@pytest.mark.parametrize(("sigma", "radius"), [(0.3, 1), (1.0, 2), (2.0, 5), (3.3, 8)])
def test_blur_is_a_gaussian_cut_at_two_and_a_half_sigma(sigma: float, radius: int) -> None:
    impulse = torch.zeros(1, 1, 21, 21, dtype=torch.float64)
    impulse[..., 10, 10] = 1
    blurred = blur(impulse, sigma)[0, 0].numpy()
    offsets = np.arange(-radius, radius + 1)
    line = np.exp(-0.5 * (offsets / sigma) ** 2)
    expected = np.zeros((21, 21))
    expected[10 - radius : 11 + radius, 10 - radius : 11 + radius] = np.outer(line, line) / line.sum() ** 2
    np.testing.assert_allclose(blurred, expected, atol=1e-12)
