"""No machine that tests has a card: torch's CPU stands in, and must give what the engine gives."""

from typing import Any

import numpy as np
import pytest
import torch

from pielight import CurveLattice, Enhancer
from pielight.errors import DeviceError, MissingExtraError, PielightError
from pielight.ops import apply_device as gpu
from pielight.ops.apply import apply
from pielight.options import EnhanceOptions

CPU = torch.device("cpu")
SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("size", [(1, 1), (37, 91), (200, 3)])
def test_is_the_engine(size: tuple[int, int], channels: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    pixels = (rng.random((*size, channels)) * SCALE[dtype]).astype(dtype)
    curves = CurveLattice(rng.uniform(-1, 0.3, (8, 3, 6, 9)).astype(np.float32))
    monkeypatch.setattr(gpu, "_STRIP_VALUES", 5000)
    for strength in (-0.7, 0.6, 1.3):
        ours = gpu.apply(pixels, curves, CPU, EnhanceOptions(strength))
        theirs = apply(pixels, curves, EnhanceOptions(strength))
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        if dtype == "uint8":
            assert np.array_equal(ours, theirs)
        else:
            assert np.abs(ours.astype(float) - theirs).max() <= 1e-6 * SCALE[dtype] + (dtype == "uint16")
    assert np.array_equal(gpu.apply(pixels, curves, CPU, EnhanceOptions(0)), pixels)
    assert gpu.apply(pixels, curves, CPU, out=pixels) is pixels


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PielightError, match="pixels"):
        gpu.apply(np.zeros((4, 4), np.uint8), CurveLattice(np.zeros((8, 3, 2, 2))), CPU)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta", "meta:x"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(DeviceError, match=device) as caught:
        Enhancer(device=device)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["gpu", "CPU", None, "", "mps", "cpu:1", "cuda:x", "cuda\n"])
def test_names_that_are_no_device_of_ours(device: Any) -> None:
    with pytest.raises(DeviceError, match=r"is not supported; use 'cuda' or 'cpu'$") as caught:
        Enhancer(device=device)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu"), torch.device("cpu", 0)])
def test_names_of_the_cpu(device: Any) -> None:
    assert Enhancer(device=device).processor.runtime.device is None


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.core.extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="torch"):
        Enhancer(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_a_card() -> None:
    pixels = np.random.default_rng(0).integers(0, 90, (300, 400, 3), dtype=np.uint8)
    assert np.array_equal(Enhancer(device="cuda")(pixels), Enhancer()(pixels))
