from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight.enhancer import Enhancer
from pielight.errors import OptionError, PielightError


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 2), (20, 30, 3), (20, 30, 4)])
def test_curves_apply_to_any_array(enhancer: Enhancer, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 90, shape, dtype=np.uint8)
    lattice, wanted = enhancer.curves(image), enhancer(image)
    assert np.array_equal(lattice.apply(image), wanted)
    assert np.array_equal(lattice.apply(image, 0), image)
    out = np.empty_like(image)
    assert lattice.apply(image, out=out) is out
    assert np.array_equal(out, wanted)
    lattice.apply(image, out=image)
    assert np.array_equal(image, wanted)
    with pytest.raises(PielightError, match="out"):
        lattice.apply(image, out=np.empty((3, 3), np.uint8))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK"])
def test_curves_apply_to_images(enhancer: Enhancer, mode: str, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).convert(mode)
    result = enhancer.curves(image).apply(image, 0.8, 0.3)
    assert result.mode == mode
    assert result.tobytes() == enhancer(image, 0.8, 0.3).tobytes()
    assert enhancer.curves(image).apply(image, 0).tobytes() == image.tobytes()


@pytest.mark.parametrize("image", ["night.jpg", None])
def test_curves_apply_to_nothing_else(enhancer: Enhancer, image: Any, photo: NDArray[np.uint8]) -> None:
    with pytest.raises(PielightError, match="expected a Pillow image, NumPy array or torch tensor"):
        enhancer.curves(photo).apply(image)
    with pytest.warns(DeprecationWarning, match="lattice.apply"), pytest.raises(PielightError, match="CurveLattice"):
        pielight.apply(photo, enhancer.curves(photo).alphas)
    with pytest.warns(DeprecationWarning, match="lattice.apply"):
        assert np.array_equal(pielight.apply(photo, enhancer.curves(photo), 0.5), enhancer(photo, 0.5))
    with pytest.raises(PielightError, match="threads"):
        enhancer.curves(photo).apply(photo, threads=0)


def test_a_result_over_other_pixels_of_the_same_array(enhancer: Enhancer) -> None:
    rolling = np.random.default_rng(1).integers(0, 90, (90, 40, 3), dtype=np.uint8)
    wanted = enhancer(rolling[:80])
    enhancer.curves(rolling[:80]).apply(rolling[:80], out=rolling[10:])
    assert np.array_equal(rolling[10:], wanted)


@pytest.mark.parametrize("denoise", [0, 1])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_blue_green_red_into_an_array_of_the_caller(
    enhancer: Enhancer, dtype: str, channels: int, denoise: float
) -> None:
    full = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    shape = (40, 56, channels) if channels else (40, 56)
    rgb = (np.random.default_rng(1).uniform(0.02, 0.2, shape) * full).astype(dtype)
    order = [2, 1, 0, 3][:channels] if channels > 2 else slice(None)
    bgr = np.ascontiguousarray(rgb[..., order]) if channels > 2 else rgb.copy()
    wanted = enhancer(rgb, denoise=denoise)
    wanted = np.ascontiguousarray(wanted[..., order]) if channels > 2 else wanted
    result = enhancer(bgr, bgr=True, denoise=denoise)
    assert np.array_equal(result, wanted)
    assert result.flags.c_contiguous
    out = np.zeros_like(bgr)
    assert enhancer(bgr, bgr=True, denoise=denoise, out=out) is out
    assert np.array_equal(out, wanted)
    assert enhancer(bgr, bgr=True, denoise=denoise, out=bgr) is bgr
    assert np.array_equal(bgr, wanted)


def test_a_region_of_interest_is_enhanced_where_it_lies(enhancer: Enhancer) -> None:
    frame = np.random.default_rng(2).integers(0, 50, (80, 90, 3), np.uint8)
    before, region = frame.copy(), frame[10:60, 20:70]
    wanted = enhancer(region.copy(), bgr=True)
    enhancer(region, bgr=True, out=region)
    assert np.array_equal(region, wanted)
    before[10:60, 20:70] = wanted
    assert np.array_equal(frame, before)


def test_opacity_of_an_overlapping_array_is_that_of_the_source(enhancer: Enhancer) -> None:
    rolling = np.random.default_rng(3).integers(0, 90, (60, 40, 4), np.uint8)
    wanted = enhancer(rolling[:50].copy())
    enhancer(rolling[:50], out=rolling[10:])
    assert np.array_equal(rolling[10:], wanted)


@pytest.mark.parametrize(
    ("image", "options", "reason"),
    [
        (np.zeros((4, 5, 3), np.uint8), {"out": np.zeros((4, 5), np.uint8)}, r"out of shape \(4, 5\), uint8: must"),
        (np.zeros((4, 5, 3), np.uint8), {"out": [0]}, "out of type list: must be like"),
        (np.zeros((4, 5, 3), np.uint8), {"out": np.broadcast_to(np.uint8(0), (4, 5, 3))}, "out cannot be written to"),
        (Image.new("RGB", (5, 4)), {"bgr": True}, "bgr is only for an array"),
        (torch.zeros(3, 4, 5), {"out": np.zeros((3, 4, 5))}, "out is only for an array"),
        (b"no picture", {"bgr": True}, "bgr is only for an array"),
        ("a.jpg", {"bgr": True}, "bgr is only for an array"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_hold_a_result(enhancer: Enhancer, image: Any, options: Any, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        enhancer(image, **options)
    with pytest.raises(OptionError, match=reason):
        pielight.enhance(image, **options)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("batch", [(), (1,), (3,)])
def test_tensors_are_enhanced_like_arrays(enhancer: Enhancer, batch: tuple[int, ...], dtype: str) -> None:
    pictures = np.random.default_rng(0).integers(0, 90, (*batch, 3, 20, 30), np.uint8)
    image = torch.from_numpy(pictures)
    if dtype != "uint8":
        image = (image / 255).to(getattr(torch, dtype))
    before = image.clone()
    result = enhancer(image, 0.8)
    assert (result.shape, result.dtype, result.device) == (image.shape, image.dtype, image.device)
    assert torch.equal(image, before)
    lattices = []
    for one, enhanced in zip(image.reshape(-1, 3, 20, 30), result.reshape(-1, 3, 20, 30), strict=True):
        pixels = (one if dtype in ("uint8", "float64") else one.float()).permute(1, 2, 0).numpy()
        assert torch.equal(torch.from_numpy(enhancer(pixels, 0.8)).permute(2, 0, 1).to(image.dtype), enhanced)
        lattices.append(enhancer.curves(pixels))
    assert torch.equal(lattices[-1].apply(one, 0.8), enhanced)


def test_a_tensor_is_detached_and_of_any_layout(enhancer: Enhancer) -> None:
    image = torch.rand(2, 3, 10, 12).requires_grad_()
    result = enhancer(image.to(memory_format=torch.channels_last))
    assert not result.requires_grad
    assert torch.equal(result, enhancer(image))
    assert torch.equal(enhancer(image, 0), image)
    assert enhancer(torch.zeros(0, 3, 4, 5)).shape == (0, 3, 4, 5)


@pytest.mark.parametrize(
    ("shape", "dtype", "reason"),
    [
        ((4, 5), "float32", r"shape \(4, 5\): expected \(3, H, W\) or \(N, 3, H, W\)"),
        ((4, 5, 3), "float32", "shape"),
        ((1, 2, 3, 4, 5), "uint8", "shape"),
        ((3, 4, 5), "int64", "torch.int64: expected torch.uint8, or floats"),
        ((3, 0, 5), "float32", "empty"),
    ],
)
def test_tensors_that_are_no_pictures(enhancer: Enhancer, shape: tuple[int, ...], dtype: str, reason: str) -> None:
    with pytest.raises(PielightError, match=reason):
        enhancer(torch.zeros(shape, dtype=getattr(torch, dtype)))
    with pytest.raises(PielightError, match="finite"):
        enhancer(torch.full((3, 4, 5), 2.0))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_tensor_stays_on_its_device(enhancer: Enhancer) -> None:
    image = torch.rand(2, 3, 10, 12)
    result = enhancer(image.cuda())
    assert result.is_cuda
    assert torch.equal(result.cpu(), enhancer(image))
