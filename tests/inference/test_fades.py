"""Fades stay fades, flashes are not announced by a dark frame, and black stays black."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight import Enhancer
from pielight.inference.fades import SeenFrame, held_light
from pielight.inference.plane_enhancer import PlaneEnhancer
from pielight.ops.yuv import YuvEncoding, rgb_to_yuv420
from pielight.options import EnhanceOptions
from tests.clips import light, pan, shot

SIZE = (96, 128)


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(threads=1)


def means(enhancer: Enhancer, frames: list[NDArray[np.uint8]], options: EnhanceOptions | None = None) -> list[float]:
    """Return the mean luma of each result of a clip whose next half second is known."""
    encoding = YuvEncoding(full_range=True)
    planes: PlaneEnhancer[int] = PlaneEnhancer(
        enhancer.processor, options or EnhanceOptions(denoise=0), encoding, ahead=0.5
    )
    results = []
    for number, frame in enumerate(frames):
        results += planes.push(rgb_to_yuv420(frame, encoding), number)
    return [float(result[0].mean()) for result, _ in results + planes.flush()]


def dark(ev: float, count: int) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [shot(view, ev, random) for view in pan(light("coffee"), count, SIZE, 1)]


def test_a_fade_to_black_and_from_black_stays_one(enhancer: Enhancer) -> None:
    scene = dark(-3.5, 30)[-1]
    shares = np.clip(np.linspace(1.6, -0.2, 28), 0, 1)
    frames = [np.rint(scene * share).astype(np.uint8) for share in (*shares, *shares[::-1])]
    found = np.array(means(enhancer, frames))
    full, half = found[0], int(np.argmin(np.abs(shares - 0.5)))
    assert full > 80
    assert max(found[25:31]) < 1
    assert (np.diff(found[half:26]) < 1).all()
    assert 0.15 * full < found[half + 4] < 0.9 * full
    assert 0.15 * full < found[-half - 5] < 0.9 * full
    assert found[-1] == pytest.approx(full, rel=0.1)


def test_no_dark_frame_announces_a_flash(enhancer: Enhancer) -> None:
    frames = dark(-4, 30)
    frames[16:18] = dark(-0.5, 18)[16:]
    found = np.array(means(enhancer, frames))
    assert found[10:16].min() > 0.9 * found[5]
    assert found[19:].min() > 0.85 * found[5]


@pytest.mark.parametrize("is_causal", [False, True])
def test_nothing_of_a_scene_is_left_in_black_frames(enhancer: Enhancer, is_causal: bool) -> None:
    rng = np.random.default_rng(0)
    grain = [np.rint(frame + rng.normal(0, 2, frame.shape)).clip(0, 255).astype(np.uint8) for frame in dark(-4, 12)]
    black = [np.zeros((*SIZE, 3), np.uint8)] * 5
    if is_causal:
        found = [float(frame.mean()) for frame in enhancer.frames(grain + black + grain)]
    else:
        found = means(enhancer, grain + black + grain, EnhanceOptions())
    assert max(found[12:17]) == 0
    assert min(found[:12] + found[17:]) > 60


def test_light_is_held_on_the_black_side_of_the_reach_alone() -> None:
    fall = [SeenFrame(n, 0.1 * n, -2.0 * n, is_blank=n == 9) for n in range(10)]
    assert [held_light(fall[n], fall[:n], fall[n + 1 :], 0.35) for n in range(9)] == [
        0, -2, -4, -6, -8, -10, -12, -12, -12,
    ]  # fmt: skip
    rise = [SeenFrame(9 - one.index, 0.9 - one.time, one.light, is_blank=one.is_blank) for one in reversed(fall)]
    assert [held_light(rise[n], rise[:n], rise[n + 1 :], 0.35) for n in range(1, 10)] == [
        -12, -12, -12, -10, -8, -6, -4, -2, 0,
    ]  # fmt: skip
