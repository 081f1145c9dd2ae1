"""Data sets in all the ways in which they lie in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from pielight.errors import DataError
from pielight.evaluation.datasets import presets
from pielight.evaluation.datasets.file_cache import size
from pielight.evaluation.datasets.layouts import detect
from pielight.io.load_rgb import load_rgb8

Draw = Callable[..., Path]

LAYOUTS = {
    "LOL-v1": (["our485/low/2.png", "our485/high/2.png", "eval15/low/1.png", "eval15/high/1.png"], {"1": "1"}),
    "plain": (["dark/a.jpg", "gt/A.png"], {"a": "A"}),
    "suffixes": (["input/a1_low.png", "target/a1-high.png"], {"a1_low": "a1-high"}),
    "numbers": (["low/x_007.png", "normal/y 7.png"], {"x_007": "y 7"}),
    "LOL-v2": (["Test/Low/low00690.png", "Test/Normal/normal00690.png"], {"low00690": "normal00690"}),
    "FiveK": (["input/a0001-x.png", "expertC/a0001-x.png"], {"a0001-x": "a0001-x"}),
    "natural order": (["low/10.png", "low/9.png", "high/9.png", "high/10.png"], {"9": "9", "10": "10"}),
    "SICE": (
        [*(f"{scene}/{frame}.png" for scene in (2, 10) for frame in range(1, 8)), "Label/2.png", "Label/10.png"],
        {f"{scene}/{frame}": str(scene) for scene in (2, 10) for frame in (1, 2, 3)},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs(tmp_path: Path, draw: Draw, layout: str) -> None:
    files, expected = LAYOUTS[layout]
    for name in files:
        draw(tmp_path / name)
    found = detect("set", tmp_path)
    assert found.is_paired
    assert [(one.name, one.reference and one.reference.stem) for one in found.samples] == list(expected.items())


def test_single_pictures(tmp_path: Path, draw: Draw) -> None:
    for name in ("10.jpg", "9.bmp", "notes.txt/x.png", ".hidden.png"):
        draw(tmp_path / name)
    found = detect("any", tmp_path)
    assert not found.is_paired
    assert [one.name for one in found.samples] == ["9", "10"]
    assert found.first(1).notes == ("the first 1 of 2 pictures",)
    assert found.first(5) == found


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "no pictures in this folder"),
        (["inside/a.png"], "it holds the folders inside: name one of them"),
        (["low/a.png", "other/a.png"], "low has no folder of references beside it"),
        (["low/a.png", "high/a.txt.png", "high/a.png"], "1 picture without a partner: high/a.txt.png"),
        ([f"low/{name}.png" for name in "abcdef"] + ["high/a.png"],
         "5 pictures without a partner: low/b.png, low/c.png, low/d.png and 2 more"),
        (["low/a.png", "low/a.jpg", "high/a.png"], "same name but for its extension"),
        (["1/1.png", "1/2.png", "1/3.png", "Label/2.png"], "scenes without a reference in Label"),
        (["1/1.png", "1/2.png", "Label/1.png"], "no scene has three exposures"),
        (["a.png", "a.jpg"], "same name but for the extension: a.png"),
    ],
)  # fmt: skip
def test_what_does_not_match(tmp_path: Path, draw: Draw, files: list[str], reason: str) -> None:
    for name in files:
        draw(tmp_path / name)
    with pytest.raises(DataError) as caught:
        detect("set", tmp_path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_of_references(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "low/a.png")
    (tmp_path / "high").mkdir()
    with pytest.raises(DataError, match=r"high: no pictures in this folder"):
        detect("set", tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        detect("set", tmp_path / "none")


def test_sizes_that_differ(tmp_path: Path, draw: Draw) -> None:
    for number in range(5):
        draw(tmp_path / f"low/{number}.png", size=(48, 40))
        draw(tmp_path / f"high/{number}.png", size=(48, 40 + number))
    with pytest.raises(
        DataError, match=r"partners must be of one size; 4 are not: .*1.png is 48 x 40, 1.png 48 x 41.* and 1 more"
    ):
        detect("set", tmp_path)


def test_presets_say_what_is_missing(tmp_path: Path, draw: Draw) -> None:
    for number in (1, 2, 5):
        draw(tmp_path / f"LIME/{number}.bmp")
    found = presets.find_dataset("LIME", tmp_path)
    assert found.layout == "LIME, pictures without references"
    assert found.notes == ("3 pictures, while LIME has 10; missing 3, 4, 6, 7, 8 and 2 more",)
    assert presets.find_dataset("own:lime", tmp_path).name == "own"
    for number in range(1, 11):
        draw(tmp_path / f"LIME/{number}.bmp")
    assert presets.find_dataset("lime", tmp_path).notes == ()
    with pytest.raises(DataError, match="LOL-v1 has references, as in low/"):
        presets.find_dataset("lol", tmp_path / "LIME")


def test_presets_know_their_layout(tmp_path: Path, draw: Draw) -> None:
    for place in ("Real_captured/Test", "Synthetic/Test", "Synthetic/Train"):
        draw(tmp_path / place / "Low" / "1.png")
        draw(tmp_path / place / "Normal" / "1.png")
    assert "Synthetic/Test" in presets.find_dataset("lol-v2-synthetic", tmp_path).samples[0].input.as_posix()
    assert "Real_captured/Test" in presets.find_dataset("lol-v2-real", tmp_path).samples[0].input.as_posix()
    with pytest.raises(DataError, match="real_captured, synthetic"):
        presets.find_dataset("other", tmp_path)
    with pytest.raises(DataError, match="DICM has no references"):
        presets.find_dataset("dicm", tmp_path / "Synthetic")


def test_presets_that_are_unknown(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "1.png")
    with pytest.raises(DataError, match="dcim: no such preset of a data set; did you mean dicm"):
        presets.find_dataset("x:dcim", tmp_path)
    assert "the nearest is dicm" in presets.find_dataset("dcim", tmp_path).notes[0]
    assert presets.find_dataset("holiday", tmp_path).notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_pictures_stand_upright(tmp_path: Path, draw: Draw, orientation: int, suffix: str) -> None:
    image = Image.open(draw(tmp_path / "a.png"))
    exif = Image.Exif()
    exif[274] = orientation
    image.save(path := tmp_path / f"b.{suffix}", exif=exif)
    image.save(tmp_path / "c.png", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "c.png"))
    assert np.array_equal(load_rgb8(path), np.asarray(upright))
    assert size(path) == upright.size


def test_other_kinds_of_pictures(tmp_path: Path) -> None:
    gray = np.array([[0, 128 * 257, 65535]], np.uint16)
    Image.fromarray(gray).save(tmp_path / "deep.png")
    assert load_rgb8(tmp_path / "deep.png").tolist() == [[[0] * 3, [128] * 3, [255] * 3]]
    assert size(tmp_path / "none.png") is None


def test_a_film_knows_the_frame_before_each(tmp_path: Path, draw: Draw) -> None:
    for clip, frames in (("walk", (1, 2, 10)), ("car", (7, 8))):
        for frame in frames:
            draw(tmp_path / clip / f"{frame}.png", frame)
    found = presets.find_dataset("night:film", tmp_path)
    assert found.name == "night"
    assert found.is_film
    assert found.layout == "frames of 2 clips"
    order = {sample.name: sample.previous and sample.previous.name for sample in found.samples}
    assert order == {"car/7": None, "car/8": "car/7", "walk/1": None, "walk/2": "walk/1", "walk/10": "walk/2"}
    assert presets.find_dataset("film", tmp_path / "walk").layout == "frames of 1 clip"


def test_a_film_may_have_references(pairs: Path) -> None:
    found = presets.find_dataset("own:film", pairs)
    assert found.is_paired
    assert found.samples[3].previous is not None


def test_one_frame_is_no_film(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "1.png")
    with pytest.raises(DataError, match="two frames or more"):
        presets.find_dataset("own:film", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        presets.find_dataset("own:film", tmp_path / "empty")
