"""Every entry point takes the user's own wishes, and alike.

Covers ``pielight.inference.processor``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight import EnhanceOptions, Enhancer, ExposureMap
from pielight.errors import ConfigError, OptionError
from pielight.evaluation.methods.method import open_enhancer, parse
from pielight.io.provenance import read_record
from pielight.options import PRESETS

WISHES: list[dict[str, Any]] = [
    {"target_ev": 1.0},
    {"target_ev": -1.0},
    {"black": 1.0},
    {"warmth": 0.5},
    {"tint": -0.5},
    {"black": 0.5, "warmth": -0.3, "tint": 0.2, "target_ev": 0.3},
    {"preset": "night"},
    {"preset": "subtle", "strength": 1.2},
]


@pytest.fixture(scope="module", params=["bright_model", "exposure_model"])
def enhancer(request: pytest.FixtureRequest) -> Enhancer:
    """An enhancer with a lattice of curves, and one with a map of exposures."""
    return Enhancer(request.getfixturevalue(request.param), threads=1)


@pytest.fixture(scope="module")
def night(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return photo // 3


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def spec(model: Path, wish: dict[str, Any]) -> str:
    settings = ",".join(f"{name.removesuffix('_ev')}={value}" for name, value in wish.items())
    return f"pielight:model={model},{settings}"


@pytest.mark.parametrize("wish", WISHES)
def test_entry_points_agree(enhancer: Enhancer, night: NDArray[np.uint8], tmp_path: Path, wish: dict[str, Any]) -> None:
    wished = enhancer(night, **wish)
    assert (wished != enhancer(night)).mean() > 0.2
    assert (enhancer(night, options=EnhanceOptions.of(**wish)) == wished).all()
    assert (np.asarray(enhancer(Image.fromarray(night), **wish)) == wished).all()
    assert (np.asarray(Image.open(io.BytesIO(enhancer(png(night), **wish)))) == wished).all()
    (tmp_path / "night.png").write_bytes(png(night))
    written = enhancer.enhance_file(tmp_path / "night.png", **wish)
    assert (np.asarray(Image.open(written)) == wished).all()
    assert (open_enhancer(parse(spec(enhancer.model.path, wish)))(night) == wished).all()
    predicted = enhancer.curves(night) if enhancer.model.name == "bright" else enhancer.exposure(night)
    assert (predicted.apply(night, **wish) == wished).all()
    assert (predicted.apply(night, options=EnhanceOptions.of(**wish)) == wished).all()
    place = night.copy()
    enhancer.processor.process(place, enhancer._resolved(EnhanceOptions.of(**wish)), place)
    assert (place == wished).all()


@pytest.mark.parametrize("wish", WISHES)
def test_depths_agree(enhancer: Enhancer, night: NDArray[np.uint8], wish: dict[str, Any]) -> None:
    wish = {**wish, "denoise": 0}
    floats = enhancer(night.astype(np.float64) / 255, **wish)
    assert np.abs(enhancer(night, **wish) / 255 - floats).max() < 2.5 / 255  # two roundings to 8 bits
    deep = enhancer(night.astype(np.uint16) * 257, **wish)
    assert np.abs(deep / 65535 - floats).max() < 2e-4


@pytest.mark.parametrize(
    "wish", [{"target_ev": 0.0}, {"black": 0.0}, {"warmth": 0.0}, {"warmth": "keep", "tint": "keep"}]
)
def test_neutral_wishes_change_no_bit(enhancer: Enhancer, night: NDArray[np.uint8], wish: dict[str, Any]) -> None:
    for picture in (night, night.astype(np.uint16) * 200, night / np.float32(255)):
        assert (enhancer(picture, **wish) == enhancer(picture)).all()
    assert enhancer.record(EnhanceOptions.of(**wish)) == enhancer.record()


@pytest.mark.parametrize("wish", WISHES)
def test_strength_0_is_the_picture(enhancer: Enhancer, night: NDArray[np.uint8], wish: dict[str, Any]) -> None:
    assert (enhancer(night, **{**wish, "strength": 0}) == night).all()


def test_directions(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    means = [enhancer(night, target_ev=ev).mean() for ev in (-2, -1, 0, 1, 2)]
    assert (np.diff(means) > 0).all()
    warm = enhancer(night, warmth=0.6).mean(axis=(0, 1)) - enhancer(night).mean(axis=(0, 1))
    assert warm[0] > 0 > warm[2]
    held, plain = enhancer(night, black=1), enhancer(night)
    assert (held <= plain).all()
    assert (held.max(axis=2) + 1 >= np.minimum(night, plain).max(axis=2)).all()
    assert held[plain < 30].mean() < plain[plain < 30].mean()


@pytest.mark.parametrize("ev", [-2.0, 0.5, 3.0])
def test_a_target_adds_to_a_map(exposure_model: Path, night: NDArray[np.uint8], ev: float) -> None:
    enhancer = Enhancer(exposure_model, threads=1)
    predicted = enhancer.exposure(night)
    wanted = ExposureMap(predicted.ev + np.float32(ev), predicted.ceiling)
    assert (enhancer(night, target_ev=ev) == wanted.apply(night)).all()
    assert (enhancer(night, 0.5, 0, target_ev=ev) == wanted.apply(night, 0.5, 0)).all()


def test_a_cast_is_taken_out(enhancer: Enhancer) -> None:
    patches = np.random.default_rng(0).integers(40, 90, (12, 16, 1)) + np.random.default_rng(1).integers(
        0, 12, (12, 16, 3)
    )
    neutral = patches.astype(np.uint8).repeat(16, 0).repeat(16, 1)
    warm = enhancer(neutral, warmth=0.6).astype(float)
    cleared = enhancer(warm.astype(np.uint8), warmth="auto", tint="auto").astype(float)
    spread = [np.ptp(pixels.mean(axis=(0, 1))) for pixels in (warm, cleared)]
    assert spread[1] < 0.25 * spread[0]


def test_frames_share_one_balance(enhancer: Enhancer, tmp_path: Path) -> None:
    patches = np.random.default_rng(0).integers(10, 50, (8, 8, 1)) * np.array([1.3, 1.0, 0.8])
    frames = [
        Image.fromarray(np.roll(patches, shift, 1).astype(np.uint8).repeat(9, 0).repeat(9, 1)) for shift in range(3)
    ]
    frames[0].save(tmp_path / "night.png", save_all=True, append_images=frames[1:])
    plain = enhancer.enhance_file(tmp_path / "night.png", tmp_path / "plain.png")
    balanced = enhancer.enhance_file(tmp_path / "night.png", tmp_path / "balanced.png", warmth="auto")
    with Image.open(plain) as before, Image.open(balanced) as after:
        assert after.n_frames == 3
        for number in range(3):
            before.seek(number)
            after.seek(number)
            change = np.asarray(after.convert("RGB"), float) - np.asarray(before.convert("RGB"), float)
            assert change[..., 0].mean() < 0 < change[..., 2].mean()


def test_the_record_of_a_result(enhancer: Enhancer, night: NDArray[np.uint8], tmp_path: Path) -> None:
    Image.fromarray(night).save(tmp_path / "night.png")
    written = enhancer.enhance_file(tmp_path / "night.png", preset="night", warmth="auto")
    record = read_record(written)
    assert record is not None
    options = dict(record.options)
    names = ("Target", "Black", "Warmth", "Highlights")
    assert [options[name] for name in names] == ["-0.5", "0.5", "auto", "1"]
    assert "Tint" not in options


@pytest.mark.parametrize("task", ["dehaze", "derain"])
@pytest.mark.parametrize("name", ["target_ev", "black", "warmth", "tint"])
def test_other_tasks_refuse_them(task: str, name: str, night: NDArray[np.uint8]) -> None:
    with pytest.raises(OptionError, match=rf"^{name}: has no meaning for {task}; leave it out$"):
        pielight.enhance(night, task=task, **{name: 0.5})
    with pytest.raises(ConfigError, match=f"{name}: has no meaning"):
        open_enhancer(parse(f"pielight:task={task},{name.removesuffix('_ev')}=0.5"))


def test_options_and_a_wish_are_too_much(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    with pytest.raises(OptionError, match="options: hold black, preset already"):
        enhancer(night, options=EnhanceOptions(), black=1, preset="night")
    with pytest.raises(OptionError, match=f"preset 'noon': choose {', '.join(PRESETS)}"):
        enhancer(night, preset="noon")
    with pytest.raises(TypeError, match="blackness"):
        enhancer(night, blackness=1)  # type: ignore[call-arg]
