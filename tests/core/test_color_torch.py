import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pielight.core import color, color_torch  # noqa: E402

LEVELS = torch.linspace(0, 1, 4097, dtype=torch.float64)


@pytest.mark.parametrize("name", ["srgb_to_linear", "linear_to_srgb"])
def test_tensors_and_arrays_give_the_same(name: str) -> None:
    assert np.allclose(getattr(color_torch, name)(LEVELS), getattr(color, name)(LEVELS.numpy()), rtol=1e-14, atol=0)


def test_luma_and_smooth_step_are_those_of_arrays() -> None:
    pictures = torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert np.allclose(color_torch.luma(pictures)[:, 0], color.luma(pictures.permute(0, 2, 3, 1).numpy()))
    assert np.allclose(color_torch.smooth_step(LEVELS, 0.2, 0.7), color.smooth_step(LEVELS.numpy(), 0.2, 0.7))


@pytest.mark.parametrize("name", ["srgb_to_linear", "linear_to_srgb"])
def test_gradients_are_finite_everywhere(name: str) -> None:
    levels = torch.linspace(0, 1, 101, requires_grad=True)
    getattr(color_torch, name)(levels).sum().backward()
    assert levels.grad is not None
    assert levels.grad.isfinite().all()
    assert (levels.grad > 0).all()
