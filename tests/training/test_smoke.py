"""The smoke run: sound terms fall on any machine and seed, and a broken one is found."""

from __future__ import annotations

import copy
import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import pielight.training.objectives.darkness
from pielight.errors import ModelError
from pielight.training.data.train_context import Material, prepare, read_pictures
from pielight.training.networks.dce_net import build
from pielight.training.networks.denoise_net import DenoiseNet
from pielight.training.objectives import denoise_smoke as denoising
from pielight.training.objectives import find_task
from pielight.training.objectives.task import Step, Term
from pielight.training.overfit import Verdict
from pielight.training.recipe import read_train_config
from pielight.training.schema import DenoiseConfig, ExposureEstimatorConfig, LatticeConfig, LossWeights, TrainConfig
from pielight.training.smoke import judge_terms, smoke, start_badly, toy_settings, trained_soundly
from pielight.training.steps import Progress

_STEPS = 6
_ALL = (
    "losses.brightness_triplet=1",
    "losses.color_constancy=1",
    "losses.feature_preservation=1",
    "losses.contrastive=1",
)
Scene = tuple[nn.Module, TrainConfig, Material]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the pictures are too small for a second thread to help
    yield
    torch.set_num_threads(threads)


def scene(folder: Path, *changes: str) -> Scene:
    """Return what the terms of a task are judged with, smaller than in a smoke run."""
    trial = toy_settings(folder, read_train_config(None, changes), 2)
    trial = dataclasses.replace(
        trial, bank=4, pairs=4, feature_batch=1, dark_batch=2, well_batch=2,
        exposure_estimator=ExposureEstimatorConfig(steps=10, batch=2),
        data=dataclasses.replace(trial.data, size=32, loss_size=32),
    )  # fmt: skip
    torch.manual_seed(trial.seed)
    network = find_task(trial.task).build(trial)
    cpu = torch.device("cpu")
    return network, trial, prepare(trial, read_pictures(trial, cpu, lambda _: None), cpu, lambda _: None)


@pytest.fixture(scope="module")
def darkness(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene(tmp_path_factory.mktemp("darkness"), *_ALL)


def faults(judged: Scene) -> dict[str, str]:
    return {verdict.term: verdict.fault for verdict in judge_terms(*judged, steps=_STEPS)}


def test_every_term_of_darkness_falls(darkness: Scene) -> None:
    found = faults(darkness)
    assert list(found) == [*find_task("brighten").terms, "total"]
    assert not any(found.values())


@pytest.mark.parametrize(("task", "seed"), [("dehaze", 2), ("derain", 0), ("brighten", 1)])
def test_terms_fall_for_every_task_and_seed(task: str, seed: int, tmp_path: Path) -> None:
    assert not any(faults(scene(tmp_path, f"task={task}", f"seed={seed}")).values())


def test_terms_fall_with_other_arithmetic(darkness: Scene) -> None:
    network, config, material = darkness
    cheap = dataclasses.replace(
        config, losses=dataclasses.replace(config.losses, contrastive=0.0, feature_preservation=0.0)
    )
    other = copy.deepcopy(network)
    with torch.no_grad():
        for weight in other.parameters():
            weight *= 1 + 1e-6 * torch.randn_like(weight)
    with warnings.catch_warnings(action="ignore"), torch.backends.mkldnn.flags(enabled=False):
        assert not any(faults((other, cheap, material)).values())


def zero_gradient(cost: Tensor) -> Tensor:
    return cost.detach()


def wrong_sign(cost: Tensor) -> Tensor:
    return -cost


def wrong_gradient(cost: Tensor) -> Tensor:
    return 2 * cost.detach() - cost


def constant(cost: Tensor) -> Tensor:
    return 0 * cost + 1


def no_number(cost: Tensor) -> Tensor:
    return cost * math.nan


def no_gradient(cost: Tensor) -> Tensor:
    return cost + (cost - cost.detach()).sqrt()  # 0, whose slope is infinite


@pytest.mark.parametrize("name", list(find_task("brighten").terms))
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [(zero_gradient, "DOES NOT FALL"), (wrong_sign, "IS NEGATIVE"), (wrong_gradient, "DOES NOT FALL"),
     (constant, "DOES NOT FALL"), (no_number, "IS NO NUMBER"), (no_gradient, "DOES NOT FALL")],
)  # fmt: skip
def test_a_broken_term_is_found(
    name: str, spoil: Callable[[Tensor], Tensor], fault: str, darkness: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, config, material = darkness
    sound = find_task("brighten")

    def broken(step: Step) -> Tensor | None:
        cost = sound.terms[name](step)
        return None if cost is None else spoil(cost)

    terms: dict[str, Term] = {name: broken}
    task = dataclasses.replace(sound, terms=terms)
    monkeypatch.setattr(pielight.training.objectives.darkness, "DARKNESS", task)
    weights = LossWeights(
        **dict.fromkeys((item.name for item in dataclasses.fields(LossWeights) if item.name in sound.terms), 0)
    )
    alone = dataclasses.replace(config, losses=dataclasses.replace(weights, **{name: 1.0}))
    assert faults((network, alone, material)) == {name: fault, "total": fault}


def test_a_broken_loss_of_the_denoiser_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DenoiseConfig(batch=2, patch_size=16)
    pictures = [torch.randint(256, (3, 32, 32), dtype=torch.uint8)]
    torch.manual_seed(0)
    network, losses = DenoiseNet(), denoising.losses

    def judged() -> dict[str, str]:
        return {verdict.term: verdict.fault for verdict in denoising.judge_terms(network, config, pictures, _STEPS)}

    assert judged() == dict.fromkeys(("error", "color", "detail", "total"), "")
    for name in ("error", "color", "detail"):
        for spoil in (zero_gradient, wrong_sign, wrong_gradient, constant, no_number):
            monkeypatch.setattr(
                denoising, "losses",
                lambda network, batch, name=name, spoil=spoil: (
                    (terms := losses(network, batch)) | {name: spoil(terms[name])}
                ),
            )  # fmt: skip
            assert judged()[name], (name, spoil)


def test_smoke_trains_and_exports(tmp_path: Path) -> None:
    weights = LossWeights(contrastive=0.0, feature_preservation=0.0, exposure=0.0)
    settings = TrainConfig(lattice=LatticeConfig(iterations=4, channels=1, cell=16, width=0.25), losses=weights)
    steps: list[int] = []
    found = list(smoke(tmp_path, settings, lambda progress: steps.append(progress.step), steps=3))
    assert "cast_smoothness" not in {verdict.term for verdict in found}  # it is 0 and cannot fall
    assert found[-1].term == "total"
    assert steps == [1, 2, 3]
    assert "lattice:\n  iterations: 4\n" in (tmp_path / "run" / "config.yaml").read_text()
    assert (tmp_path / "run" / "smoke.onnx").exists()


def test_denoising_smoke_trains_and_exports(tmp_path: Path) -> None:
    found = list(denoising.smoke(tmp_path, DenoiseConfig(), lambda _: None, steps=2))
    assert [verdict.fault for verdict in found] == ["", "", "", ""]
    assert (tmp_path / "run" / "smoke.onnx").exists()


def test_skipped_steps_are_an_error() -> None:
    def run(note: Callable[[Progress], None]) -> Path:
        note(Progress(2, 2, {}, 0.0, 1))
        return Path()

    with pytest.raises(ModelError, match="1 steps of the training were skipped"):
        trained_soundly(run, lambda _: None)


def test_faults() -> None:
    assert not Verdict("a", 2.0, 1.0).fault
    assert Verdict("a", 1.0, 0.9999).fault == "DOES NOT FALL"
    assert Verdict("a", 0.0, 0.0).fault == "DOES NOT FALL"
    assert Verdict("a", 1.0, math.nan).fault == "IS NO NUMBER"
    assert Verdict("a", 1.0, -1.0).fault == "IS NEGATIVE"


@pytest.mark.parametrize(
    ("name", "lattice"),
    [
        ("lattice", None),
        ("lattice", LatticeConfig(channels=1)),
        ("lattice", LatticeConfig(iterations=4)),
        ("dcenet", None),
    ],
)
def test_a_bad_start_is_loud_and_too_bright(name: str, lattice: LatticeConfig | None) -> None:
    torch.manual_seed(0)
    pictures = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.3
    network = build(name, lattice)
    with torch.no_grad():
        calm = network(pictures)
        start_badly(network, pictures)
        loud = network(pictures)
    assert calm.std() < 0.02
    assert loud.std() > 0.2
    assert loud.mean() < -0.2
    assert loud.abs().max() <= 1
