"""Lightness and hue of faces: values by hand, quarters, weights, and boxes given or found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from pielight.core.color import srgb_to_linear
from pielight.errors import ConfigError
from pielight.evaluation.datasets.dataset import Sample
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.downstream.skin import METRICS, SKIN, SkinEvaluator, median_lightness, skin_state
from pielight.evaluation.metric_spec import MetricState
from tests.cli.evaluate_here import evaluate_here
from tests.evaluation.downstream.networks import square_finder

FACE = np.array([[8.0, 8, 16, 16]])
TONES = [(58, 40, 32), (110, 78, 60), (170, 125, 100), (235, 200, 180)]


def drawn(tone: tuple[int, int, int], around: int = 20) -> np.ndarray:
    pixels = np.full((32, 32, 3), around, np.uint8)
    pixels[8:24, 8:24] = tone
    return pixels


def states(shifts: list[float], published: list[float] | None = None) -> list[MetricState]:
    """Pictures with a face each."""
    before = published or [30.0 + 5 * number for number in range(len(shifts))]
    return [((start,), (start + d,), (0.0,)) for start, d in zip(before, shifts, strict=True)]


@pytest.mark.parametrize("tone", TONES)
def test_lightness_is_that_of_scikit_image(tone: tuple[int, int, int]) -> None:
    pixels = np.full((9, 9, 3), tone, np.uint8)
    assert median_lightness(srgb_to_linear(pixels / 255)) == pytest.approx(rgb2lab(pixels)[0, 0, 0], abs=0.05)


def test_a_face_alone_counts_and_its_median() -> None:
    before = drawn((110, 78, 60))
    after = drawn((150, 106, 82), around=200)
    after[8, 8:24] = 255  # a sixteenth of the face
    (published,), (result,), (turned,) = skin_state(after, before, FACE)
    assert published == pytest.approx(rgb2lab(before)[10, 10, 0], abs=0.05)
    assert result == pytest.approx(rgb2lab(after)[20, 20, 0], abs=0.05)
    assert turned < 5
    assert skin_state(before, before, FACE)[2] == (0.0,)
    green = drawn((60, 110, 60))
    assert skin_state(green, before, FACE)[2][0] > 60


def test_faces_at_the_edge_are_cut_and_small_ones_left_out() -> None:
    pixels = drawn((110, 78, 60))
    boxes = np.array([[-8.0, -8, 24, 24], [28, 28, 16, 16], [4, 4, 6, 20], [8, 8, 16, 16]])
    assert len(skin_state(pixels, pixels, boxes)[0]) == 2
    assert skin_state(pixels, pixels, boxes[1:3]) == ((), (), ())


def test_shifts_by_quarters() -> None:
    found = states([8.0, 4.0, 0, 0, 0, 0, -1.0, -3.0])
    of = {name: metric.compute(found) for name, metric in METRICS.items()}
    assert of["face-shift"] == pytest.approx(1)
    assert of["face-error"] == pytest.approx(2)
    assert of["face-darkest"] == pytest.approx(6)
    assert of["face-lightest"] == pytest.approx(-2)
    assert of["face-error-90"] == pytest.approx(8)
    assert of["face-hue"] == 0


def test_the_quantile_is_one_face_in_ten() -> None:
    shifts = [float(number) for number in range(1, 101)]
    assert METRICS["face-error-90"].compute(states(shifts, [50.0] * 100)) == 90


@pytest.mark.parametrize("name", METRICS)
def test_weights_count_pictures_as_often(name: str) -> None:
    same = [40.0, 40.0, 40.0]  # so that quarters are the same
    pictures = states([5.0, -2.0, 9.0], same)
    found = METRICS[name].weighted(pictures)(np.array([[2.0, 1, 0], [0, 0, 3]]))
    repeated = [[pictures[0], pictures[0], pictures[1]], [pictures[2]] * 3]
    assert found.tolist() == pytest.approx([METRICS[name].compute(one) for one in repeated])


@pytest.mark.parametrize("name", METRICS)
def test_pictures_without_faces_have_no_value(name: str) -> None:
    nothing: MetricState = ((), (), ())
    assert np.isnan(METRICS[name].compute([nothing, nothing]))
    assert METRICS[name].compute([nothing, *states([2.0])]) == METRICS[name].compute(states([2.0]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Faces of four tones, with boxes; and pictures alone, with a bright square that a detector finds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pielight.evaluation.statistics.RESAMPLES", 499)
    for place in ("set/images", "alone"):
        Path(place).mkdir(parents=True)
    for number, tone in enumerate(TONES):
        Image.fromarray(drawn(tone)).save(f"set/images/{number}.png")
        pixels = np.full((64, 96, 3), 20, np.uint8)
        pixels[:32, 32:64] = 220
        Image.fromarray(pixels).save(f"alone/{number}.png")
    boxes = {f"{number}.png": [{"x": 8, "y": 8, "w": 16, "h": 16}] for number in range(4)}
    Path("set/boxes.json").write_text(json.dumps(boxes))
    square_finder(Path("face.onnx"))
    return tmp_path


def test_darkened_faces_are_compared_with_the_published_ones(folder: Path) -> None:
    dataset = SKIN.read("faces", Path("set"))
    evaluator = SkinEvaluator()
    evaluator.check(dataset)
    (sample, *_) = dataset.samples
    dark = Sample(sample.name, sample.input, boxes=sample.boxes, degradation=Darkness(2.0, 0, 0))
    (published,), (result,), _ = evaluator.update(dark.pixels(), dark)
    assert result < published - 5
    assert evaluator.update(dark.clean(), dark)[1] == (published,)
    half = Sample(sample.name, sample.input, boxes=sample.boxes, degradation=Darkness(shrink=0.5))
    assert evaluator.update(half.clean(), half)[0] == pytest.approx((published,), abs=0.05)


def test_the_command_with_boxes_and_with_a_detector(folder: Path) -> None:
    what = ("-j", "1", "--downstream", "skin", "--dark-ev", "0,3")
    done = evaluate_here(*what, "--data", "own=set", "--method", "exposure")
    assert done.returncode == 0, done.stderr
    assert "face-darkest (L*)" in done.stdout
    assert "Faces of boxes.json, compared with the photographs as published" in done.stdout
    facts = json.loads(Path("report/summary.json").read_text(encoding="utf-8"))
    means = {(one["data"], one["method"], one["metric"]): one["mean"] for one in facts["means"]}
    assert means["own", "untouched", "face-error"] == means["own-3ev", "clean", "face-error"] == 0
    assert means["own-3ev", "untouched", "face-shift"] < -15
    found = evaluate_here(
        *what, "--data", "own=alone", "--method", "identity", "--detector", "face.onnx", "-o", "found"
    )
    assert found.returncode == 0, found.stderr
    assert "that face.onnx finds" in found.stdout
    lost = evaluate_here(*what, "--data", "own=alone", "--method", "identity", "-o", "lost")
    assert lost.returncode == 2
    assert "own has no boxes.json; name a face detector by --detector FILE.onnx" in " ".join(lost.stderr.split())


def test_the_detector_is_part_of_what_states_depend_on(folder: Path) -> None:
    assert SkinEvaluator().identity() == "boxes"
    assert SkinEvaluator(Path("face.onnx")).identity() != SkinEvaluator(Path("face.onnx"), score=0.6).identity()
    with pytest.raises(ConfigError, match="nms is 2"):
        SkinEvaluator(nms=2)
