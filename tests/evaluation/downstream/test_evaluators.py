"""Downstream tasks as a whole: what they need to be installed, and what every evaluator does."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import pielight.evaluation.downstream
from pielight.evaluation.downstream.description import Evaluator
from pielight.evaluation.downstream.face_detection import FaceEvaluator
from pielight.evaluation.downstream.segmentation import SegmentationEvaluator
from tests.evaluation.downstream.networks import save_segmenter, square_finder

MODULES = sorted(path.stem for path in Path(pielight.evaluation.downstream.__file__).parent.glob("[a-z]*.py"))


def test_downstream_tasks_need_the_core_alone() -> None:
    lines = ["import sys", "sys.modules |= dict.fromkeys(('scipy', 'skimage', 'torch'))"]
    lines += [f"import pielight.evaluation.downstream.{name}" for name in MODULES]
    assert {"datasets", "detector", "face_detection", "segmentation", "skin"} <= set(MODULES)
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


@pytest.mark.parametrize("kind", [FaceEvaluator, SegmentationEvaluator])
def test_an_evaluator_goes_to_other_processes(kind: type[Evaluator], tmp_path: Path) -> None:
    save = square_finder if kind is FaceEvaluator else save_segmenter
    evaluator = kind(save(tmp_path / "model.onnx"))  # type: ignore[call-arg]
    again = pickle.loads(pickle.dumps(evaluator))  # noqa: S301
    assert again == evaluator
    assert again.identity() == evaluator.identity()
    assert "model.onnx" in evaluator.description()
    assert evaluator.name in ("faces", "segmentation")
