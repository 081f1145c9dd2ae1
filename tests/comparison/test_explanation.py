"""What led to a result, and the sheet that shows it.

Covers ``pielight.comparison.explanation_sheet``.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.comparison.explanation import Explanation, explain
from pielight.comparison.explanation_sheet import explanation_sheet
from pielight.enhancer import Enhancer
from pielight.errors import OptionError, PictureError
from pielight.inference.exposure_plot import colors
from pielight.ops.exposure import canonical_exposure
from pielight.ops.noise import Noise
from pielight.ops.thumbnail import thumbnail
from pielight.options import EnhanceOptions


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("night.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    Image.fromarray(photo).save("turned.jpg", quality=95, exif=exif)
    return tmp_path


def an_explanation(size: tuple[int, int], share: float | None, ev: NDArray[np.float32], shot: float) -> Explanation:
    picture = Image.new("RGB", size, (90, 60, 30))
    noise = Noise(np.full(3, shot), np.zeros(3), 1 / 255)
    return Explanation("a photo.jpg", picture, picture, ev, 3.14, share, noise, np.full(256, 1 / 256), 0.5)


def test_it_holds_what_was_applied(folder: Path, photo: NDArray[np.uint8], exposure_model: Path) -> None:
    enhancer = Enhancer(exposure_model, threads=1)
    found = explain(enhancer, Path("night.png"))
    assert found.underexposed == pytest.approx(0.9)
    assert found.canonical_ev == pytest.approx(canonical_exposure(thumbnail(photo, 64)), abs=1e-6)
    assert found.ev.shape == (8, 8)
    assert (np.asarray(found.after) == enhancer(photo)).all()
    assert found.levels.sum() == pytest.approx(1)
    options = EnhanceOptions(0.5, target_ev=1, black=0.5)
    half = explain(enhancer, Path("night.png"), 64, options)
    assert half.ev == pytest.approx(enhancer.exposure(photo).at(options, photo))
    assert half.after.size == (64, 48)
    assert half.strength == 0.5


def test_the_map_is_upright(folder: Path, exposure_model: Path) -> None:
    found = explain(Enhancer(exposure_model, threads=1), Path("turned.jpg"))
    assert found.before.size == (96, 128)
    ev = found.ev  # what grew to the right grows downwards
    assert (np.diff(ev.mean(axis=1)) > 0).all()
    assert np.abs(np.diff(ev, axis=1)).max() < 0.1


@pytest.mark.parametrize("size", [(640, 427), (200, 640), (640, 80), (16, 16)])
@pytest.mark.parametrize("share", [None, 0.0, 0.87, 1.0])
def test_a_sheet_shows_all_of_it(size: tuple[int, int], share: float | None) -> None:
    ev = np.linspace(-1, 5, 6, dtype=np.float32).reshape(2, 3)
    one = an_explanation(size, share, ev, 1e-3)
    sheet = Image.open(io.BytesIO(explanation_sheet(one)))
    assert (sheet.format, sheet.mode) == ("PNG", "RGB")
    pixels = np.asarray(sheet)
    photos = (pixels == (90, 60, 30)).all(axis=2)
    assert photos.sum() == 2 * size[0] * size[1]
    tops, _ = np.nonzero(photos)
    assert max(tops) - min(tops) == size[1] - 1  # side by side
    assert (pixels[-28:] == 255).all()
    reds = (pixels == colors(np.array([5 / 5]))[0]).all(axis=2)
    assert reds.any()  # the end of the color bar


def test_sheets_differ_where_numbers_differ() -> None:
    ev = np.full((2, 2), 2.0, np.float32)
    sheets = {
        explanation_sheet(an_explanation((300, 200), share, ev * scale, shot))
        for share, scale, shot in ((0.1, 1, 0), (0.9, 1, 0), (0.1, 2, 0), (0.1, 1, 1e-2))
    }
    assert len(sheets) == 4


def test_a_model_without_a_map_is_told(folder: Path, bright_model: Path) -> None:
    with pytest.raises(OptionError, match="predicts no map of exposures"):
        explain(Enhancer(bright_model, threads=1), Path("night.png"))
    with pytest.raises(PictureError):
        explain(Enhancer(bright_model, threads=1), folder)
