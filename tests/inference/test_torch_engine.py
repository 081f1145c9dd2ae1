"""The engine in torch is that of the CPU to a level of 8 bits: on torch's CPU here, and on a card where one is."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from pielight import Enhancer
from pielight.errors import MissingExtraError, OptionError
from pielight.inference.devices import open_engine
from pielight.inference.exposure_map import ExposureNetwork
from pielight.inference.processor import Processor
from pielight.ops.exposure_counts_torch import exposure_counts
from pielight.ops.exposure_statistics import exposure_statistics
from pielight.ops.thumbnail import thumbnail
from pielight.options import EnhanceOptions

NEEDS_A_CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
DEVICES = ["cpu", pytest.param("cuda", marks=NEEDS_A_CARD)]
SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
LEVEL = 1 / 255 + 1e-6


@pytest.fixture(scope="module")
def on_cpu() -> Enhancer:
    return Enhancer(threads=1)


@pytest.fixture(scope="module", params=DEVICES)
def on_device(request: pytest.FixtureRequest) -> Enhancer:
    """An enhancer whose engine runs on a device, which is the CPU where there is no card."""
    enhancer = Enhancer(threads=1)
    assert isinstance(enhancer.processor.network, ExposureNetwork)
    engine = open_engine(enhancer.processor.network, torch.device(request.param))
    runtime = replace(enhancer.processor.runtime, device=engine.device, engine=engine)
    enhancer.processor = replace(enhancer.processor, runtime=runtime)
    return enhancer


def dark(name: str, stops: float, dtype: str = "uint8", side: int = 1) -> NDArray[Any]:
    """Return a photograph of scikit-image, some stops darker, every n-th pixel."""
    light = (getattr(data, name)()[::side, ::side] / 255.0) ** 2.2 * 2.0**-stops
    values = light ** (1 / 2.2) * SCALE[dtype]
    pixels: NDArray[Any] = (values if dtype.startswith("float") else np.rint(values)).astype(dtype)
    return pixels


def difference(one: Any, other: Any) -> float:
    a, b = (np.asarray(item) for item in (one, other))
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return float(np.abs(a.astype(float) - b).max() / SCALE[str(a.dtype)])


@pytest.mark.parametrize(
    ("name", "stops", "dtype", "side"),
    [
        ("astronaut", 4, "uint8", 1), ("coffee", 2, "uint8", 1), ("rocket", 0, "uint8", 1), ("chelsea", 5, "uint16", 1),
        ("coffee", 3, "float32", 1), ("chelsea", 3, "float64", 1), ("astronaut", 3, "uint8", 7),
        ("camera", 3, "uint8", 1), ("coffee", 3, "uint8", 40),
    ],
)  # fmt: skip
def test_arrays(name: str, stops: float, dtype: str, side: int, on_cpu: Enhancer, on_device: Enhancer) -> None:
    picture = dark(name, stops, dtype, side)
    assert difference(on_device(picture, denoise=0), on_cpu(picture, denoise=0)) <= LEVEL
    one, other = on_device.exposure(picture), on_cpu.exposure(picture)
    assert np.abs(one.ev - other.ev).max() < 0.02


@pytest.mark.parametrize(
    "size", [(256, 200), (200, 150), (100, 75), (300, 40), (320, 240), (1, 1), (257, 401)], ids=str
)
def test_small_arrays(size: tuple[int, int], on_cpu: Enhancer, on_device: Enhancer) -> None:
    picture = np.array(Image.fromarray(dark("rocket", 5)).resize(size))  # of so few levels that rounding counts
    assert difference(on_device(picture, denoise=0), on_cpu(picture, denoise=0)) <= LEVEL
    one, other = on_device.exposure(picture), on_cpu.exposure(picture)
    assert np.abs(one.ev - other.ev).max() < 0.01


def test_arrays_that_are_read_only(on_device: Enhancer, recwarn: pytest.WarningsRecorder) -> None:
    for dtype in SCALE:
        picture = dark("astronaut", 3, dtype, side=8)
        picture.flags.writeable = False
        kept = picture.copy()
        on_device(picture, denoise=0)
        assert np.array_equal(picture, kept)
    assert not recwarn.list


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 0.6, "highlights": 0.8}, {"strength": -1.0}, {"black": 0.7}, {"warmth": 0.4, "tint": -0.3},
        {"warmth": "auto"}, {"target_ev": 0.7}, {"preset": "backlit"},
    ],
    ids=str,
)  # fmt: skip
def test_options(options: dict[str, Any], on_cpu: Enhancer, on_device: Enhancer) -> None:
    for dtype, most in (("uint8", 2 * LEVEL), ("float32", LEVEL)):  # a finish turns one level of a map into two
        picture = dark("astronaut", 3, dtype)
        assert difference(on_device(picture, denoise=0, **options), on_cpu(picture, denoise=0, **options)) <= most


def test_denoising_runs_on_the_cpu(on_cpu: Enhancer, on_device: Enhancer) -> None:
    noisy = dark("chelsea", 4)
    noisy = np.clip(noisy + np.random.default_rng(0).normal(0, 3, noisy.shape), 0, 255).astype(np.uint8)
    assert difference(on_device(noisy), on_cpu(noisy)) <= 2 * LEVEL
    assert difference(on_device(noisy), on_device(noisy, denoise=0)) > 2 * LEVEL


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float16])
def test_batches_stay_on_the_device(
    kind: torch.dtype, on_cpu: Enhancer, on_device: Enhancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [dark("astronaut", stops)[:200, :300] for stops in (1, 3, 5)]
    batch = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2))
    batch = batch if kind == torch.uint8 else (batch / 255).to(kind)
    engine = on_device.processor.runtime.engine
    assert engine is not None
    there = batch.to(engine.device)
    with monkeypatch.context() as patch:
        patch.setattr(type(engine), "upload", lambda *_: pytest.fail("a batch left the device"))
        result = on_device(there, denoise=0)
    assert (result.device, result.dtype, result.shape) == (there.device, kind, batch.shape)
    scale = 255 if kind == torch.uint8 else 1
    expected = np.stack([on_cpu(picture, denoise=0) for picture in pictures]).transpose(0, 3, 1, 2) / 255
    close = LEVEL + (2e-3 if kind == torch.float16 else 1e-3 if kind == torch.float32 else 0)  # which was rounded
    assert np.abs(result.float().cpu().numpy() / scale - expected).max() <= close
    torch.testing.assert_close(on_device(there[0], denoise=0), result[0], atol=scale * 1e-3, rtol=0)
    assert torch.equal(on_device(there, 0, denoise=0), there)


def test_frames(on_cpu: Enhancer, on_device: Enhancer) -> None:
    frames = [dark("rocket", 3 + number / 10, side=2) for number in range(8)]
    for one, other in zip(on_device.frames(frames, denoise=0), on_cpu.frames(frames, denoise=0), strict=True):
        assert difference(one, other) <= LEVEL


def clip(kind: torch.dtype = torch.uint8) -> torch.Tensor:
    """Return frames (7, 3, 120, 160) that become darker in steps, of another scene from the sixth on."""
    first, second = (dark(name, 3, side=2)[:120, :160] for name in ("astronaut", "coffee"))
    frames = [np.rint(first * share).astype(np.uint8) for share in (1, 1, 0.9, 0.6, 0.6)] + [second, second]
    pixels = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous()
    return pixels if kind == torch.uint8 else pixels.to(kind) / 255


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float16])
@pytest.mark.parametrize("options", [{}, {"warmth": "auto", "black": 0.5}, {"strength": 0}])
def test_batches_of_frames_are_the_frames_of_arrays(
    kind: torch.dtype, options: dict[str, Any], on_cpu: Enhancer, on_device: Enhancer
) -> None:
    frames = clip(kind).to(on_device.processor.runtime.device)
    batches = list(on_device.frames(frames.split(3), denoise=0, every=2, **options))
    assert [(item.dtype, item.device, len(item)) for item in batches] == [(kind, frames.device, n) for n in (3, 3, 1)]
    pixels = [np.ascontiguousarray(frame) for frame in frames.float().cpu().permute(0, 2, 3, 1).numpy()]
    pixels = [frame.astype(np.uint8) for frame in pixels] if kind == torch.uint8 else pixels
    expected = np.stack(list(on_cpu.frames(pixels, denoise=0, every=2, **options)))
    found = torch.cat(batches).float().cpu().permute(0, 2, 3, 1).numpy()
    scale = 255 if kind == torch.uint8 else 1
    limit = (2 if options.get("black") else 1) / 255 + 1e-3  # half precision rounds
    assert np.abs(found / scale - expected.astype(np.float32) / scale).max() <= limit


def test_frames_as_tensors_need_no_device(on_cpu: Enhancer, on_device: Enhancer) -> None:
    frames = clip()
    expected = [frame.transpose(2, 0, 1) for frame in on_cpu.frames(list(frames.permute(0, 2, 3, 1).numpy()))]
    for enhancer in (on_cpu, on_device):  # denoised on the CPU
        found = torch.cat(list(enhancer.frames([frames[0], *frames[1:].split(2)]))[1:])
        assert np.abs(found.numpy().astype(int) - np.stack(expected[1:]).astype(int)).max() <= 2
    with pytest.raises(OptionError, match="bgr is only for arrays"):
        next(on_device.frames([frames], bgr=True))
    with pytest.raises(OptionError, match="expected \\(3, H, W\\)"):
        next(on_device.frames([frames[:, :1]]))


def test_statistics_and_thumbnails_are_those_of_the_cpu(on_device: Enhancer) -> None:
    engine = on_device.processor.runtime.engine
    assert engine is not None
    for size in ((3, 5), (18, 40), (300, 420), (30, 9000)):
        for dtype in ("uint8", "float32"):
            values = np.random.default_rng(1).random((*size, 3)) ** 3
            picture = (values * SCALE[dtype]).astype(dtype)
            batch = engine.upload(picture)
            ours = exposure_counts(batch)[0].cpu().numpy()
            assert np.allclose(ours, exposure_statistics(picture), atol=1e-4)
            small = engine.thumbnails(batch, 64)[0].cpu().numpy()
            assert np.allclose(small, thumbnail(picture, 64, 1), atol=LEVEL)


def test_what_is_no_picture_is_refused(on_device: Enhancer) -> None:
    for values, why in ((torch.full((3, 9, 9), 1.5), "expected"), (torch.full((3, 9, 9), torch.nan), "expected"),
                        (torch.zeros(3, 0, 9), "no pixels"), (torch.zeros(1, 9, 9), "shape")):  # fmt: skip
        with pytest.raises(OptionError, match=why):
            on_device(values, denoise=0)
    with pytest.raises(OptionError):
        on_device(np.full((9, 9, 3), np.nan), denoise=0)


def test_copies_open_the_engine_again(on_device: Enhancer) -> None:
    picture = dark("astronaut", 3, side=4)
    copy = pickle.loads(pickle.dumps(on_device.processor))  # noqa: S301 - its own
    assert isinstance(copy, Processor)
    options = EnhanceOptions(denoise=0)
    assert np.array_equal(copy.process(picture, options), on_device.processor.process(picture, options))


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, on_cpu: Enhancer, tmp_path: Path) -> None:
    network: Any = on_cpu.processor.network
    find: Callable[[str], Any] = lambda name: None if name == "onnx" else name  # noqa: E731
    monkeypatch.setattr("pielight.core.extras.find_spec", find)
    with pytest.raises(MissingExtraError, match=r"onnx.*gpu"):
        open_engine(network, torch.device("cpu"))


@NEEDS_A_CARD
def test_a_device_by_its_name() -> None:
    picture = dark("astronaut", 3)
    assert difference(Enhancer(device="cuda")(picture), Enhancer()(picture)) <= 2 * LEVEL
