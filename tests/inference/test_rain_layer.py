"""Networks that look at every pixel: strips against the whole, every kind of pixel, and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

import pielight.inference.rain_layer as spatial
from pielight.errors import ModelError, PielightError
from pielight.inference.denoise import shared_denoiser
from pielight.inference.processor import Processor, Runtime
from pielight.inference.rain_layer import DESCRIPTOR
from pielight.models import find
from pielight.options import EnhanceOptions

RANDOM = np.random.default_rng(0)


class Derainer:
    """A network with what runs it."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._processor = Processor(Runtime(shared_denoiser(None, 1)), DESCRIPTOR.open(path, threads))

    def apply(self, pixels: NDArray[Any], strength: float = 1.0, out: NDArray[Any] | None = None) -> NDArray[Any]:
        return self._processor.process(pixels, EnhanceOptions(strength), out)


def oracle(light: np.ndarray, strength: float) -> np.ndarray:
    """What the model of the tests does away from the edges: half of what differs from the mean of 9 x 9 pixels goes."""
    mean = uniform_filter(light, (9, 9, 1), mode="nearest")
    return np.clip(light - strength * 0.5 * (light - mean), 0, 1)


@pytest.mark.parametrize(("dtype", "scale"), [("uint8", 255), ("uint16", 65535), ("float32", 1), ("float64", 1)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strength", [-1.0, 0.5, 1.0, 1.5])
def test_rain_is_subtracted(rain_model: Path, dtype: str, scale: int, channels: int, strength: float) -> None:
    light = RANDOM.uniform(0, 1, (41, 37, channels))
    pixels = (light * scale).round().astype(dtype) if scale > 1 else light.astype(dtype)
    done = Derainer(rain_model, 1).apply(pixels, strength)
    assert (done.shape, done.dtype) == (pixels.shape, pixels.dtype)
    expected = oracle(pixels / scale, strength)[4:-8, 4:-8]
    assert done[4:-8, 4:-8] / scale == pytest.approx(expected, abs=max(1e-5, 0.51 / scale))


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 300), width=st.integers(1, 40))
def test_strips_are_the_whole(rain_model: Path, height: int, width: int) -> None:
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    network = Derainer(rain_model, 1)
    whole = network.apply(pixels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial, "_STRIP", 1)  # strips of as many rows as they overlap by
        assert np.array_equal(network.apply(pixels), whole)
        target = pixels.copy()
        assert network.apply(target, out=target) is target
        assert np.array_equal(target, whole)


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 150), width=st.integers(1, 150), channels=st.sampled_from([1, 3]))
def test_large_pictures_are_looked_at_reduced(rain_model: Path, height: int, width: int, channels: int) -> None:
    """OpenCV is the oracle: area means, and what the network finds in them enlarged."""
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, channels), dtype=np.uint8)
    network = Derainer(rain_model, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial, "LONGEST", 40)
        patch.setattr(spatial, "_STRIP", 7 * width)
        found = network.apply(pixels)
        assert np.array_equal(network.apply(pixels, out=pixels.copy()), found)
    factor = -(-max(height, width) // 40)
    padded = np.pad(pixels / np.float32(255), ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge")
    small = cv2.resize(padded, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    small = small.reshape(*small.shape[:2], channels).astype(np.float32)
    rain = small - network.apply(small) if factor > 1 else pixels / np.float32(255) - network.apply(pixels) / 255
    large = cv2.resize(rain, padded.shape[1::-1], interpolation=cv2.INTER_LINEAR).reshape(padded.shape)
    expected = np.clip(pixels - 255 * large[:height, :width], 0, 255)
    assert np.abs(found - expected).max() < 1.51


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 90), width=st.integers(1, 150), strip=st.integers(1, 400), data=st.data())
def test_no_seams_wherever_it_is_cut(
    rain_model: Path, height: int, width: int, strip: int, data: st.DataObject
) -> None:
    """Reduced, enlarged and subtracted in blocks of any size, also of parts of a row, it is the same picture."""
    dtype = data.draw(st.sampled_from([np.uint8, np.float32]))
    light = np.random.default_rng(height).uniform(0, 1, (height, width, 3))
    pixels = (light * 255).astype(dtype) if dtype is np.uint8 else light.astype(dtype)
    network = Derainer(rain_model, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial, "LONGEST", data.draw(st.integers(20, 160)))
        whole = network.apply(pixels).astype(float)
        patch.setattr(spatial, "_STRIP", strip)
        assert np.abs(network.apply(pixels) - whole).max() <= (1 if dtype is np.uint8 else 1e-5)


@pytest.mark.parametrize(
    ("level", "size"), [(0, (90, 70)), (128, (90, 70)), (250, (90, 70)), (255, (200, 300)), (255, (1300, 40))]
)
def test_even_pictures_stay(level: int, size: tuple[int, int]) -> None:
    """White, which the shipped network takes for streaks that are cut off, above all."""
    derain = Derainer(find("derain").path, 1)
    for channels in (1, 3):
        even = np.full((*size, channels), level, np.uint8)
        assert np.array_equal(derain.apply(even), even)
        deep = even.astype(np.uint16) * 257
        assert np.array_equal(derain.apply(deep), deep)
        assert derain.apply(even / np.float32(255)) == pytest.approx(even / 255, abs=1e-6)


def test_white_beside_something_and_nearly_white(photo: NDArray[np.uint8]) -> None:
    derain = Derainer(find("derain").path, 1)
    page = np.full((200, 300, 3), 255, np.uint8)
    page[:96, :128] = photo
    done = derain.apply(page)
    assert (done[96 + 24 :] == 255).all()  # what is farther than the cells around a pixel
    assert (done[:, 128 + 24 :] == 255).all()
    paper = RANDOM.integers(251, 254, (200, 300, 3), dtype=np.uint8)
    assert np.abs(derain.apply(paper).astype(int) - paper).max() <= 2
    slope = np.broadcast_to(np.linspace(235, 255, 300).astype(np.uint8)[:, np.newaxis], (200, 300, 3))
    assert np.abs(derain.apply(slope).astype(int) - slope).max() <= 2


@settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 60), width=st.integers(1, 60), channels=st.sampled_from([1, 3]))
def test_what_is_left_lies_within_its_surroundings(height: int, width: int, channels: int) -> None:
    """SciPy is the oracle: the window is between 33 and 47 pixels wide, wherever a pixel lies in its cell."""
    random = np.random.default_rng(height * 61 + width)
    light = random.uniform(0, 1, (height, width, channels)).astype(np.float32)
    light = uniform_filter(light, (9, 9, 1), mode="nearest")
    rain = random.normal(0, 0.3, light.shape).astype(np.float32)
    left = light - spatial._bounded(rain.copy(), light)
    wide = minimum_filter(light, (47, 47, 1), mode="nearest"), maximum_filter(light, (47, 47, 1), mode="nearest")
    narrow = minimum_filter(light, (33, 33, 1), mode="nearest"), maximum_filter(light, (33, 33, 1), mode="nearest")
    assert ((left >= wide[0] - 1e-6) & (left <= wide[1] + 1e-6)).all()
    free = (light - rain >= narrow[0]) & (light - rain <= narrow[1])
    assert np.array_equal(left[free], (light - rain)[free])


def test_strength_0_is_the_identity_and_needs_no_network(tmp_path: Path) -> None:
    path = tmp_path / "junk.onnx"
    path.write_bytes(b"junk")
    pixels = RANDOM.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    assert np.array_equal(Derainer(path).apply(pixels, 0), pixels)
    with pytest.raises(ModelError, match=r"junk\.onnx"):
        Derainer(path).apply(pixels)
    with pytest.raises(ModelError, match="no such model file"):
        Derainer(tmp_path / "gone.onnx")


def test_other_networks_are_refused(bright_model: Path, haze_model: Path, rain_model: Path, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for path, task in ((bright_model, "brighten"), (haze_model, "dehaze")):
        with pytest.raises(ModelError, match=f"not a network to derain pictures .*; it is for --task {task}$"):
            Derainer(path).apply(pixels)
    fixed = onnx.load(rain_model)
    fixed.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64
    onnx.save(fixed, tmp_path / "fixed.onnx")
    with pytest.raises(ModelError, match="h and w open"):
        Derainer(tmp_path / "fixed.onnx").apply(pixels)
    broken = onnx.load(rain_model)
    broken.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.float32(np.inf), "half"))
    onnx.save(broken, tmp_path / "broken.onnx")
    with pytest.raises(ModelError, match="not finite"):
        Derainer(tmp_path / "broken.onnx").apply(RANDOM.integers(0, 256, (8, 8, 3), dtype=np.uint8))


def test_what_is_no_picture_is_refused(rain_model: Path) -> None:
    with pytest.raises(PielightError, match="expected"):
        Derainer(rain_model).apply(np.zeros((4, 4), np.uint8))
    with pytest.raises(PielightError, match="strength"):
        Derainer(rain_model).apply(np.zeros((4, 4, 3), np.uint8), 2.0)
