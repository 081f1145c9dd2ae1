"""Exposures of tensors against those of arrays, and their gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pielight.ops import exposure_map
from pielight.ops.exposure import LEAST_EV, MOST_EV
from pielight.ops.exposure import canonical_exposure as of_array
from pielight.ops.exposure_torch import apply_exposure, canonical_exposure


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    nodes=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    count=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_maps_are_those_of_the_engine(size: tuple[int, int], nodes: tuple[int, int], count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures, ev = rng.random((count, 3, *size)), rng.uniform(-4, 8, (count, 1, *nodes)).astype(np.float32)
    found = apply_exposure(torch.from_numpy(pictures), torch.from_numpy(ev).double())
    for picture, of_picture, one in zip(pictures, ev, found, strict=True):
        wanted = exposure_map.apply_exposure(np.ascontiguousarray(picture.transpose(1, 2, 0)), of_picture[0])
        np.testing.assert_allclose(one.permute(1, 2, 0).numpy(), wanted, atol=1e-5)


def test_gradients_are_finite_and_right() -> None:
    pictures = torch.rand(2, 3, 5, 6, dtype=torch.float64) * 0.8 + 0.1
    ev = torch.randn(2, 1, 2, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(apply_exposure, (pictures.requires_grad_(), ev.requires_grad_()))
    ends = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2).clone().requires_grad_()
    exposed = apply_exposure(ends, torch.full((1, 1, 1, 1), 6.0, requires_grad=True))
    assert exposed.flatten(1).unique().tolist() == pytest.approx([0, 1], abs=1e-7)
    exposed.sum().backward()
    assert ends.grad is not None
    assert ends.grad.isfinite().all()


def test_canonical_exposures_are_those_of_arrays() -> None:
    pictures = torch.rand(4, 3, 64, 64) ** 2 * torch.tensor([1.0, 0.3, 0.05, 0.01]).view(4, 1, 1, 1)
    expected = [of_array(picture.numpy()) for picture in pictures]
    np.testing.assert_allclose(canonical_exposure(pictures).flatten().numpy(), expected, atol=0.01)
    assert canonical_exposure(torch.zeros(1, 3, 4, 4)).item() == pytest.approx(MOST_EV, abs=1e-4)
    assert canonical_exposure(torch.ones(1, 3, 4, 4)).item() == pytest.approx(LEAST_EV, abs=1e-4)


def test_its_gradient_is_that_of_the_implicit_function() -> None:
    pictures = (torch.rand(2, 3, 4, 4, dtype=torch.float64) * 0.5 + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(canonical_exposure, (pictures,), eps=1e-4, atol=1e-3, rtol=1e-3)
