"""Films: clips in files, and pictures in folders."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pielight.errors import DataError, PictureError
from pielight.evaluation.datasets import film, presets
from pielight.io.load_rgb import load_rgb8
from pielight.video.rgb_frames import rgb_frames
from tests.video.clips import Clip

Draw = Callable[..., Path]


def make(folder: Path, name: str = "night.mp4", **options: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Clip(name, **{"frames": 4, **options}).make(folder)  # type: ignore[arg-type]


def test_a_clip_is_a_film(tmp_path: Path) -> None:
    path = make(tmp_path)
    found = presets.find_dataset("own:film", path)
    assert found.layout == "frames of 1 clip"
    assert found.is_film
    assert not found.is_paired
    assert [(one.name, one.scene, one.frame) for one in found.samples] == [(str(n + 1), "night", n) for n in range(4)]
    assert [one.previous and one.previous.name for one in found.samples] == [None, "1", "2", "3"]
    frames = list(rgb_frames(path))
    for number in (2, 0, 3):
        assert np.array_equal(found.samples[number].pixels(), frames[number])


def test_a_folder_of_clips(tmp_path: Path) -> None:
    make(tmp_path, "b10.mkv")
    make(tmp_path, "b9.mp4", frames=2)
    found = presets.find_dataset("own:film", tmp_path)
    assert found.layout == "frames of 2 clips"
    assert [one.name for one in found.samples] == ["b9/1", "b9/2", "b10/1", "b10/2", "b10/3", "b10/4"]
    assert [one.previous is None for one in found.samples] == [True, False, True, False, False, False]


def test_clips_beside_their_references(tmp_path: Path) -> None:
    make(tmp_path / "low")
    reference = make(tmp_path / "high", "night.mkv", light=150.0)
    found = presets.find_dataset("own:film", tmp_path)
    assert found.is_paired
    sample = found.samples[2]
    assert sample.name == "night/3"
    assert sample.reference == reference
    assert film.load_frame(reference, sample.frame).mean() > sample.pixels().mean() + 50


@pytest.mark.parametrize(
    ("options", "there"), [({"frames": 3}, "3 frames of 64 x 48"), ({"size": (48, 64)}, "4 frames of 48 x 64")]
)
def test_a_reference_that_is_not_alike(tmp_path: Path, options: dict[str, object], there: str) -> None:
    make(tmp_path / "low")
    make(tmp_path / "high", **options)
    with pytest.raises(DataError, match=rf"low/night\.mp4 has 4 frames of 64 x 48, but .*high/night\.mp4 {there}"):
        presets.find_dataset("own:film", tmp_path)


def test_what_is_no_film(tmp_path: Path, draw: Draw) -> None:
    make(tmp_path / "one", frames=1)
    with pytest.raises(DataError, match="two frames or more"):
        presets.find_dataset("own:film", tmp_path / "one")
    with pytest.raises(DataError, match=r"write own:film=.*one"):
        presets.find_dataset("own", tmp_path / "one")
    draw(tmp_path / "one" / "1.png")
    with pytest.raises(DataError, match="holds pictures and clips"):
        presets.find_dataset("own:film", tmp_path / "one")
    with pytest.raises(DataError, match=r"1\.png: neither a folder nor a clip"):
        presets.find_dataset("own:film", tmp_path / "one" / "1.png")
    make(tmp_path / "lone" / "low")
    with pytest.raises(DataError, match="no folder of references"):
        presets.find_dataset("own:film", tmp_path / "lone")
    (tmp_path / "lone" / "gt").mkdir()
    with pytest.raises(DataError, match="gt: no clips in this folder"):
        presets.find_dataset("own:film", tmp_path / "lone")
    (tmp_path / "text.mp4").write_text("text")
    with pytest.raises(PictureError, match=r"text\.mp4: no clip"):
        presets.find_dataset("own:film", tmp_path / "text.mp4")


def test_frames_and_rates(tmp_path: Path, draw: Draw) -> None:
    path = make(tmp_path, rate=Fraction(50))
    assert film.clip_size(path) == (4, (64, 48), 50.0)
    assert film.frame_rate(path) == 50.0
    assert film.film_of(path) == path
    pictures = [draw(tmp_path / "walk" / f"{number}.png", number) for number in (2, 10)]
    assert film.film_of(pictures[0]) == tmp_path / "walk"
    assert film.frame_rate(tmp_path / "walk") == 30
    for frame, picture in zip(film.frames_of(tmp_path / "walk"), pictures, strict=True):
        assert np.array_equal(frame, load_rgb8(picture))
