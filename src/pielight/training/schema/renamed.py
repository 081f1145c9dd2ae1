"""Settings that were renamed: their names of the previous release, which work for this one with a warning."""

from __future__ import annotations

import dataclasses
import typing
import warnings
from collections.abc import Mapping
from typing import Any

from pielight.errors import ConfigError, RenamedWarning
from pielight.training import schema

_CARD = {"pictures": "training_data", "terms": "license"}
_NOISE = {"shot": "shot_noise", "read": "read_noise"}
RENAMED: dict[type, dict[str, str]] = {
    schema.TrainConfig: _CARD | {
        "harder": "curriculum", "features": "vgg_weights", "optimiser": "optimizer",
    },
    schema.DenoiseConfig: _CARD | {
        "patch": "patch_size", "colour": "color_weight", "detail": "gradient_weight", "optimiser": "optimizer",
        "physics": "noise",
    },
    schema.JointConfig: _CARD | {"optimiser": "optimizer"},
    schema.FinetuneConfig: {"features": "vgg_weights"},
    schema.DataConfig: {"render": "loss_size", "kept": "stored_size", "smallest": "min_size"},
    schema.ExposureDataConfig: {"smallest": "min_size"},
    schema.LossWeights: {
        "error": "l1", "detail": "gradient", "contrast": "contrastive", "brightness": "brightness_triplet",
        "regional": "regional_consistency", "features": "feature_preservation", "colour": "color_constancy",
        "smoothness": "curve_smoothness",
    },
    schema.OptimizerConfig: {"rate": "lr", "clip": "grad_clip", "warmup": "warmup_steps", "average": "ema_decay"},
    schema.HazeConfig: {"colour": "color"},
    schema.LowLightNoiseConfig: _NOISE | {
        "balance": "white_balance", "mixed": "crosstalk", "deep": "high_bit_depth", "misjudged": "level_error",
    },
    schema.DimmingConfig: _NOISE,
    schema.DownstreamConfig: {"ignore": "ignore_index", "rate": "lr"},
    schema.JointWeights: {"distil": "distillation", "noise": "denoising"},
    schema.ConstraintsConfig: {"features": "vgg_weights"},
}  # fmt: skip
"""Old name to new name, by the section that the setting is in."""
RENAMED_VALUES: dict[tuple[type, str], dict[str, str]] = {
    (schema.TrainConfig, "task"): {"darkness": "brighten", "haze": "dehaze", "rain": "derain"}
}
"""The same of values, by section and setting."""

GONE: dict[type, set[str]] = {
    schema.ExposureConfig: {
        "darkened_batch", "published_batch", "dark_batch", "feature_batch", "pairs", "temperature",
    },
    schema.ExposureDataConfig: {"stored_size"},
    schema.ExposureLosses: {"profile", "smoothness"},
}  # fmt: skip
"""Settings that are constants now, by section: they are left out, so that what was trained with them still opens."""

ADDED = {"precision", "accumulation", "weights", "row_noise", "black_level", "demosaicked", "blotches"}
"""Settings, of any section, that the previous release did not have everywhere."""


def with_new_names(kind: type, values: Mapping[Any, Any], *, warn: bool = True, prefix: str = "") -> dict[Any, Any]:
    """Return settings with the names and values of the previous release replaced, and :data:`GONE` ones left out.

    Args:
        kind: Section of the schema that the settings are for.
        values: Nested settings, as read from YAML; unknown ones stay.
        warn: Whether each old name raises a :class:`~pielight.errors.RenamedWarning`.
        prefix: Of names in messages, as in ``optimizer.``.

    Raises:
        ConfigError: if a setting is given by both names.

    >>> with_new_names(schema.TrainConfig, {"optimiser": {"rate": 0.1}}, warn=False)
    {'optimizer': {'lr': 0.1}}
    """
    hints = typing.get_type_hints(kind)
    renamed: dict[Any, Any] = {}
    for old, value in values.items():
        if old in GONE.get(kind, ()):
            if warn:
                warnings.warn(f"{prefix}{old} is gone and has no effect", RenamedWarning, stacklevel=3)
            continue
        new = RENAMED.get(kind, {}).get(old, old) if isinstance(old, str) else old
        if new in renamed or (new != old and new in values):
            raise ConfigError(f"{prefix}{old} is the old name of {prefix}{new}: keep one of them")
        if warn and new != old:
            _warn(f"{prefix}{old} is now {prefix}{new}")
        if isinstance(value, Mapping) and dataclasses.is_dataclass(section := hints.get(new)):
            assert isinstance(section, type)
            value = with_new_names(section, value, warn=warn, prefix=f"{prefix}{new}.")
        elif isinstance(value, str) and (better := RENAMED_VALUES.get((kind, new), {}).get(value)):
            if warn:
                _warn(f"{prefix}{new}: {value} is now {better}")
            value = better
        renamed[new] = value
    return renamed


def with_added(values: Mapping[Any, Any], whole: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return settings with those that the previous release did not have, as they are in the whole.

    >>> with_added({"noise": {"jpeg": 0.1}}, {"steps": 5, "noise": {"jpeg": 0.2, "blotches": 0.5}})
    {'noise': {'jpeg': 0.1, 'blotches': 0.5}}
    """
    result = {
        name: with_added(value, whole[name])
        if isinstance(value, Mapping) and isinstance(whole.get(name), Mapping)
        else value
        for name, value in values.items()
    }
    return result | {name: value for name, value in whole.items() if name in ADDED and name not in result}


def _warn(text: str) -> None:
    warnings.warn(f"{text}; the old name works for this release alone", RenamedWarning, stacklevel=4)
