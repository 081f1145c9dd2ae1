"""Checkpoints: whole or not at all, and read without running code."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
import torch
from click.testing import CliRunner

from pielight.cli import main
from pielight.errors import ConfigError, ModelError
from pielight.training.checkpoint import State, prepare_run_dir, read_checkpoint, save_checkpoint
from pielight.training.schema import DenoiseConfig, TrainConfig
from pielight.training.schema.config_file import as_yaml


class Code:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch pwned",)


def state() -> State:
    weights = {"a": torch.tensor([1.0, 1e-40])}
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]).state_dict()
    return State(3, 1, 2.5, weights, {"a": torch.zeros(2)}, optimizer, {"commit": "abc"})


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state())
    found = read_checkpoint(path)
    assert (found.step, found.skipped, found.seconds, found.facts) == (3, 1, 2.5, {"commit": "abc"})
    assert torch.equal(found.network["a"], state().network["a"])
    assert found.optimizer == state().optimizer
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state())
    before = path.read_bytes()

    def full(_: object, file: BinaryIO) -> None:
        file.write(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0\nmore")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(ModelError, match=r"checkpoint.pt: cannot be written \(PytorchStreamWriter[^\n]*\)$"):
        save_checkpoint(path, state())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other", "code"])
def test_damaged(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state())
    if damage in ("other", "code"):
        torch.save({"step": 1} if damage == "other" else Code(), path)
    else:
        path.write_bytes({"cut": path.read_bytes()[:-200], "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(ModelError, match=r"checkpoint.pt: damaged checkpoint \(\w+\); remove it to start over"):
        read_checkpoint(path)
    assert not Path("pwned").exists()


def test_a_folder_that_tensorboard_could_not_name(tmp_path: Path, tiny: Callable[..., TrainConfig]) -> None:
    run = tmp_path / "caf\udce9"
    with pytest.raises(ConfigError, match=r"caf\?: no UTF-8 name, which TensorBoard needs; set another out"):
        prepare_run_dir(run, tiny(run))
    assert not run.exists()


def test_claim(tmp_path: Path, tiny: Callable[..., TrainConfig]) -> None:
    run = tmp_path / "a" / "run"
    path = prepare_run_dir(run, tiny(run))
    assert not path.exists()
    prepare_run_dir(run, tiny(run, seed=1))  # without a checkpoint there is nothing to mix up
    path.touch()
    prepare_run_dir(run, tiny(tmp_path, seed=1, checkpoint_minutes=1.0))
    with pytest.raises(ConfigError, match=r"run: holds a run with other settings \(seed, steps\)"):
        prepare_run_dir(run, tiny(run, seed=2, steps=7))
    (run / "config.yaml").write_text("steps: [")
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be read as YAML"):
        prepare_run_dir(run, tiny(run))


def test_settings_that_somebody_wrote_are_not_replaced(tmp_path: Path, tiny: Callable[..., TrainConfig]) -> None:
    mine = tmp_path / "config.yaml"
    mine.write_text("steps: 7  # mine\n")
    with pytest.raises(ConfigError, match=r"config\.yaml: is there already, and no run of this kind wrote it"):
        prepare_run_dir(tmp_path, tiny(tmp_path))
    assert mine.read_text() == "steps: 7  # mine\n"
    mine.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="no run of this kind"):
        prepare_run_dir(tmp_path, tiny(tmp_path))


def test_a_checkpoint_without_its_settings_is_refused(tmp_path: Path, tiny: Callable[..., TrainConfig]) -> None:
    prepare_run_dir(tmp_path, tiny(tmp_path)).touch()
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(ConfigError, match=r": holds a checkpoint, but not its config.yaml; bring.*out$"):
        prepare_run_dir(tmp_path, tiny(tmp_path, seed=1))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize(("first", "then"), [("curves", "denoise"), ("denoise", "curves")])
def test_a_run_of_another_kind_is_refused_before_anything_is_read(first: str, then: str, tmp_path: Path) -> None:
    kinds = {"curves": TrainConfig(), "denoise": DenoiseConfig()}
    prepare_run_dir(tmp_path / "run", kinds[first]).touch()
    (tmp_path / "c.yaml").write_text(as_yaml(kinds[then]))
    words = ["train", str(tmp_path / "c.yaml"), "--well", str(tmp_path / "gone"), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    said = f"Error: {tmp_path / 'run'}: holds a run of another kind ({first}, not {then}); set another out"
    assert done.stderr.splitlines()[-1] == said


def test_settings_of_another_version_name_their_file(tmp_path: Path, tiny: Callable[..., TrainConfig]) -> None:
    prepare_run_dir(tmp_path, tiny(tmp_path)).touch()
    with (tmp_path / "config.yaml").open("a") as file:
        file.write("gone: 1\n")
    with pytest.raises(ConfigError, match=r"config.yaml: unknown setting gone; .*; set another out$"):
        prepare_run_dir(tmp_path, tiny(tmp_path))


def test_settings_are_written_whole_or_not_at_all(
    tmp_path: Path, tiny: Callable[..., TrainConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = prepare_run_dir(tmp_path, tiny(tmp_path))
    path.touch()
    before = (tmp_path / "config.yaml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be written \(No space left on device\); set another"):
        prepare_run_dir(tmp_path, tiny(tmp_path, checkpoint_minutes=1.0))
    assert (tmp_path / "config.yaml").read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"config.yaml", "checkpoint.pt"}


def test_a_checkpoint_of_an_earlier_release_is_not_called_damaged(tmp_path: Path) -> None:
    torch.save({"step": 3, "optimiser": {}}, tmp_path / "checkpoint.pt")  # codespell:ignore optimiser
    with pytest.raises(ModelError, match="written by an earlier release; remove it to start over"):
        read_checkpoint(tmp_path / "checkpoint.pt")
