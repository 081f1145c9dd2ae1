"""Enhancers, lattices and errors go to other processes, and can be copied."""

from __future__ import annotations

import copy
import importlib
import multiprocessing
import pickle
import pkgutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

import pielight
from pielight import CurveLattice, Enhancer, HazeLattice
from pielight.errors import MissingExtraError, PictureError, PielightError

DARK = np.random.default_rng(0).integers(0, 60, (40, 50, 3), np.uint8)
COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]  # noqa: S301


def kinds_of(base: type[PielightError]) -> set[type[PielightError]]:
    return {base}.union(*map(kinds_of, base.__subclasses__()))


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("task", ["brighten", "dehaze", "derain"])
def test_an_enhancer(task: str, is_open: bool, copied: Callable[[Any], Any]) -> None:
    enhancer = Enhancer(task=task, threads=1)
    wanted = Enhancer(task=task)(DARK)
    if is_open:
        enhancer(DARK)
    other = copied(enhancer)
    assert np.array_equal(other(DARK), wanted)
    assert np.array_equal(enhancer(DARK), wanted)
    assert (other.task, other.threads, other.model.sha256()) == (task, 1, enhancer.model.sha256())


def test_a_copy_has_a_lock_and_a_session_of_its_own(bright_model: Path) -> None:
    enhancer = Enhancer(bright_model)
    enhancer(DARK)
    other = copy.deepcopy(enhancer)
    assert other.processor.network._session is None
    assert isinstance(other.processor.network._lock, type(threading.Lock()))
    assert other.processor.network._lock is not enhancer.processor.network._lock


def test_another_process_may_work_elsewhere(
    bright_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bright_model.parent)
    stored = pickle.dumps(Enhancer(bright_model.name))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(stored)(DARK).mean() > DARK.mean()  # noqa: S301


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize(
    "lattice", [CurveLattice(np.full((8, 3, 4, 5), -0.3)), HazeLattice(np.full((4, 3, 2), 0.5), np.full(3, 0.8))]
)
def test_a_lattice(lattice: Any, copied: Callable[[Any], Any]) -> None:
    other = copied(lattice)
    assert type(other) is type(lattice)
    assert np.array_equal(other.tables(), lattice.tables())
    for name, value in vars(other).items():
        assert not value.flags.writeable
        assert np.array_equal(value, getattr(lattice, name))


@pytest.mark.parametrize("copied", COPIES)
def test_every_error(copied: Callable[[Any], Any]) -> None:
    for module in pkgutil.walk_packages(pielight.__path__, "pielight."):
        if not module.name.endswith(("__main__", "full_frame")):
            importlib.import_module(module.name)
    kinds = kinds_of(PielightError)
    assert {MissingExtraError, PictureError} < kinds
    for kind in kinds:
        error = kind("torch", "train") if kind is MissingExtraError else kind("a.jpg: empty file")
        other = copied(error)
        assert (type(other), str(other)) == (kind, str(error))


def test_processes_that_are_spawned(tmp_path: Path) -> None:
    enhancer = Enhancer(threads=1)
    wanted = enhancer(DARK, denoise=1.0)  # its sessions are open here
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        (found,) = pool.starmap(_denoised, [(enhancer,)])
        with pytest.raises(PictureError, match=r"none\.jpg"):
            pool.apply(enhancer, (tmp_path / "none.jpg",))
        with pytest.raises(MissingExtraError, match="no-such-package"):
            pool.apply(_require_what_is_missing)
    assert np.array_equal(found, wanted)


def _denoised(enhancer: Enhancer) -> Any:
    return enhancer(DARK, denoise=1.0)


def _require_what_is_missing() -> None:
    raise MissingExtraError("no-such-package", "train")


class Brightened(Dataset[Any]):
    def __init__(self, enhancer: Enhancer) -> None:
        self.enhancer = enhancer

    def __len__(self) -> int:
        return 2

    def __getitem__(self, place: int) -> Any:
        return self.enhancer(DARK[place:])


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_data_loader(start: str) -> None:
    enhancer = Enhancer(threads=1)
    wanted = [enhancer(DARK), enhancer(DARK[1:])]
    loader = DataLoader(Brightened(enhancer), batch_size=None, num_workers=1, multiprocessing_context=start, timeout=60)
    for found, expected in zip(loader, wanted, strict=True):
        assert np.array_equal(found, expected)
