"""Toy pictures and the settings of a run of seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pielight.training.data.toy import write_toy_pictures
from pielight.training.schema import DataConfig, OptimizerConfig, TrainConfig

torch.set_num_threads(1)  # everything here is too small for a second thread to help


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with dark/ and well/, six pictures each, and a region cache."""
    folder = tmp_path_factory.mktemp("toy")
    write_toy_pictures(folder, 6, 96)
    return folder


@pytest.fixture(scope="session")
def toy_data(toy: Path) -> DataConfig:
    return DataConfig(
        (str(toy / "dark"),), (str(toy / "well"),), size=64, loss_size=32, min_size=32, cache=str(toy / "cache"),
        dark_mean=(0.0, 1.0), well_mean=(0.0, 1.0), well_clipped=1.0, well_shadows=0.0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def tiny(toy_data: DataConfig) -> Callable[..., TrainConfig]:
    """Make the settings of a run of six steps."""

    def make(out: Path, **changes: Any) -> TrainConfig:
        settings = TrainConfig(
            name="tiny", steps=6, dark_batch=2, well_batch=2, feature_batch=1, bank=4, pairs=2, vgg_weights="random",
            out=str(out), data=toy_data, optimizer=OptimizerConfig(warmup_steps=2, ema_decay=0.9),
        )  # fmt: skip
        return dataclasses.replace(settings, **changes)

    return make


# Fixtures of joint training, for data/ and networks/ too.
from tests.training.scenes import *  # noqa: E402, F403
