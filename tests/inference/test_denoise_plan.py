"""What is to be done about noise, and where."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from pielight import CurveLattice
from pielight.errors import PielightError
from pielight.inference import denoise_plan
from pielight.inference.denoise_plan import plan
from pielight.ops.noise import Noise, estimate
from pielight.ops.thumbnail import box_means
from pielight.options import EnhanceOptions, check_denoise

BRIGHTER = CurveLattice(np.full((8, 3, 4, 4), -0.4))
IDENTITY = CurveLattice(np.zeros((8, 3, 4, 4)))


@pytest.fixture
def grainy(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, 4, photo.shape)
    return np.clip(photo // 2 + grain, 0, 255).astype(np.uint8)


def test_auto_leaves_a_clean_picture_alone(photo: NDArray[np.uint8]) -> None:
    assert plan(photo // 2 * 2, BRIGHTER, EnhanceOptions(denoise=0.0)) is None
    clean = np.repeat(np.linspace(60, 90, 240)[:, np.newaxis, np.newaxis], 320, 1).astype(np.uint8)
    assert plan(clean, BRIGHTER, EnhanceOptions(denoise="auto")) is None


def test_auto_leaves_alone_what_curves_do_not_brighten(grainy: NDArray[np.uint8]) -> None:
    assert plan(grainy, IDENTITY, EnhanceOptions(denoise="auto")) is None
    assert plan(grainy, IDENTITY, EnhanceOptions(denoise=1)) is not None


def test_auto_acts_where_noise_was_made_visible(grainy: NDArray[np.uint8]) -> None:
    found = plan(grainy, BRIGHTER, EnhanceOptions(denoise="auto"))
    assert found is not None
    assert found.level.shape == (24, 32, 3)
    assert found.share.shape == (24, 32, 1)
    assert found.share.min() >= 0
    assert found.share.mean() > 0.8
    assert 5 / 255 < np.median(found.level) < 30 / 255


@pytest.mark.parametrize(("denoise", "brightness", "color"), [(0.25, 0.25, 0.5), (0.5, 0.5, 1), (1, 1, 1)])
def test_color_goes_first(grainy: NDArray[np.uint8], denoise: float, brightness: float, color: float) -> None:
    found = plan(grainy, BRIGHTER, EnhanceOptions(denoise=denoise))
    assert found is not None
    assert (found.share == 1).all()
    assert found.mix @ np.ones(3) == pytest.approx(np.full(3, brightness))
    of_color = np.array([1, -0.299 / 0.587, 0])  # no luma
    assert found.mix @ of_color == pytest.approx(color * of_color, abs=1e-6)


def test_the_blocks_of_a_jpeg_are_noise() -> None:
    dark = data.chelsea() // 4
    file = io.BytesIO()
    Image.fromarray(dark).save(file, "JPEG", quality=60)
    blocks = np.asarray(Image.open(file))
    found = plan(blocks, BRIGHTER, EnhanceOptions())
    assert plan(dark, BRIGHTER, EnhanceOptions()) is None
    assert found is not None
    assert found.share.mean() > 0.5


def test_color_fades_near_black_alone() -> None:
    ramp = np.linspace(0, 60, 128).astype(np.uint8)[:, np.newaxis, np.newaxis] + np.array([0, 2, 0], np.uint8)
    tinted = np.broadcast_to(ramp, (128, 160, 3))
    found = plan(tinted, BRIGHTER, EnhanceOptions())
    assert found is not None
    assert (found.share == 0).all()  # without noise there is none to take
    rows = found.chroma[:, 0, 0]
    assert rows[0] < 0.4
    assert rows[-1] > 0.98
    assert plan(tinted, BRIGHTER, EnhanceOptions(denoise=0)) is None
    assert plan(tinted, IDENTITY, EnhanceOptions()) is None
    gray = np.broadcast_to(ramp[..., :1], (128, 160, 3))
    assert plan(gray, BRIGHTER, EnhanceOptions()) is None
    half, whole = (plan(tinted, BRIGHTER, EnhanceOptions(denoise=share)) for share in (0.25, 0.5))
    assert half is not None
    assert whole is not None
    assert 1 - half.chroma[0, 0, 0] == pytest.approx((1 - whole.chroma[0, 0, 0]) / 2, abs=1e-6)


def test_nothing_is_measured_where_nothing_is_brightened(grainy: NDArray[np.uint8]) -> None:
    def refuse(_: NDArray[Any]) -> Noise:
        raise RuntimeError("measured")

    assert plan(grainy, IDENTITY, EnhanceOptions(), measure=refuse) is None
    with pytest.raises(RuntimeError, match="measured"):
        plan(grainy, BRIGHTER, EnhanceOptions(), measure=refuse)


@pytest.mark.parametrize(("copies", "rows"), [(4, 384), (16, 768)])
def test_of_a_large_picture_some_rows_are_examined_first(
    copies: int, rows: int, grainy: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def recorded(pixels: NDArray[Any], *places: Any) -> NDArray[np.float32]:
        seen.append(len(pixels))
        return box_means(pixels, *places)

    monkeypatch.setattr(denoise_plan, "box_means", recorded)
    large = np.tile(grainy, (copies, copies, 1))
    found = plan(large, BRIGHTER, EnhanceOptions())
    assert seen == [rows, len(large)]
    assert found is not None
    assert found.share.mean() > 0.5


def test_frames_share_their_noise(grainy: NDArray[np.uint8]) -> None:
    quiet = Noise(np.zeros(3), np.zeros(3), 1 / 255)
    other = plan(grainy, BRIGHTER, EnhanceOptions(), measure=lambda _: quiet)
    assert other is None or (other.share == 0).all()
    mine = plan(grainy, BRIGHTER, EnhanceOptions(), measure=lambda _: estimate(grainy))
    own = plan(grainy, BRIGHTER, EnhanceOptions())
    assert mine is not None
    assert own is not None
    assert (mine.level == own.level).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 50, 1), (21, 18, 3)])
def test_small_pictures(shape: tuple[int, int, int]) -> None:
    found = plan(np.full(shape, 7, np.uint8), BRIGHTER, EnhanceOptions(denoise=1))
    assert found is not None
    assert found.share.shape == (-(-shape[0] // 4), -(-shape[1] // 4), 1)


@pytest.mark.parametrize("denoise", [-0.1, 1.1, float("nan"), "most", None, np.array([0.5, 0.2])])
def test_no_such_strength(denoise: Any) -> None:
    with pytest.raises(PielightError, match="denoise"):
        check_denoise(denoise)


def test_black_bars_hold_no_noise(grainy: NDArray[np.uint8]) -> None:
    framed = np.pad(grainy, ((40, 40), (0, 0), (0, 0)))
    found = plan(framed, BRIGHTER, EnhanceOptions(denoise=1))
    assert found is not None
    assert (found.share[:9] == 0).all()
    assert (found.share[12:-12] == 1).mean() > 0.99
