"""The track of a clip: which frames the network looks at, that maps come in order, and that cuts are not smoothed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.inference.exposure_map import DESCRIPTOR, ExposureNetwork
from pielight.inference.exposure_track import ExposureTrack, FrameExposure
from pielight.ops.frame_thumbnail import frame_thumbnail
from tests.clips import light, pan, shot

Frames = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def network(exposure_model: Path) -> ExposureNetwork:
    opened = DESCRIPTOR.open(exposure_model, 1)
    assert isinstance(opened, ExposureNetwork)
    return opened


def clip(name: str, count: int, ev: float = -3.0) -> Frames:
    random = np.random.default_rng(0)
    return [shot(view, ev, random) for view in pan(light(name), count, (90, 120), 1)]


def followed(track: ExposureTrack, frames: Frames, times: list[float] | None = None) -> list[FrameExposure]:
    found: list[FrameExposure] = []
    for number, frame in enumerate(frames):
        track.see(frame_thumbnail(frame), lambda frame=frame: frame, times[number] if times else None)  # type: ignore[misc]
        found += track.maps()
        assert number - len(found) < track.delay()
    track.finish()
    return found + list(track.maps())


@pytest.mark.parametrize("ahead", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("every", [1, 4, None])
def test_every_frame_gets_a_map_in_order(network: ExposureNetwork, ahead: float, every: int | None) -> None:
    found = followed(ExposureTrack(network, every=every, ahead=ahead), clip("coffee", 23))
    assert [one.number for one in found] == list(range(23))
    assert [one.number for one in found if one.is_look] == list(range(0, 23, every or 5))
    assert not any(one.is_cut for one in found)


@pytest.mark.parametrize("ahead", [0.0, 0.5])
def test_nothing_is_smoothed_over_a_cut(network: ExposureNetwork, ahead: float) -> None:
    first, second = clip("coffee", 12, -5), clip("chelsea", 12, -2)
    found = followed(ExposureTrack(network, ahead=ahead), first + second)
    assert [one.number for one in found if one.is_cut] == [12]
    assert found[12].is_look
    assert found[12].shift == 0
    alone = followed(ExposureTrack(network, ahead=ahead), second)
    for one, other in zip(found[12:], alone, strict=True):
        assert np.array_equal(one.exposure.ev, other.exposure.ev)
    before = followed(ExposureTrack(network, ahead=ahead), first)
    for one, other in zip(found[:12], before, strict=True):
        assert np.array_equal(one.exposure.ev, other.exposure.ev)


def test_it_looks_at_once_where_exposure_steps(network: ExposureNetwork) -> None:
    frames = clip("coffee", 7, -4) + clip("coffee", 7, -2)
    found = followed(ExposureTrack(network), frames)
    assert [one.number for one in found if one.is_look] == [0, 5, 7, 12]
    assert found[7].shift == pytest.approx(2, abs=0.15)
    assert not any(one.is_cut for one in found)
    assert found[6].exposure.ev.mean() - found[7].exposure.ev.mean() == pytest.approx(found[7].shift, abs=0.15)


@pytest.mark.parametrize("ahead", [0.0, 0.1, 0.5])
def test_black_frames_change_nothing_and_are_not_looked_at(network: ExposureNetwork, ahead: float) -> None:
    frames, black = clip("coffee", 8), [np.zeros((90, 120, 3), np.uint8)] * 11
    found = followed(ExposureTrack(network, ahead=ahead), [*frames, *black, *frames])
    assert not any(one.is_cut for one in found)
    assert [one.number for one in found if one.is_look] == [0, 5, 19, 24]
    assert np.abs(found[25].exposure.ev - found[7].exposure.ev).max() < 0.1


def test_a_clip_that_begins_black_starts_anew_where_it_shows(network: ExposureNetwork) -> None:
    frames, black = clip("coffee", 3), [np.zeros((90, 120, 3), np.uint8)] * 7
    found = followed(ExposureTrack(network), black + frames)
    assert [one.number for one in found if one.is_cut] == [7]
    assert [one.number for one in found if one.is_look] == [0, 7]


@pytest.mark.parametrize("ahead", [0.0, 0.3])
def test_times_of_any_kind(network: ExposureNetwork, ahead: float) -> None:
    frames = clip("coffee", 10)
    for times in ([100 + 0.1 * n for n in range(10)], [5.0] * 10, [9.0 - n for n in range(10)], [float("nan")] * 10):
        assert len(followed(ExposureTrack(network, ahead=ahead, every=2), frames, times)) == 10


def test_memory_is_bounded(network: ExposureNetwork) -> None:
    track = ExposureTrack(network, ahead=0.5)
    frame = clip("coffee", 1)[0]
    for _ in range(200):
        track.see(frame_thumbnail(frame), lambda: frame)
        list(track.maps())
    assert len(track._looks) < 10
    assert len(track._waiting) <= track.delay()


def test_options_out_of_range(network: ExposureNetwork) -> None:
    for text, options in (("every", {"every": 0}), ("fps", {"fps": 0.0}), ("ahead", {"ahead": -1.0})):
        with pytest.raises(OptionError, match=text):
            ExposureTrack(network, **options)  # type: ignore[arg-type]
