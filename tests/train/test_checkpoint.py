"""Checkpoints: whole or not at all, and read without running code."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pielight.errors import ConfigError, ModelError
from pielight.train.checkpoint import State, claim, restore, save
from pielight.train.config import Training


class Code:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch pwned",)


def state() -> State:
    weights = {"a": torch.tensor([1.0, 1e-40])}
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]).state_dict()
    return State(3, 1, 2.5, weights, {"a": torch.zeros(2)}, optimiser, {"commit": "abc"})


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save(path, state())
    found = restore(path)
    assert (found.step, found.skipped, found.seconds, found.facts) == (3, 1, 2.5, {"commit": "abc"})
    assert torch.equal(found.network["a"], state().network["a"])
    assert found.optimiser == state().optimiser
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    save(path, state())
    before = path.read_bytes()

    def full(_: object, partial: Path) -> None:
        partial.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0\nmore")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(ModelError, match=r"checkpoint.pt: cannot be written \(PytorchStreamWriter[^\n]*\)$"):
        save(path, state())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other", "code"])
def test_damaged(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "checkpoint.pt"
    save(path, state())
    if damage in ("other", "code"):
        torch.save({"step": 1} if damage == "other" else Code(), path)
    else:
        path.write_bytes({"cut": path.read_bytes()[:-200], "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(ModelError, match=r"checkpoint.pt: damaged checkpoint \(\w+\); remove it to start anew"):
        restore(path)
    assert not Path("pwned").exists()


def test_claim(tmp_path: Path, tiny: Callable[..., Training]) -> None:
    run = tmp_path / "a" / "run"
    path = claim(run, tiny(run))
    assert not path.exists()
    claim(run, tiny(run, seed=1))  # without a checkpoint there is nothing to mix up
    path.touch()
    claim(run, tiny(tmp_path, seed=1, checkpoint_minutes=1.0))
    with pytest.raises(ConfigError, match=r"run: holds a run with other settings \(seed, steps\)"):
        claim(run, tiny(run, seed=2, steps=7))
    (run / "config.yaml").write_text("steps: [")
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be read as YAML"):
        claim(run, tiny(run))


def test_a_checkpoint_without_its_settings_is_refused(tmp_path: Path, tiny: Callable[..., Training]) -> None:
    claim(tmp_path, tiny(tmp_path)).touch()
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(ConfigError, match=r"checkpoint.pt: its settings are unknown without config.yaml; bring.*out$"):
        claim(tmp_path, tiny(tmp_path, seed=1))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_settings_are_written_whole_or_not_at_all(
    tmp_path: Path, tiny: Callable[..., Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = claim(tmp_path, tiny(tmp_path))
    path.touch()
    before = (tmp_path / "config.yaml").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ConfigError, match=r"config.yaml: cannot be written \(No space left on device\); set another"):
        claim(tmp_path, tiny(tmp_path, checkpoint_minutes=1.0))
    assert (tmp_path / "config.yaml").read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"config.yaml", "checkpoint.pt"}
