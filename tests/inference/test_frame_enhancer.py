"""Frames of any kind come out as they came in, and their brightness is steady: flicker, cuts, colors, noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight import EnhanceOptions, Enhancer
from pielight.errors import OptionError
from pielight.evaluation.metrics.flicker import flicker
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.inference.exposure_track import ExposureTrack
from pielight.inference.frame_enhancer import FrameEnhancer
from pielight.ops.exposure_map import apply_exposure
from pielight.ops.frame_thumbnail import frame_thumbnail
from tests.clips import light, pan, shot

PLAIN = EnhanceOptions(denoise=0)
SIZE, COUNT, DARK = (144, 192), 30, -3.0


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(threads=1)


def clip(name: str, exposures: NDArray[np.float64], size: tuple[int, int] = SIZE) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(7)
    views = pan(light(name), len(exposures), size, 1)
    return [shot(view, ev, random) for view, ev in zip(views, exposures, strict=True)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
def test_the_first_frame_is_what_a_photo_would_be(enhancer: Enhancer, channels: tuple[int, ...], dtype: str) -> None:
    random = np.random.default_rng(0)
    values = random.uniform(0, 0.15, (60, 80, *channels))
    frame = (values * {"uint8": 255, "uint16": 65535}.get(dtype, 1)).astype(dtype)
    before = frame.copy()
    found = FrameEnhancer(enhancer.processor, PLAIN)(frame)
    assert np.array_equal(found, enhancer(frame, denoise=0))
    assert found.dtype == frame.dtype
    assert np.array_equal(frame, before)


@pytest.mark.parametrize(
    "options",
    [PLAIN, EnhanceOptions(), EnhanceOptions(0.6, 1.0, 0, black=0.5, warmth="auto", tint=0.2, target_ev=-0.5)],
)
def test_blue_green_red(enhancer: Enhancer, options: EnhanceOptions) -> None:
    frames = clip("coffee", np.full(3, DARK), (64, 80))
    rgb, bgr = (enhancer.frame_enhancer(options, bgr=is_bgr) for is_bgr in (False, True))
    for frame in frames:
        other = np.ascontiguousarray(frame[..., ::-1])
        assert np.abs(rgb(frame).astype(int) - bgr(other)[..., ::-1]).max() <= 1


def test_strength_0_changes_nothing(enhancer: Enhancer) -> None:
    (frame,) = clip("coffee", np.array([DARK]))
    found = enhancer.frame_enhancer(EnhanceOptions(0))(frame)
    assert np.array_equal(found, frame)
    assert not np.may_share_memory(found, frame)


def test_sizes_and_types_may_change(enhancer: Enhancer) -> None:
    enhance = enhancer.frame_enhancer(PLAIN)
    for shape, kind in (((40, 60, 3), "uint8"), ((31, 17), "float32"), ((1, 1, 3), "uint8"), ((9, 300, 4), "uint16")):
        found = enhance(np.zeros(shape, kind))
        assert (found.shape, found.dtype) == (shape, kind)


@pytest.mark.parametrize("task", ["dehaze", "derain"])
def test_other_tasks_see_each_frame_by_itself(task: str) -> None:
    enhancer = Enhancer(threads=1, task=task)
    frames = clip("coffee", np.full(2, -1.0), (48, 64))
    enhance = enhancer.frame_enhancer()
    assert all(np.array_equal(enhance(frame), enhancer(frame)) for frame in frames)


def test_well_exposed_frames_stay_bit_for_bit(enhancer: Enhancer) -> None:
    enhance = enhancer.frame_enhancer()
    good = [
        frame for frame in clip("astronaut", np.zeros(7)) if not enhancer.exposure(frame).ev.any()
    ]  # fmt: skip
    assert len(good) > 4
    assert all(np.array_equal(enhance(frame), frame) for frame in good)


def measured(enhancer: Enhancer, name: str, exposures: NDArray[np.float64], ahead: float = 0.0) -> tuple[float, ...]:
    """Flicker against a clip of steady exposure: of the result, of a map per frame, and of the best possible one.

    The best is one map for all, moved along with the exposure that is known here.
    """
    network = enhancer.processor.network
    assert isinstance(network, ExposureNetwork)
    truth = [shot(view, DARK) for view in pan(light(name), len(exposures), SIZE, 1)]
    frames = clip(name, exposures)
    track = ExposureTrack(network, ahead=ahead)
    found = []
    for frame in frames:
        track.see(frame_thumbnail(frame), lambda frame=frame: frame)  # type: ignore[misc]
        found += track.maps()
    track.finish()
    found += track.maps()
    each = [network.predict(frame) for frame in frames]
    mean = np.mean([network.predict(frame).ev for frame in clip(name, np.full(len(exposures), DARK))[::6]], axis=0)
    best = [ExposureMap((mean - (ev - DARK)).clip(0)) for ev in exposures]

    def of(maps: list[ExposureMap]) -> float:
        shown: list[Any] = [apply_exposure(frame, one.ev, 1) for frame, one in zip(frames, maps, strict=True)]
        return flicker(shown, truth)

    return of([one.exposure for one in found]), of(each), of(best)


@pytest.mark.parametrize("ahead", [0.0, 0.5])
@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_no_flicker_of_its_own_in_steady_exposure(enhancer: Enhancer, name: str, ahead: float) -> None:
    result, each, best = measured(enhancer, name, np.full(COUNT, DARK), ahead)
    assert result < 1.05 * best < each


EXPOSURES = {
    "noise": DARK + np.random.default_rng(5).normal(0, 0.12, COUNT),
    "steps": DARK + np.repeat([0, 1.0, -0.7], COUNT // 3),
}


@pytest.mark.parametrize("kind", EXPOSURES)
@pytest.mark.parametrize("name", ["chelsea", "rocket"])
def test_exposure_that_changes_is_taken_out(enhancer: Enhancer, name: str, kind: str) -> None:
    result, each, best = measured(enhancer, name, EXPOSURES[kind])
    assert result - best < 0.3 * (each - best)


def test_what_is_no_frame(enhancer: Enhancer) -> None:
    enhance = enhancer.frame_enhancer(PLAIN)
    for frame, text in ((None, "frame 0: NoneType"), (np.zeros((4, 4, 5)), "1 to 4"), (np.zeros((0, 4)), "empty"),
                        (np.full((4, 4), 2.0), "lie in")):  # fmt: skip
        with pytest.raises(OptionError, match=text):
            enhance(frame)  # type: ignore[arg-type]
