"""The smoke run: sound terms fall on any machine and seed, and a broken one is found."""

from __future__ import annotations

import copy
import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.training.data.bank import Exposures
from pielight.training.networks.dce_net import DCENet
from pielight.training.networks.denoise_net import DenoiseNet
from pielight.training.objectives.denoise import Denoise
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.objectives.exposure_terms import TERMS
from pielight.training.objectives.objective import ignore
from pielight.training.objectives.restoration import Batch, Restoration, find_task
from pielight.training.objectives.restoration_task import StepOutputs
from pielight.training.recipe import read_train_config
from pielight.training.schema import (
    DenoiseConfig,
    ExposureConfig,
    LossWeights,
    TrainConfig,
)
from pielight.training.smoke import Verdict, check_terms, smoke, trained_soundly
from pielight.training.trainer import StepReport

_STEPS = 6
_ALL = (
    "losses.brightness_triplet=1",
    "losses.color_constancy=1",
    "losses.feature_preservation=1",
    "losses.contrastive=1",
)
Scene = tuple[nn.Module, Restoration]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the pictures are too small for a second thread to help
    yield
    torch.set_num_threads(threads)


def scene(folder: Path, *changes: str) -> Scene:
    """Return what the terms of a task are judged with, smaller than in a smoke run."""
    trial = Restoration(read_train_config(None, changes)).toy(folder, 2).config
    trial = dataclasses.replace(
        trial, bank=4, pairs=4, feature_batch=1, dark_batch=2, well_batch=2,
        data=dataclasses.replace(trial.data, size=32, loss_size=32),
    )  # fmt: skip
    objective = Restoration(trial)
    torch.manual_seed(trial.seed)
    network = objective.build(ignore)
    objective.read(ignore)
    objective.prepare(network, ignore)
    return network, objective


@pytest.fixture(scope="module")
def brighten(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene(tmp_path_factory.mktemp("brighten"), *_ALL)


def faults(judged: Scene) -> dict[str, str]:
    return {verdict.term: verdict.fault for verdict in check_terms(*judged, steps=_STEPS)}


def test_every_term_of_brightening_falls(brighten: Scene) -> None:
    found = faults(brighten)
    assert list(found) == [*find_task("brighten").terms, "total"]
    assert not any(found.values())


@pytest.mark.parametrize(("task", "seed"), [("dehaze", 2), ("derain", 0), ("brighten", 1)])
def test_terms_fall_for_every_task_and_seed(task: str, seed: int, tmp_path: Path) -> None:
    assert not any(faults(scene(tmp_path, f"task={task}", f"seed={seed}")).values())


def test_terms_fall_with_other_arithmetic(brighten: Scene) -> None:
    network, objective = brighten
    config = objective.config
    cheap = dataclasses.replace(
        config, losses=dataclasses.replace(config.losses, contrastive=0.0, feature_preservation=0.0)
    )
    other = copy.deepcopy(network)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in other.parameters():
            weight *= 1 + 1e-6 * torch.randn_like(weight)
    with warnings.catch_warnings(action="ignore"), torch.backends.mkldnn.flags(enabled=False):
        assert not any(faults((other, Restoration(cheap, objective.context))).values())


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
    ("breaks", "fault"),
    [(zero_gradient, "DOES NOT FALL"), (wrong_sign, "IS NEGATIVE"), (wrong_gradient, "DOES NOT FALL"),
     (constant, "DOES NOT FALL"), (no_number, "IS NO NUMBER"), (no_gradient, "DOES NOT FALL")],
)  # fmt: skip
def test_a_broken_term_is_found(name: str, breaks: Callable[[Tensor], Tensor], fault: str, brighten: Scene) -> None:
    network, sound = brighten

    def broken(step: StepOutputs) -> Tensor | None:
        cost = sound.task.terms[name](step)
        return None if cost is None else breaks(cost)

    names = (item.name for item in dataclasses.fields(LossWeights) if item.name in sound.task.terms)
    weights = dataclasses.replace(LossWeights(**dict.fromkeys(names, 0.0)), **{name: 1.0})
    alone = Restoration(dataclasses.replace(sound.config, losses=weights), sound.context)
    alone.task = dataclasses.replace(sound.task, terms={name: broken})
    verdicts = check_terms(network, alone, _STEPS)
    found = next(verdicts)
    assert (found.term, found.fault) == (name, fault)
    if name == "inversion":  # the total of one term is that term
        assert [(verdict.term, verdict.fault) for verdict in verdicts] == [("total", fault)]


def test_a_broken_loss_of_the_denoiser_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = Denoise(DenoiseConfig(batch=2, patch_size=16), [torch.randint(256, (3, 32, 32), dtype=torch.uint8)])
    torch.manual_seed(0)
    network, terms = DenoiseNet(), Denoise.terms

    def judged() -> dict[str, str]:
        return {verdict.term: verdict.fault for verdict in check_terms(network, objective, _STEPS)}

    assert judged() == dict.fromkeys(("error", "color", "detail", "total"), "")
    for name in ("error", "color", "detail"):
        for breaks in (zero_gradient, wrong_sign, wrong_gradient, constant, no_number):

            def broken(self: Denoise, network: nn.Module, batch: Any, only: Any = None) -> dict[str, Tensor]:
                sound = terms(self, network, batch, only)
                return sound | {name: breaks(sound[name])}  # noqa: B023 - it is used in this turn alone

            monkeypatch.setattr(Denoise, "terms", broken)
            assert judged()[name], (name, breaks)


def test_smoke_trains_and_exports(tmp_path: Path) -> None:
    weights = LossWeights(contrastive=0.0, feature_preservation=0.0, regional_consistency=0.0, color_constancy=0.0)
    settings = TrainConfig(losses=weights)
    steps: list[int] = []
    found = list(smoke(tmp_path, settings, lambda progress: steps.append(progress.step), steps=3))
    assert "contrastive" not in {verdict.term for verdict in found}  # it is 0 and cannot fall
    assert found[-1].term == "total"
    assert steps == [1, 2, 3]
    assert "task: brighten\n" in (tmp_path / "run" / "config.yaml").read_text()
    assert (tmp_path / "run" / "smoke.onnx").exists()


def test_denoising_smoke_trains_and_exports(tmp_path: Path) -> None:
    found = list(smoke(tmp_path, DenoiseConfig(), lambda _: None, steps=2))
    assert [verdict.fault for verdict in found] == ["", "", "", ""]
    assert (tmp_path / "run" / "smoke.onnx").exists()


def test_skipped_steps_are_an_error() -> None:
    def run(note: Callable[[StepReport], None]) -> Path:
        note(StepReport(2, 2, {}, 0.0, 1))
        return Path()

    with pytest.raises(ModelError, match="1 steps of the training were skipped"):
        trained_soundly(run, lambda _: None)


def test_faults() -> None:
    assert not Verdict("a", 2.0, 1.0).fault
    assert Verdict("a", 1.0, 0.9999).fault == "DOES NOT FALL"
    assert Verdict("a", 0.0, 0.0).fault == "DOES NOT FALL"
    assert Verdict("a", 1.0, math.nan).fault == "IS NO NUMBER"
    assert Verdict("a", 1.0, -1.0).fault == "IS NEGATIVE"


def test_a_bad_start_is_loud_and_too_bright() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.3
    network = DCENet()
    with torch.no_grad():
        calm = network(pictures)
        unused = Exposures([], pictures)
        Restoration(TrainConfig()).start_badly(network, Batch(*[pictures] * 4, unused, unused))
        loud = network(pictures)
    assert calm.std() < 0.02
    assert loud.std() > 0.2
    assert loud.mean() < -0.2
    assert loud.abs().max() <= 1


def test_every_term_of_exposure_maps_is_sound(tmp_path: Path) -> None:
    objective = ExposureTraining(ExposureConfig(width=0.5)).toy(tmp_path, 2)
    torch.manual_seed(0)
    network = objective.build(ignore)
    objective.read(ignore)
    objective.prepare(network, ignore)
    found = list(check_terms(network, objective, 4))
    assert {verdict.term for verdict in found} == {*TERMS, "total"}
    assert [verdict for verdict in found if verdict.fault] == []
