"""Import paths and arguments of earlier releases. Covers ``pielight._deprecated_enhancer``."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from PIL import Image

from pielight import _deprecated
from pielight.enhancer import Enhancer
from pielight.io.provenance import read_record

OWN_TASK = '''import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from pielight.train.config import Training
from pielight.train.export import onnx_bytes
from pielight.train.physics.noise import quantise
from pielight.train.physics.random import uniform
from pielight.train.render import render
from pielight.train.tasks.task import Task
from pielight.train.terms import consistent, contrasted, inverted, preserved, smooth

ABSORBED = torch.tensor([0.6, 0.12, 0.06]).view(1, 3, 1, 1)  # of red, green and blue light, a meter of clear sea
VEIL = torch.tensor([0.02, 0.25, 0.3]).view(1, 3, 1, 1)  # the water's own light


def dive(pictures: Tensor, meters: tuple[float, float], generator: Generator) -> Tensor:
    """Sink pictures: ``I_c = J_c exp(-a_c d) + V_c (1 - exp(-a_c d / 3))`` at a depth of d meters."""
    depth = uniform((len(pictures), 1, 1, 1), *meters, generator)
    sunk = pictures * torch.exp(-ABSORBED * depth) + VEIL * (1 - torch.exp(-ABSORBED * depth / 3))
    return quantise(sunk.clamp(0, 1))


def spoil(pictures: Tensor, labels: Tensor, _config: Training, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return sunk pictures, and the pictures as what should come back."""
    return dive(pictures, (0.0, 5.0), generator), F.interpolate(pictures, labels.shape[-2:], mode="area")


UNDERWATER = Task(
    name="underwater",
    spoil=spoil,
    negatives=(
        lambda pictures, _labels, _config, generator: dive(pictures, (1.0, 2.0), generator),
        lambda pictures, _labels, _config, generator: dive(pictures, (4.0, 6.0), generator),
    ),
    build=lambda config: nn.Sequential(nn.Conv2d(3, 12, 8, stride=8), nn.Tanh()),
    render=render,
    encode=lambda network, config: onnx_bytes(network, config.data.size),
    terms={
        "inversion": inverted, "contrast": contrasted, "features": preserved, "regional": consistent,
        "smoothness": smooth,
    },
    defaults={"name": "underwater", "out": "runs/underwater", "losses": {"smoothness": 1.0}},
)  # fmt: skip
'''


@pytest.mark.parametrize("path", _deprecated.MOVED)
def test_each_former_name_is_the_new_one_and_warns(path: str) -> None:
    module = importlib.import_module(path)
    for name, target in _deprecated.MOVED[path].items():
        with pytest.warns(DeprecationWarning, match=rf"{path}.{name} is now pielight\."):
            former = getattr(module, name)
        home, _, attribute = target.partition(":")
        now = getattr(importlib.import_module(home), attribute or name)
        assert former is now or callable(_deprecated._ADAPTED[f"{path}.{name}"])


def test_a_snippet_of_the_previous_documentation() -> None:
    lines = [
        f"from {path} import {', '.join(names)}" for path, names in _deprecated.MOVED.items() if "joint" not in path
    ]
    lines.append("import pielight.downstream.darkness as old; print(old.Darkness(ev=3).ev, evidence.__name__)")
    code = "\n".join(line for line in lines if ".train." not in line)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "3 detection_state\n"


def test_a_former_configuration_of_joint_training_is_read() -> None:
    with pytest.warns(DeprecationWarning, match="read_recipe"):
        read_joint = importlib.import_module("pielight.joint.config").read_joint
    assert read_joint(None, ["steps=10", "train=both"]).train == "both"


@pytest.mark.parametrize("code", ["from pielight.downstream.darkness import Dark", "import pielight.downstream.nothing",
                                  "from pielight.evaluate import Figure"])  # fmt: skip
def test_what_the_documentation_never_showed_is_not_there(code: str) -> None:
    with pytest.raises(ImportError):
        exec(code)


def test_former_modules_load_nothing() -> None:
    code = "import sys, pielight, pielight.train.tasks.task; print([n for n in ('numpy', 'torch') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_task_file_of_the_previous_documentation_is_read_and_trained(tmp_path: Path) -> None:
    from pielight.training import RestorationTask, read_train_config
    from pielight.training.objectives.restoration import check_task, find_task

    own = tmp_path / "underwater.py"
    own.write_text(OWN_TASK)
    with pytest.warns(DeprecationWarning, match="pielight.train.tasks.task.Task is now"):
        task = find_task(f"{own}:UNDERWATER")
    assert isinstance(task, RestorationTask)
    assert (task.inference_task, task.defaults["losses"]) == ("brighten", {"curve_smoothness": 1.0})
    assert {"contrastive", "feature_preservation", "regional_consistency"} < set(task.terms)
    with pytest.warns(DeprecationWarning, match="losses.contrast is now"):
        config = read_train_config(None, [f"task={own}:UNDERWATER", "losses.contrast=0", "steps=2"])
    check_task(config)
    assert config.losses.curve_smoothness == 1.0
    network = task.build(config)
    assert task.encode(network.eval(), config)[:1] == b"\x08"


def test_an_import_of_a_former_name_warns_once() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec("from pielight.evaluate.metrics import METRICS")
        exec("from pielight.train.physics.noise import quantise")
    assert [str(warning.message).split()[0] for warning in caught] == [
        "pielight.evaluate.metrics.METRICS", "pielight.train.physics.noise.quantise",
    ]  # fmt: skip


def test_a_former_metric_of_faces_is_computed() -> None:
    with pytest.warns(DeprecationWarning, match="face_metrics"):
        figures = importlib.import_module("pielight.downstream.detection").figures
    with pytest.warns(DeprecationWarning, match="use compute"):
        assert figures(score=0.5, least=0.5)["recall"].of([((2.0,), (0.9, 0.6), (1.0, 0.0))]) == 0.5


def test_the_methods_of_an_enhancer_work_as_they_did(tmp_path: Path) -> None:
    from pielight.options import EnhanceOptions

    with pytest.warns(DeprecationWarning, match="SaveOptions"):
        options = importlib.import_module("pielight.files").FileOptions(quality=70)
    enhancer, source, target = Enhancer(threads=1), tmp_path / "photo.jpg", tmp_path / "w.jpg"
    Image.new("RGB", (40, 30), (20, 30, 40)).save(source)
    assert enhancer.record() == enhancer.record(EnhanceOptions())
    with pytest.warns(DeprecationWarning, match=r"use record\(EnhanceOptions\(strength, ...\)\)"):
        assert enhancer.record(0.5) == enhancer.record(EnhanceOptions(0.5))
    with pytest.warns(DeprecationWarning, match="record"):
        former = enhancer.record(0.5, 0.3, denoise="auto", quality=30)
    assert former == enhancer.record(EnhanceOptions(0.5, 0.3, "auto"), quality=30)
    with pytest.warns(DeprecationWarning, match="use enhance_and_save"):
        assert enhancer.write(source, target).path == target
    with pytest.warns(DeprecationWarning, match="use enhance_and_save"):
        enhancer.write(source, target, 0.5, 0.5, denoise=0.5, options=options)
    record = read_record(target)
    assert record is not None
    assert record.has_same_options(enhancer.record(EnhanceOptions(0.5, 0.5, 0.5), 70))
    with pytest.warns(DeprecationWarning, match="use enhance_file"):
        assert enhancer.file(source, target, 0.5) == ""
    with pytest.warns(DeprecationWarning, match="use enhance_bytes"):
        data, note = enhancer.encoded(source.read_bytes(), 0.5, quality=30)
    assert (data, note) == enhancer.enhance_bytes(source.read_bytes(), EnhanceOptions(0.5), quality=30)
