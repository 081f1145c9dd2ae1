"""Every door denoises, and alike."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight import Enhancer, apply
from pielight.cli import main
from pielight.curves.lattice import CurveLattice
from pielight.errors import ConfigError, PielightError
from pielight.evaluate.enhancements import enhancement
from pielight.evaluate.specs import parse


@pytest.fixture(scope="module")
def enhancer(bright_model: Path) -> Enhancer:
    return Enhancer(bright_model, threads=1)


@pytest.fixture(scope="module")
def night(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, 4, photo.shape)
    return np.clip(photo // 3 + grain, 0, 255).astype(np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("denoise", ["auto", 0.7])
def test_doors_agree(enhancer: Enhancer, night: NDArray[np.uint8], tmp_path: Path, denoise: Any) -> None:
    cleaned = enhancer(night, denoise=denoise)
    assert (cleaned != enhancer(night)).mean() > 0.5
    assert (np.asarray(enhancer(Image.fromarray(night), denoise=denoise)) == cleaned).all()
    assert (np.asarray(Image.open(io.BytesIO(enhancer(png(night), denoise=denoise)))) == cleaned).all()
    (tmp_path / "night.png").write_bytes(png(night))
    written = enhancer(tmp_path / "night.png", denoise=denoise)
    assert (np.asarray(Image.open(written)) == cleaned).all()
    assert (pielight.apply(night, enhancer.curves(night), denoise=denoise) == cleaned).all()
    place = night.copy()
    pielight.apply(place, enhancer.curves(night), denoise=denoise, out=place)
    assert (place == cleaned).all()
    spec = f"pielight:model={enhancer.model.path},denoise={denoise}"
    assert (enhancement(parse(spec))(night) == cleaned).all()


def test_opacity_stays(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    opacity = np.tile(np.arange(night.shape[1], dtype=np.uint8), (len(night), 1))
    whole = np.dstack([night, opacity])
    result = enhancer(whole, denoise=1)
    assert (result[..., 3] == whole[..., 3]).all()
    assert (result[..., :3] == enhancer(night, denoise=1)).all()


def test_the_command_line(night: NDArray[np.uint8], enhancer: Enhancer, tmp_path: Path) -> None:
    model = ["--model", str(enhancer.model.path), "-j", "1"]
    (tmp_path / "a.png").write_bytes(png(night))
    (tmp_path / "b.png").write_bytes(png(night[:, ::-1].copy()))
    report = tmp_path / "run.jsonl"
    words = [str(tmp_path), *model, "--denoise", "auto", "-o", str(tmp_path / "out"), "--report", str(report)]
    assert CliRunner().invoke(main, words).exit_code == 0
    cleaned = enhancer(night, denoise="auto")
    assert (np.asarray(Image.open(tmp_path / "out" / "a.png")) == cleaned).all()
    assert json.loads(report.read_text().splitlines()[0])["denoise"] == "auto"
    piped = CliRunner().invoke(main, ["-", *model, "--denoise", "auto"], input=png(night))
    assert (np.asarray(Image.open(io.BytesIO(piped.stdout_bytes))) == cleaned).all()
    sheet = ["compare", str(tmp_path / "a.png"), *model, "--denoise", "0.5", "-o", str(tmp_path / "sheet.png")]
    assert CliRunner().invoke(main, sheet).exit_code == 0


@pytest.mark.parametrize("value", ["2", "-1", "some"])
def test_nonsense_on_the_command_line(tmp_path: Path, value: str) -> None:
    done = CliRunner().invoke(main, [str(tmp_path / "a.png"), "--denoise", value])
    assert done.exit_code == 2
    assert "--denoise" in done.output


def test_nonsense_elsewhere(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    for image in (night, png(night), Image.fromarray(night)):
        with pytest.raises(PielightError, match="denoise 3: must be auto"):
            enhancer(image, denoise=3)


def test_strength_0_is_the_identity(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    assert (enhancer(night, 0, denoise=1) == night).all()


def test_auto_changes_no_bit_of_a_clean_picture(enhancer: Enhancer) -> None:
    smooth = np.repeat(np.linspace(90, 160, 300)[:, np.newaxis, np.newaxis], 200, 1).repeat(3, 2).astype(np.uint8)
    assert (enhancer(smooth, denoise="auto") == enhancer(smooth)).all()


def test_16_bits_stay_16_bits(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    deep = enhancer(night.astype(np.uint16) * 257, denoise=1)
    assert deep.dtype == np.uint16
    assert len(np.unique(deep % 257)) > 200
    assert np.abs(deep / 257 - enhancer(night, denoise=1).astype(float)).mean() < 1.5


@pytest.mark.parametrize("value", ["2", "some"])
def test_nonsense_in_an_evaluation(value: str) -> None:
    with pytest.raises(ConfigError, match="denoise"):
        enhancement(parse(f"pielight:denoise={value}"))


@pytest.mark.parametrize("denoise", ["auto", 0.5, 1])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_what_is_grey_stays_grey(denoise: Any, kind: type) -> None:
    ramp = np.linspace(0.02, 0.3, 96, dtype=np.float32) + np.zeros((64, 1), np.float32)
    noisy = np.clip(ramp + np.random.default_rng(0).normal(0, 0.03, ramp.shape), 0, 1).astype(np.float32)
    scale = 1 if kind is np.float32 else np.iinfo(kind).max
    grey = (noisy * scale).astype(kind)
    curves = CurveLattice(np.full((8, 3, 2, 2), -0.4))
    one = apply(grey, curves, denoise=denoise)
    three = apply(np.repeat(grey[..., None], 3, 2), curves, denoise=denoise)
    assert (three == three[..., :1]).all()
    assert (one != apply(grey, curves)).mean() > 0.5
    np.testing.assert_allclose(three[..., 0].astype(float), one.astype(float), atol=1.01 if scale > 1 else 1e-5)


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_auto_changes_no_bit_of_a_clean_photograph(enhancer: Enhancer, name: str) -> None:
    photo = getattr(skimage.data, name)()
    assert (enhancer(photo, denoise="auto") == enhancer(photo)).all()


def test_files_refuse_nonsense_at_strength_0_too(enhancer: Enhancer, night: NDArray[np.uint8], tmp_path: Path) -> None:
    Image.fromarray(night).save(tmp_path / "a.png")
    with pytest.raises(PielightError, match="denoise 7"):
        enhancer.file(tmp_path / "a.png", tmp_path / "b.png", strength=0, denoise=7)
