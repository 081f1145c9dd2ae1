"""The network over pictures of any size: no seams, nothing outside of its plan, the same for every type."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS
from pielight.errors import ModelError
from pielight.inference import denoise as denoiser
from pielight.inference.denoise import DESCRIPTOR, DenoiseNetwork, shared_denoiser
from pielight.inference.denoise_plan import Plan
from pielight.models import DENOISER, find

EYE = np.eye(3, dtype=np.float32)


def picture(height: int, width: int, channels: int = 3) -> NDArray[np.float32]:
    scene = np.add.outer(np.linspace(0.2, 0.5, height), np.linspace(0, 0.2, width))[..., np.newaxis]
    grain = np.random.default_rng(0).normal(0, 0.04, (height, width, channels))
    return np.clip(scene + grain, 0, 1).astype(np.float32)


def planned(pixels: NDArray[Any], level: float = 0.04) -> Plan:
    shape = -(-pixels.shape[0] // 4), -(-pixels.shape[1] // 4)
    every = np.ones((*shape, 1), np.float32)
    return Plan(np.full((*shape, pixels.shape[2]), level, np.float32), every, every.copy(), EYE)


def cleaned(pixels: NDArray[Any], plan: Plan, **parts: int) -> NDArray[Any]:
    result = pixels.copy()
    shared_denoiser(None, 1).subtract(result, plan, **parts)
    return result


def test_noise_goes_and_the_scene_stays() -> None:
    noisy = picture(96, 128)
    scene = np.add.outer(np.linspace(0.2, 0.5, 96), np.linspace(0, 0.2, 128))[..., np.newaxis]
    before, after = np.square(noisy - scene).mean(), np.square(cleaned(noisy, planned(noisy)) - scene).mean()
    assert after < before / 10


def test_a_dark_line_survives() -> None:
    noisy = picture(96, 128)
    noisy[:, 60:63] -= 0.15
    after = cleaned(noisy, planned(noisy))
    assert after[:, 55:58].mean() - after[:, 60:63].mean() > 0.08


@settings(max_examples=12, deadline=None)
@given(size=st.tuples(st.integers(1, 150), st.integers(1, 150)), channels=st.sampled_from([1, 3]))
def test_parts_make_no_seams(size: tuple[int, int], channels: int) -> None:
    noisy = picture(*size, channels)
    plan = planned(noisy)
    whole = cleaned(noisy, plan)
    assert np.abs(cleaned(noisy, plan, band=16, part=24) - whole).max() < 1e-4
    assert np.abs(cleaned(noisy, plan, band=64, part=56) - whole).max() < 1e-4


def test_nothing_changes_without_level_or_share() -> None:
    noisy = (picture(40, 72) * 255).astype(np.uint8)
    plan = planned(noisy)
    assert (cleaned(noisy, replace(plan, level=plan.level * 0)) == noisy).all()
    plan.share[:, 9:] = 0
    after = cleaned(noisy, plan)
    assert (after[:, 36:] == noisy[:, 36:]).all()
    assert (after[:, :36] != noisy[:, :36]).mean() > 0.5


def test_color_fades_and_luma_stays() -> None:
    tinted = np.full((40, 72, 3), (60, 90, 70), np.uint8)
    plan = planned(tinted, level=0)
    plan.chroma[:, 9:] = 0.5
    after = cleaned(tinted, replace(plan, share=plan.share * 0))
    assert (after[:, :36] == tinted[:, :36]).all()
    luma = np.array([60, 90, 70]) @ LUMA_WEIGHTS
    assert np.abs(after[0, 40] - (luma + (np.array([60, 90, 70]) - luma) / 2)).max() <= 0.51
    assert np.abs(after[0, 40] @ LUMA_WEIGHTS - luma) < 0.6


def test_every_type_is_cleaned_alike() -> None:
    noisy = np.round(picture(48, 64) * 255).astype(np.uint8)
    plan = planned(noisy)
    expected = cleaned(noisy / 255, plan)
    assert np.abs(cleaned(noisy, plan) / 255 - expected).max() <= 0.5001 / 255
    deep = cleaned(noisy.astype(np.uint16) * 257, plan)
    assert np.abs(deep / 65535 - expected).max() < 2e-5
    assert len(np.unique(deep)) > 2000  # not cut to 8 bits
    assert np.abs(cleaned((noisy / 255).astype(np.float32), plan) - expected).max() < 1e-6


def test_gray_is_the_luma_of_three_equal_channels() -> None:
    noisy = picture(32, 40, 1)
    plan = planned(noisy)
    three = cleaned(noisy.repeat(3, 2), replace(plan, level=plan.level.repeat(3, 2)))
    assert np.abs(cleaned(noisy, plan)[..., 0] - three @ np.array(LUMA_WEIGHTS, np.float32)).max() < 1e-6


def test_threads_share_one_shared_denoiser(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(DenoiseNetwork):
        def __init__(self, *arguments: Any) -> None:
            time.sleep(0.05)
            super().__init__(*arguments)

    monkeypatch.setattr(denoiser, "DenoiseNetwork", Slow)
    denoiser._shared.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(shared_denoiser, [None] * 4, [1] * 4))) == 1
    denoiser._shared.cache_clear()


def test_a_file_that_changed_is_opened_anew(tmp_path: Path) -> None:
    path = shutil.copy(find(DENOISER).path, tmp_path / "own.onnx")
    before = shared_denoiser(path, 1)
    assert shared_denoiser(path, 1) is before
    os.utime(path, (1, 1))
    assert shared_denoiser(path, 1) is not before


def saved(tmp_path: Path, change: Callable[[Any], None]) -> DenoiseNetwork:
    model = onnx.load(find(DENOISER).path)
    change(model)
    onnx.save(model, tmp_path / "odd.onnx")
    return DESCRIPTOR.open(tmp_path / "odd.onnx")


def sides(place: str, *wanted: int | str) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        (entry,) = (one for one in model.graph.input if one.name == place)
        for dim, side in zip(entry.type.tensor_type.shape.dim, wanted, strict=True):
            dim.CopyFrom(type(dim)(**{"dim_value" if isinstance(side, int) else "dim_param": side}))

    return change


@pytest.mark.parametrize(
    ("place", "shape", "said"),
    [
        ("cells", ("n", 48, 64, 64), r"cells has shape \(n, 48, 64, 64\); expected \(n, 48, h, w\)"),
        ("cells", (2, 48, "h", "w"), r"cells has shape \(2, 48, h, w\)"),
        ("level", ("n", 1, "h", "w"), r"level has shape \(n, 1, h, w\); expected \(n, 3, h, w\)"),
        ("mix", ("a", 3), r"mix has shape \(a, 3\); expected \(3, 3\)"),
    ],
)
def test_inputs_of_other_shapes_are_refused(
    tmp_path: Path, place: str, shape: tuple[int | str, ...], said: str
) -> None:
    with pytest.raises(ModelError, match=rf"odd\.onnx: {said}.*"):
        saved(tmp_path, sides(place, *shape)).open()


def test_one_picture_at_a_time_will_do(tmp_path: Path) -> None:
    def change(model: Any) -> None:
        for name, channels in (("cells", 48), ("level", 3), ("share", 1)):
            sides(name, 1, channels, "h", "w")(model)

    noisy = picture(24, 40)
    result = noisy.copy()
    saved(tmp_path, change).subtract(result, planned(noisy))
    assert (result == cleaned(noisy, planned(noisy))).all()


def answering(operator: str, *inputs: str) -> Callable[[Any], None]:
    """Return what makes the network's answer that of an operator."""

    def change(model: Any) -> None:
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(np.nan), "nan"))
        for node in model.graph.node:
            node.output[:] = ["inner" if name == "noise" else name for name in node.output]
        model.graph.node.append(onnx.helper.make_node(operator, inputs, ["noise"]))
        model.graph.output[0].type.tensor_type.ClearField("shape")

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [(answering("Add", "inner", "nan"), "not finite"), (answering("Identity", "level"), "noise has shape .1, 3")],
)
def test_answers_that_are_no_noise_are_refused(tmp_path: Path, change: Callable[[Any], None], said: str) -> None:
    noisy = picture(8, 8)
    before = noisy.copy()
    with pytest.raises(ModelError, match=rf"odd\.onnx: the .*{said}"):
        saved(tmp_path, change).subtract(noisy, planned(noisy))
    assert (noisy == before).all()


def test_other_networks_are_refused(tmp_path: Path) -> None:
    noisy = picture(8, 8)
    with pytest.raises(ModelError, match="not a network to denoise pictures"):
        DESCRIPTOR.open(find().path).subtract(noisy, planned(noisy))
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no")
    with pytest.raises(ModelError, match="damaged"):
        DESCRIPTOR.open(damaged).subtract(noisy, planned(noisy))
