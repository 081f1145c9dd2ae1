"""Which files are used, and every reason why not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import DataError
from pielight.training.data.pictures import check, files, read_small
from pielight.training.schema import DataConfig

SETTINGS = DataConfig(
    size=64,
    loss_size=32,
    min_size=48,
    dark_mean=(0.01, 0.5),
    well_mean=(0.25, 0.7),
    well_clipped=0.25,
    well_shadows=0.1,
)


def picture(mean: float, spread: float = 0.1, shape: tuple[int, ...] = (60, 70, 3), seed: int = 0) -> Image.Image:
    noise = np.random.default_rng(seed).uniform(-spread, spread, shape)
    return Image.fromarray((255 * np.clip(mean + noise, 0, 1)).round().astype(np.uint8))


def test_every_reason(tmp_path: Path) -> None:
    """One file for each reason; the name says which."""
    wanted = {
        "good": ("", ""),
        "again": ("duplicate", "good"),
        "broken": ("damaged", "truncated"),
        "bright": ("too bright", "mean brightness 0.800, above 0.7"),
        "burnt": ("burnt out", "30% of it, more than 25%"),
        "dim": ("too dark", "mean brightness 0.150, below 0.25"),
        "empty": ("not a picture", ""),
        "flat": ("one flat color", ""),
        "link": ("unreadable", "no such file"),
        "shadows": ("dark shadows", "0.000, below 0.1"),
        "small": ("too small", "70 x 40, the shorter side is below 48"),
        "text": ("not a picture", ""),
    }
    good = picture(0.5)
    good.save(tmp_path / "good.png")
    good.save(tmp_path / "z_again.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:400])
    picture(0.8).save(tmp_path / "bright.png")
    burnt = np.asarray(picture(0.5, seed=1)).copy()
    burnt[:18] = 255
    Image.fromarray(burnt).save(tmp_path / "burnt.png")
    picture(0.15).save(tmp_path / "dim.png")
    (tmp_path / "empty.jpg").touch()
    picture(0.5, spread=0.0).save(tmp_path / "flat.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    shadows = np.asarray(picture(0.6, seed=2)).copy()
    shadows[:20] = 0
    Image.fromarray(shadows).save(tmp_path / "shadows.png")
    picture(0.5, shape=(40, 70, 3)).save(tmp_path / "small.png")
    (tmp_path / "text.jpg").write_text("hello")

    found = {verdict.path.stem.removeprefix("z_"): verdict for verdict in check([str(tmp_path)], "well", SETTINGS)}
    assert found.keys() == wanted.keys()
    for name, (kind, text) in wanted.items():
        verdict = found[name]
        assert verdict.kind == kind
        assert text in verdict.reason
        assert "\n" not in verdict.reason
        assert bool(verdict.reason) == bool(kind) == (verdict.pixels is None)


@pytest.mark.parametrize(("mean", "dark", "well"), [(-0.07, "too dark", "too dark"), (0.1, "", "too dark"),
                                                     (0.4, "", ""), (0.6, "too bright", "")])  # fmt: skip
def test_brightness_by_role(mean: float, dark: str, well: str, tmp_path: Path) -> None:
    image = picture(mean)
    image.save(tmp_path / "a.png")
    settings = dataclasses.replace(SETTINGS, well_shadows=0.0)
    assert [verdict.kind for verdict in check([str(tmp_path)], "dark", settings)] == [dark]
    (verdict,) = check([str(tmp_path)], "well", settings)
    assert verdict.kind == well
    assert verdict.mean == pytest.approx(np.asarray(image).mean() / 255, abs=0.01)


@pytest.mark.parametrize("name", ["RGB.jpg", "L.jpg", "CMYK.jpg", "RGBA.png", "LA.png", "P.png", "1.png", "I;16.png",
                                  "I;16.tif", "RGB.webp", "RGB.bmp", "RGB.gif"])  # fmt: skip
def test_modes_and_formats(name: str, tmp_path: Path) -> None:
    path, mode = tmp_path / name, name.partition(".")[0]
    gray = np.linspace(0, 1, 60 * 80).reshape(60, 80)
    if mode == "I;16":
        image = Image.fromarray((gray * 65535).astype(np.uint16))
    else:
        image = Image.fromarray((gray * 255).astype(np.uint8)).convert(mode)
    image.save(path)
    pixels = read_small(path, 64)
    assert (pixels.shape, pixels.dtype) == ((60, 80, 3), np.uint8)
    assert np.abs(pixels.mean(2) / 255 - gray).mean() < (0.5 if mode == "1" else 0.03)


def test_large_pictures_are_reduced(tmp_path: Path) -> None:
    large = np.asarray(picture(0.5, shape=(3, 4, 3)).resize((800, 600), Image.Resampling.BICUBIC))
    for name in ("large.jpg", "large.png"):
        Image.fromarray(large).save(tmp_path / name, quality=95)
        pixels = read_small(tmp_path / name, 80)
        assert pixels.shape == (80, 107, 3)
        expected = Image.fromarray(large).resize((107, 80), Image.Resampling.BOX)
        assert np.abs(pixels - np.asarray(expected, np.float64)).max() < 6


def test_smallest_is_about_the_file_not_about_what_is_kept(tmp_path: Path) -> None:
    picture(0.5, shape=(200, 200, 3)).save(tmp_path / "a.png")
    settings = dataclasses.replace(SETTINGS, min_size=128)  # kept are 80 x 80
    (verdict,) = check([str(tmp_path)], "well", settings)
    assert verdict.pixels is not None
    assert verdict.pixels.shape == (80, 80, 3)


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(0.5).save(tmp_path / "a.png")
    monkeypatch.setattr("pielight.io.size_limits.MAX_PIXELS", 4_000)
    with pytest.raises(DataError, match="too large: 70 x 60 pixels; the limit is"):
        read_small(tmp_path / "a.png", 64)


@pytest.mark.filterwarnings("error")
def test_a_large_photo_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(0.5).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)  # Pillow warns from here
    assert read_small(tmp_path / "a.png", 64).shape == (60, 70, 3)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_values_without_a_known_scale_are_left_out(kind: type, tmp_path: Path) -> None:
    Image.fromarray(np.full((60, 60), 1, kind)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"^unreadable: .*32-bit .* is not supported; convert"):
        read_small(tmp_path / "a.tif", 64)


def test_small_ones_are_told_by_their_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(0.5).save(tmp_path / "a.png")
    monkeypatch.setattr("pielight.training.data.pictures.load_rgb8", None)  # they are not decoded
    with pytest.raises(DataError, match="too small: 70 x 60, the shorter side is below 61"):
        read_small(tmp_path / "a.png", 64, 61)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("z.png", "b/y.png", "b/deep/x.jpg"):
        (tmp_path / name).touch()
    folder = str(tmp_path)
    expected = [tmp_path / "b/deep/x.jpg", tmp_path / "b/y.png", tmp_path / "z.png"]
    assert files([folder]) == expected
    assert files([folder, str(tmp_path / "b")]) == expected  # no file twice
    with pytest.raises(DataError, match="none: no such folder"):
        files([str(tmp_path / "none")])
    with pytest.raises(DataError, match=r"set data.dark and data.well"):
        files([])
