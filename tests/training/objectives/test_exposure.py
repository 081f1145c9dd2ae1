"""A run of exposure maps: it learns, goes on bit for bit, and exports what inference runs; domains, and PIE's terms."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pielight import Enhancer
from pielight.errors import ConfigError, DataError, ModelError
from pielight.models import find
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.objectives.exposure_terms import TERMS
from pielight.training.objectives.objective import ignore
from pielight.training.recipe import read_recipe
from pielight.training.schema import (
    DomainConfig,
    ExposureConfig,
    ExposureDataConfig,
    ExposureLosses,
    OptimizerConfig,
    RawDarkeningConfig,
)
from pielight.training.trainer import StepReport, train

Make = Callable[..., ExposureConfig]


@pytest.fixture
def small(toy: Path) -> Make:
    def make(out: Path, **changes: Any) -> ExposureConfig:
        domain = DomainConfig(dark=(str(toy / "dark"),), well=(str(toy / "well"),))
        config = ExposureConfig(
            name="tiny", steps=4, out=str(out), batch=12, bank=4, width=0.25, vgg_weights="random",
            data=ExposureDataConfig(domains=(domain,), min_size=32),
            darkening=RawDarkeningConfig(versions=1),
            optimizer=OptimizerConfig(warmup_steps=2, ema_decay=0.9),
        )  # fmt: skip
        return dataclasses.replace(config, **changes)

    return make


def prepared(config: ExposureConfig) -> tuple[ExposureTraining, torch.nn.Module]:
    objective = ExposureTraining(config)
    torch.manual_seed(0)
    network = objective.build(ignore)
    objective.read(ignore)
    objective.prepare(network, ignore)
    return objective, network


def test_a_run_goes_on_bit_for_bit(small: Make, tmp_path: Path) -> None:
    seen: list[StepReport] = []
    train(small(tmp_path / "a"), seen.append, every=2)
    assert [progress.step for progress in seen] == [2, 4]
    assert set(seen[0].terms) == {"total", *TERMS}
    train(small(tmp_path / "b"), seen.append, stop_at=2)
    assert not (tmp_path / "b" / "tiny.json").exists()
    train(small(tmp_path / "b"), seen.append)
    first, second = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in "ab")
    for key, value in first["average"].items():
        assert torch.equal(value, second["average"][key])
    card = json.loads((tmp_path / "b" / "tiny.json").read_text())
    assert (card["well_pictures"], card["dark_pictures"]) == (6, 6)
    assert card["network"] == "exposure"
    assert str(tmp_path) not in json.dumps(card)
    assert "dark:\n    - dark\n" in card["config"]
    assert find(tmp_path / "a" / "tiny.onnx").verify()
    assert not (tmp_path / "b" / "preparation").exists()


def test_inference_runs_what_is_exported(small: Make, tmp_path: Path, toy: Path) -> None:
    train(small(tmp_path, steps=1), ignore)
    picture = np.asarray(Image.open(toy / "dark" / "000.png").convert("RGB"))
    found = Enhancer(tmp_path / "tiny.onnx")(picture)
    assert found.shape == picture.shape


def test_batches_follow_from_the_step(small: Make, tmp_path: Path) -> None:
    objective, _ = prepared(small(tmp_path))
    one, same, other = objective.draw(0), objective.draw(0), objective.draw(1)
    assert torch.equal(one.samples.thumbnails, same.samples.thumbnails)
    assert not torch.equal(one.samples.thumbnails, other.samples.thumbnails)
    assert (one.darkened, one.published, one.real) == (5, 3, 8)
    assert len(one.samples) == 12
    assert (one.samples.kind[:5] == 1).all()
    assert (one.samples.kind[8:] == 2).all()


def test_without_dark_pictures_physics_takes_their_place(small: Make, tmp_path: Path, toy: Path) -> None:
    objective, network = prepared(small(tmp_path, data=ExposureDataConfig(published=(str(toy / "well"),), min_size=32)))
    terms = objective.terms(network, objective.draw(0))
    assert set(terms) == set(TERMS) - {"brightness", "spread"}
    assert objective.samples(network).shape == (8, 3, 128, 64)


@pytest.mark.parametrize("role", ["published", "dark", "well", "fused"])
def test_a_folder_without_pictures_is_refused(role: str, small: Make, tmp_path: Path, toy: Path) -> None:
    (tmp_path / "none").mkdir()
    config = small(tmp_path / "run")
    folders = {"dark": (str(toy / "dark"),), "well": (str(toy / "well"),)}
    folders[role] = (*folders.get(role, ()), str(tmp_path / "none"))
    data = dataclasses.replace(config.data, published=folders.pop("published", ()), domains=(DomainConfig(**folders),))
    with pytest.raises(DataError, match=rf"none: no usable {'dark' if role == 'dark' else 'well'} picture; "):
        train(dataclasses.replace(config, data=data), ignore)


def test_two_domains_share_the_dark_pictures_of_a_step(small: Make, tmp_path: Path) -> None:
    config = small(tmp_path, batch=15)
    both = dataclasses.replace(config.data, domains=config.data.domains * 2)
    objective, network = prepared(dataclasses.replace(config, data=both))
    batch = objective.draw(0)
    assert [count for count, _ in batch.domains] == [2, 3]
    assert [len(rendered) for rendered, _ in objective.outputs(network, batch).by_domain()] == [2, 3]


def test_weights_of_0_leave_terms_out(small: Make, tmp_path: Path) -> None:
    losses = ExposureLosses(contrastive=0, feature_preservation=0)
    objective, network = prepared(small(tmp_path, losses=losses, vgg_weights=None))
    assert not {"contrastive", "feature_preservation"} & set(objective.terms(network, objective.draw(0)))


def test_every_term_is_a_cost_that_the_network_can_lower(small: Make, tmp_path: Path) -> None:
    objective, network = prepared(small(tmp_path))
    batch = objective.draw(0)
    objective.start_badly(network, batch)
    for name, term in objective.terms(network, batch).items():
        network.zero_grad()
        term.backward(retain_graph=True)
        assert term >= 0, name
        grown = sum(float(weight.grad.abs().sum()) for weight in network.parameters() if weight.grad is not None)
        assert grown > 0 or float(term.detach()) == 0, name


def test_features_are_asked_for(small: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="features names none"):
        ExposureTraining(small(tmp_path, vgg_weights=None)).build(ignore)


def test_folders_are_checked_first(small: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        ExposureTraining(small(tmp_path, data=ExposureDataConfig(published=("gone",)))).build(ignore)


def test_samples_can_be_shared_by_runs(small: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small(tmp_path / "a", steps=1)
    shared = dataclasses.replace(config, data=dataclasses.replace(config.data, cache=str(tmp_path / "cache")))
    train(shared, ignore)
    monkeypatch.setattr("pielight.training.data.exposure_samples._samples", None)  # is not called again
    train(dataclasses.replace(shared, out=str(tmp_path / "b"), losses=ExposureLosses(contrastive=0)), ignore)
    assert (tmp_path / "b" / "tiny.onnx").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data.domains=[{dark: a}]", "each needs well-exposed pictures"),
        ("data.domains=[{drak: a, well: b}]", r"unknown setting data\.domains\.0\.drak; did you mean"),
        ("losses.contrast=1", r"did you mean losses\.contrastive"),
        ("losses={inversion: 0, published: 0, brightness: 0}", "nothing says how bright"),
        ("darkening.stops=[-1, 1]", r"darkening\.stops: \[-1, 1\] should be at most 0"),
        ("width=0", "width: 0 should be between 0.1 and 8"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_recipe(None, ["recipe=exposure", change], ExposureConfig)


def test_domains_are_read() -> None:
    config = read_recipe(None, ["data.domains=[{dark: a, well: [b, c]}]", "data.published=d"], ExposureConfig)
    assert config.data.domains == (DomainConfig(("a",), ("b", "c")),)
    assert config.data.dark == ("a",)
    assert config.data.well == ("d", "b", "c")
