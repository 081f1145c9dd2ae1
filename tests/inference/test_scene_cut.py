"""Cuts are found between photographs, and nowhere else: pans, zooms, flashes, fades and noise are none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.inference.scene_cut import SceneCutDetector
from pielight.ops.frame_thumbnail import frame_thumbnail
from tests.clips import PHOTOS, light, pan, shot

Thumbnails = list[NDArray[np.float32]]
FRAMES = 8


def thumbnails(name: str, exposures: NDArray[np.float64], step: float = 3, zoom: float = 1.0) -> Thumbnails:
    random = np.random.default_rng(len(name))
    views = pan(light(name), len(exposures), (96, 128), step, zoom)
    return [frame_thumbnail(shot(view, ev, random)) for view, ev in zip(views, exposures, strict=True)]


def cuts(clip: Thumbnails) -> list[int]:
    detector = SceneCutDetector()
    return [number for number, thumbnail in enumerate(clip) if detector.see(thumbnail)]


STEADY = {
    "pan": (np.full(FRAMES, -3.0), 3, 1.0),
    "fast pan": (np.full(FRAMES, -3.0), 9, 1.0),
    "zoom": (np.full(FRAMES, -3.0), 0, 1.02),
    "steps of exposure": (np.array([-4.0, -4, -1, -1, -1, -3, -3, -2]), 2, 1.0),
    "flash": (np.array([-3.0, -3, -3, 0, -3, -3, -3, -3]), 1, 1.0),
    "deep night": (np.full(FRAMES, -5.0), 2, 1.0),
    "fade out and in": (np.array([-2.0, -4, -6, -20, -20, -6, -4, -2]), 1, 1.0),
}


@pytest.mark.parametrize("kind", STEADY)
@pytest.mark.parametrize("name", PHOTOS)
def test_a_scene_has_no_cut(name: str, kind: str) -> None:
    exposures, step, zoom = STEADY[kind]
    assert cuts(thumbnails(name, exposures, step, zoom)) == []


def test_every_cut_between_photographs_is_found() -> None:
    clips = {name: thumbnails(name, np.full(4, -3.0)) for name in PHOTOS}
    found = [cuts(one + other) == [4] for a, one in clips.items() for b, other in clips.items() if a != b]
    assert np.mean(found) == 1


def test_a_cut_is_found_while_exposure_changes() -> None:
    first, second = (thumbnails(name, np.full(3, ev)) for name, ev in (("coffee", -4.0), ("astronaut", -1.0)))
    assert cuts(first + second) == [3]


def test_a_new_scene_after_black_is_found_where_it_shows() -> None:
    black = [np.zeros((32, 32), np.float32)] * 3
    assert cuts(thumbnails("coffee", np.full(3, -3.0)) + black + thumbnails("chelsea", np.full(3, -3.0))) == [6]


def test_a_dissolve_is_no_cut() -> None:
    one, other = (thumbnails(name, np.full(16, -3.0), 0) for name in ("coffee", "chelsea"))
    assert cuts([(1 - t) * a + t * b for t, a, b in zip(np.linspace(0, 1, 16), one, other, strict=True)]) == []


def test_wrong_shapes() -> None:
    detector = SceneCutDetector()
    detector.see(np.zeros((32, 32)) + np.arange(32) / 32)
    for shape, text in (((16, 16), r"expected \(32, 32\) as before"), ((8, 8), "more than 12 each")):
        with pytest.raises(OptionError, match=text):
            detector.see(np.zeros(shape))
