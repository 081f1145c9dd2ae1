"""Recipes: which one a configuration is for, the defaults of its task, and the objective that trains by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from pielight.core.messages import shown
from pielight.errors import ConfigError
from pielight.training.objectives.denoise import Denoise
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.objectives.finetune import Finetuning
from pielight.training.objectives.joint import JointTraining
from pielight.training.objectives.objective import Objective
from pielight.training.objectives.restoration import Restoration, check_task, find_task
from pielight.training.schema import DenoiseConfig, ExposureConfig, FinetuneConfig, JointConfig, TrainConfig
from pielight.training.schema.config_file import apply_changes, parse_change, read_values, validate
from pielight.training.schema.renamed import with_new_names

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
RECIPES: dict[str, type] = {
    "": TrainConfig, "exposure": ExposureConfig, "denoise": DenoiseConfig, "joint": JointConfig,
}  # fmt: skip
"""Schemas by the key ``recipe``, which a configuration for the paper's curves, haze or rain leaves out."""
_OBJECTIVES: dict[type[Any], type[Objective[Any]]] = {
    TrainConfig: Restoration, ExposureConfig: ExposureTraining, DenoiseConfig: Denoise, FinetuneConfig: Finetuning,
    JointConfig: JointTraining,
}  # fmt: skip


def objective_of(config: Any) -> Objective[Any]:
    """Return the objective that trains by settings of any recipe.

    >>> type(objective_of(TrainConfig())).__name__
    'Restoration'
    """
    return _OBJECTIVES[type(config)](config)


def try_options(config: TrainConfig | ExposureConfig | DenoiseConfig) -> str:
    """Return the options of `pielight` by which a trained model is tried; the model file follows.

    >>> try_options(TrainConfig(task="dehaze"))
    '--task dehaze --model'
    """
    if isinstance(config, DenoiseConfig):
        return "--denoise auto --denoise-model"
    if isinstance(config, ExposureConfig):
        return "--model"
    task = find_task(config.task).inference_task
    return "--model" if task == "brighten" else f"--task {task} --model"


@overload
def read_recipe(path: str | Path | None, changes: Sequence[str], kind: type[A], /) -> A: ...
@overload
def read_recipe(path: str | Path | None, changes: Sequence[str], kind: type[A], other: type[B], /) -> A | B: ...
@overload
def read_recipe(
    path: str | Path | None, changes: Sequence[str], kind: type[A], other: type[B], third: type[C], /
) -> A | B | C: ...
def read_recipe(path: str | Path | None, changes: Sequence[str], /, *kinds: type) -> Any:
    """Read a configuration and apply ``key.sub=value`` changes, values in YAML.

    Args:
        path: YAML file; None takes the defaults.
        changes: As given to ``--set``.
        kinds: Schemas that are accepted; the first is that of a configuration that names no recipe.

    Raises:
        ConfigError: if the file is missing or no YAML mapping, a key is unknown (the nearest is suggested), a value is
            not allowed, or the recipe is another.

    >>> read_recipe(None, ["recipe=denoise", "steps=10"], TrainConfig, DenoiseConfig)  # doctest: +ELLIPSIS
    DenoiseConfig(name='denoise', ..., steps=10, ...)
    """
    values = {} if path is None else read_values(path)
    nested = [parse_change(change) for change in changes]
    try:
        first = next(name for name, kind in RECIPES.items() if kind is kinds[0])
        name = next((one["recipe"] for one in [*reversed(nested), values] if "recipe" in one), first)
        if not isinstance(name, str) or RECIPES.get(name) not in kinds:
            others = [f"{name or 'none'}" for name, kind in RECIPES.items() if kind in kinds]
            raise ConfigError(f"recipe: {str(name)[:40]!r} is not for this command; it takes {' or '.join(others)}")
        kind: Any = RECIPES[name]
        values = with_new_names(kind, values)
        apply_changes(kind, values, changes)
        if kind is TrainConfig:
            task = values.get("task", TrainConfig.task)
            if not isinstance(task, str):
                raise ConfigError("task: should be a name")
            values = _over(find_task(task).defaults, values)
        config: Any = validate(kind, values)
        if isinstance(config, TrainConfig):
            check_task(config)
    except ConfigError as error:
        if path is None or changes:  # a change may be the cause
            raise
        raise ConfigError(f"{shown(path)}: {error}") from None
    return config


def read_train_config(path: str | Path | None, changes: Sequence[str] = ()) -> TrainConfig:
    """Read a configuration of ``pielight train`` for a task; see :func:`read_recipe`.

    >>> read_train_config(None, ["steps=10", "data.size=128", "losses.contrastive=0"]).data.size
    128
    """
    return read_recipe(path, changes, TrainConfig)


def _over(defaults: Mapping[Any, Any], values: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return nested settings with others laid over them."""
    merged = dict(defaults)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
