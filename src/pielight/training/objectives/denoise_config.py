"""The settings of a denoiser's training run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pielight.errors import ConfigError
from pielight.training.config import Data, Optimizer
from pielight.training.degradations.low_light_noise import Physics
from pielight.training.ranges import check_ranges
from pielight.training.settings import build_settings, read_values, told_of

RECIPE = "denoise"


@dataclass(frozen=True)
class Denoising:
    """A whole run."""

    recipe: str = RECIPE
    """What tells this configuration from one for curves."""
    name: str = "denoise"
    pictures: str = ""
    """What it is trained on, in words, for the model card."""
    terms: str = ""
    """Terms of those pictures, for the model card."""
    seed: int = 0
    steps: int = 4000
    batch: int = 16
    """Patches of a step."""
    patch: int = 96
    """Side of a patch in pixels, a multiple of 8."""
    color: float = 1.0
    """Weight of the error in color, beside that of all channels."""
    detail: float = 1.0
    """Weight of the difference of errors between neighbors."""
    checkpoint_minutes: float = 3.0
    out: str = "runs/denoise"
    data: Data = field(default_factory=Data)
    """Only ``well`` and what a well-exposed picture is; its shorter side is reduced to 5/4 of ``size``."""
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(rate=2e-3, weight_decay=0.0))
    physics: Physics = field(default_factory=Physics)


def is_denoising(values: dict[str, Any]) -> bool:
    """Say whether settings are those of a denoiser.

    Raises:
        ConfigError: if they name a recipe that there is not.

    >>> is_denoising({"recipe": "denoise"}), is_denoising({"steps": 10})
    (True, False)
    """
    recipe = values.get("recipe", "")
    if recipe not in ("", RECIPE):
        raise ConfigError(f"recipe: {recipe!r} is unknown; say {RECIPE}, or leave it out to train curves")
    return bool(recipe)


def read_denoising(path: str | Path | None, changes: Sequence[str] = ()) -> Denoising:
    """Read a configuration and apply ``key.sub=value`` changes; see :func:`pielight.training.config.read_config`.

    Raises:
        ConfigError: if the file or a setting is wrong.

    >>> read_denoising(None, ["steps=10"]).steps
    10
    """
    values = read_values(path, changes)
    with told_of(path, changes):
        config: Denoising = build_settings(Denoising, values)
        check_ranges(config)
        if config.patch < 8 or config.patch % 8 or config.patch > config.data.smallest:
            raise ConfigError(f"patch: {config.patch} should be a multiple of 8, at most data.smallest")
    return config
