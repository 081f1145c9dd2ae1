"""Names of the previous release: every one reads to the value that it had, with a warning."""

from __future__ import annotations

import dataclasses
import json
import typing
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pielight.errors import ConfigError, RenamedWarning
from pielight.models import find
from pielight.training.checkpoint import prepare_run_dir
from pielight.training.export.model_files import stored_settings
from pielight.training.recipe import read_recipe, read_train_config
from pielight.training.schema import DenoiseConfig, ExposureConfig, JointConfig, OptimizerConfig, TrainConfig
from pielight.training.schema.config_file import plain, read_values, validate, with_changes
from pielight.training.schema.renamed import ADDED, RENAMED, RENAMED_VALUES, with_new_names

OLD = sorted((Path(__file__).parent / "previous_release").glob("*.yaml"))
"""Every setting of the previous release, with values that are no defaults; ``this_release`` holds the same under new
names, in the same order."""
KINDS = {"train": TrainConfig, "denoise": DenoiseConfig, "joint": JointConfig}


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def new_settings(path: Path) -> dict[str, Any]:
    return dict(leaves(read_values(path.parents[1] / "this_release" / path.name)))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_every_old_setting_reads_to_its_value(path: Path) -> None:
    old = list(leaves(read_values(path)))
    with pytest.warns(RenamedWarning) as warned:
        config = read_recipe(path, (), KINDS[path.stem])
    new = new_settings(path)
    found = dict(leaves(plain(config)))
    assert {name for name in found if name not in new} <= {name for name in found if name.split(".")[-1] in ADDED}
    assert new == {name: found[name] for name in new}
    values = [RENAMED_VALUES[TrainConfig, "task"].get(value, value) if key == "task" else value for key, value in old]
    assert list(new.values()) == values
    renamed = {before: after for (before, _), after in zip(old, new, strict=True) if before != after}
    assert renamed["optimiser.rate"] == "optimizer.lr"
    assert len(renamed) >= 13
    messages = " ".join(str(warning.message) for warning in warned)
    for before, after in renamed.items():
        for old_part, new_part in zip(before.split("."), after.split("."), strict=True):
            assert old_part == new_part or f"{old_part} is now " in messages


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_every_old_setting_can_be_set(path: Path) -> None:
    kind = KINDS[path.stem]
    expected = dict(zip((key for key, _ in leaves(read_values(path))), new_settings(path), strict=True))
    defaults = dict(leaves(plain(kind())))
    for old, new in expected.items():
        value = defaults[new]
        if old == new:
            continue
        change = f"{old}={json.dumps(value)}"
        with pytest.warns(RenamedWarning):
            assert with_changes(kind(), [change]) == kind(), old


def test_the_table_is_of_settings_that_are_there() -> None:
    for kind, names in RENAMED.items():
        there = set(typing.get_type_hints(kind))
        assert set(names.values()) <= there
        assert not set(names) & there, "an old name that is taken again would change its meaning in silence"
        assert len(set(names.values())) == len(names)


def test_new_names_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_train_config(None, ["optimizer.lr=1e-4", "task=dehaze"]).optimizer.lr == 1e-4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("optimiser.average=0.5", "optimiser is now optimizer"),
        ("optimizer.average=0.5", "optimizer.average is now optimizer.ema_decay"),
        ("optimiser={average: 0.5}", "optimizer.average is now optimizer.ema_decay"),
        ("losses.contrast=0.5", "losses.contrast is now losses.contrastive"),
        ("task=haze", "task: haze is now dehaze"),
    ],
)
def test_the_warning_names_both(change: str, said: str) -> None:
    with pytest.warns(RenamedWarning, match=said):
        read_train_config(None, [change])


def test_a_change_by_the_old_name_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("optimizer: {lr: 0.1, ema_decay: 0.5}\n")
    with pytest.warns(RenamedWarning):
        config = read_train_config(tmp_path / "c.yaml", ["optimiser.rate=0.2"])
    assert config.optimizer == OptimizerConfig(lr=0.2, ema_decay=0.5)


def test_one_setting_by_two_names_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^optimizer\.rate is the old name of optimizer\.lr: keep one of them$"):
        with_new_names(TrainConfig, {"optimizer": {"rate": 1, "lr": 2}}, warn=False)


def test_what_is_no_setting_stays() -> None:
    assert with_new_names(TrainConfig, {1: 2, None: 3, "x": {"rate": 1}, "data": 3}) == {
        1: 2, None: 3, "x": {"rate": 1}, "data": 3,
    }  # fmt: skip


def test_every_section_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        OptimizerConfig().lr = 2.0  # type: ignore[misc]


def test_settings_stored_in_shipped_models_are_read_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings = [stored_settings(find(name).path.with_suffix(".safetensors")) for name in ("pie", "free")]
    assert all({"training_data", "license", "optimizer"} <= set(one) for one in settings)


def test_a_run_of_the_previous_release_goes_on(tmp_path: Path) -> None:
    config = validate(TrainConfig, read_values(OLD[-1]), warn=False)
    (tmp_path / "config.yaml").write_text(OLD[-1].read_text())
    (tmp_path / "checkpoint.pt").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert prepare_run_dir(tmp_path, dataclasses.replace(config, out=str(tmp_path))) == tmp_path / "checkpoint.pt"
    assert "optimizer:" in (tmp_path / "config.yaml").read_text()


def test_settings_that_are_gone_are_left_out_and_told() -> None:
    values = {"pairs": 16, "bank": 4, "losses": {"profile": 0.0, "spread": 1.0}}
    with pytest.warns(RenamedWarning) as warned:
        assert with_new_names(ExposureConfig, values) == {"bank": 4, "losses": {"spread": 1.0}}
    assert [str(one.message) for one in warned] == [
        "pairs is gone and has no effect", "losses.profile is gone and has no effect",
    ]  # fmt: skip
    assert with_new_names(ExposureConfig, values, warn=False) == {"bank": 4, "losses": {"spread": 1.0}}
