"""The settings of a training run: frozen dataclasses, read from YAML, every name checked."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pielight.errors import ConfigError
from pielight.train.judging import Judging
from pielight.train.physics.adaptive import Adaptive
from pielight.train.physics.bag_of_curves import bag
from pielight.train.physics.darkening import Darkening


@dataclass(frozen=True)
class Data:
    """Where pictures come from and what is used of them."""

    dark: tuple[str, ...] = ()
    """Folders of dark pictures, unpaired; without any, well-exposed ones are darkened."""
    well: tuple[str, ...] = ()
    """Folders of well-exposed pictures, unpaired."""
    size: int = 256
    """Side of the square that the network sees."""
    render: int = 128
    """Side at which curves are applied and losses are taken; divides ``size``."""
    crop: tuple[float, float] = (0.6, 1.0)
    """Side of a random crop as a share of the picture's."""
    regions: str = "felzenszwalb"
    """``felzenszwalb`` or ``slic``."""
    cache: str | None = None
    """Folder of the region cache; null is ``~/.cache/pielight/regions``."""
    smallest: int = 128
    """A picture whose shorter side is below this is left out."""
    dark_mean: tuple[float, float] = (0.005, 0.4)
    """Mean grey level of a picture that counts as dark."""
    well_mean: tuple[float, float] = (0.2, 0.7)
    """Mean grey level of a picture that counts as well exposed."""
    well_clipped: float = 0.25
    """Largest share of burnt-out pixels in a well-exposed picture."""
    well_shadows: float = 0.0
    """Least mean grey level of the darkest 30 % of a well-exposed picture."""


@dataclass(frozen=True)
class Losses:
    """Weights of the terms; 0 takes one out."""

    inversion: float = 10.0
    contrast: float = 0.1
    brightness: float = 0.0
    balance: float = 10.0
    judged: float = 0.25
    regional: float = 0.1
    features: float = 0.1
    colour: float = 0.0
    smoothness: float = 20.0
    cast: float = 100.0
    highlights: float = 0.5
    temperature: float = 0.1
    """Temperature of the InfoNCE loss."""
    margin: float = 0.3
    """Margin of the brightness triplet."""


@dataclass(frozen=True)
class Optimiser:
    """Adam with warm-up, cosine decay and averaged weights."""

    rate: float = 1e-3
    weight_decay: float = 1e-4
    clip: float = 1.0
    """Largest gradient norm."""
    warmup: int = 50
    """Steps."""
    average: float = 0.995
    """Decay of the exponential average of the weights that is exported."""


@dataclass(frozen=True)
class Training:
    """A whole run."""

    name: str = "pie"
    pictures: str = ""
    """What it is trained on, in words, for the model card."""
    terms: str = ""
    """Terms of those pictures, for the model card."""
    network: str = "lattice"
    seed: int = 0
    steps: int = 1000
    dark_batch: int = 4
    well_batch: int = 10
    feature_batch: int = 1
    """Dark pictures of a batch that pass VGG16, which costs most of a step."""
    bank: int = 128
    """Well-exposed pictures in the bank of positives, each with an under- and an over-exposed negative."""
    pairs: int = 16
    """Positives, and negatives, that an anchor is compared with at a step."""
    negatives: str = "mild"
    """Bag of Curves: ``paper``, ``mild`` or ``adaptive``."""
    harder: bool = False
    """Negatives get harder as training goes on, from badly to barely wrong."""
    features: str | None = None
    """VGG16 weights; null downloads torchvision's, ``random`` is for trying out."""
    precision: str = "no"
    """``bf16`` computes the features in half the time on CPUs that can."""
    checkpoint_minutes: float = 3.0
    out: str = "runs/pie"
    data: Data = field(default_factory=Data)
    losses: Losses = field(default_factory=Losses)
    optimiser: Optimiser = field(default_factory=Optimiser)
    darkening: Darkening = field(default_factory=Darkening)
    adaptive: Adaptive = field(default_factory=Adaptive)
    """Settings of ``negatives: adaptive``."""
    judging: Judging = field(default_factory=Judging)


def read_config(path: str | Path | None, changes: Sequence[str] = ()) -> Training:
    """Read a training configuration and apply ``key.sub=value`` changes, values in YAML.

    Raises:
        ConfigError: if the file is missing or no YAML mapping, a key is unknown (the nearest is suggested), or a
            value has the wrong type or is out of range.

    >>> read_config(None, ["steps=10", "data.size=128", "losses.contrast=0"]).data.size
    128
    """
    config: Training = build_settings(Training, read_values(path, changes))
    _check(config)
    return config


def read_values(path: str | Path | None, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Read the settings of any recipe from YAML and apply ``key.sub=value`` changes, without checking names.

    Raises:
        ConfigError: if the file is missing or no YAML mapping, or a change makes no sense.

    >>> read_values(None, ["data.size=128"])
    {'data': {'size': 128}}
    """
    values: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such file") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: cannot be read as YAML ({str(error).splitlines()[0]})") from None
        if loaded is not None and not isinstance(loaded, dict):
            raise ConfigError(f"{path}: should hold keys and values")
        values = loaded or {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ConfigError(f"--set {change}: should look like key=value")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"--set {change}: the value is not YAML") from None
        *groups, last = key.strip().split(".")
        target = values
        for group in groups:
            target = target.setdefault(group, {})
            if not isinstance(target, dict):
                raise ConfigError(f"--set {change}: {group} is a value, not a group")
        target[last] = value
    return values


def as_yaml(config: Any) -> str:
    """Return a configuration as YAML that :func:`read_config` reads back.

    >>> "steps: 7" in as_yaml(Training(steps=7))
    True
    """
    return yaml.safe_dump(_plain(dataclasses.asdict(config)), sort_keys=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def build_settings(kind: Any, values: dict[str, Any], prefix: str = "") -> Any:
    """Make a dataclass of settings from values, every name and type checked.

    Raises:
        ConfigError: if a key is unknown (the nearest is suggested), or a value has the wrong type.

    >>> build_settings(Optimiser, {"rate": "1e-4"}).rate
    0.0001
    """
    hints = typing.get_type_hints(kind)
    settings = {}
    for key, value in values.items():
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, 1, 0.0)
            raise ConfigError(f"unknown setting {prefix}{key}; did you mean {prefix}{near[0]}?")
        settings[key] = _cast(hints[key], value, f"{prefix}{key}")
    return kind(**settings)


def _cast(hint: Any, value: Any, name: str) -> Any:
    """Return ``value`` as the type that a setting is annotated with, or raise."""
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(f"{name} is a group of settings, not a value")
        return build_settings(hint, value, f"{name}.")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _cast(arguments[0], value, name)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        if arguments[-1] is not Ellipsis and len(items) != len(arguments):
            raise ConfigError(f"{name}: {len(arguments)} values are expected, as in [0.1, 0.5]")
        return tuple(_cast(arguments[0], item, name) for item in items)
    if hint is float and isinstance(value, str):  # YAML reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            raise ConfigError(f"{name}: {value!r} is not a number") from None
    wrong_kind = isinstance(value, bool) and hint is not bool  # Python counts True as a number
    if wrong_kind or not isinstance(value, (int, float) if hint is float else hint):
        raise ConfigError(f"{name}: {value!r} should be of type {hint.__name__}")
    return float(value) if hint is float else value


def _check(config: Training) -> None:
    whole = {"steps": config.steps, "dark_batch": config.dark_batch, "well_batch": config.well_batch,
             "feature_batch": config.feature_batch,
             "bank": config.bank, "pairs": config.pairs, "data.size": config.data.size,
             "data.render": config.data.render}  # fmt: skip
    for name, number in whole.items():
        if number < 1:
            raise ConfigError(f"{name}: {number} should be at least 1")
    if config.data.size % config.data.render or config.data.size % 32:
        raise ConfigError("data.size should be a multiple of 32 and of data.render")
    bag(config.negatives)
    for group in (config.data, config.darkening, config.adaptive, config.adaptive.capture):
        for item in dataclasses.fields(group):
            value = getattr(group, item.name)
            if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str) and value[0] > value[1]:
                raise ConfigError(f"{item.name}: the interval {list(value)} is the wrong way round")
    for item in dataclasses.fields(config.losses):
        if getattr(config.losses, item.name) < 0:
            raise ConfigError(f"losses.{item.name} should not be negative")
    _check_adaptive(config.adaptive)
    if config.precision not in ("no", "bf16"):
        raise ConfigError(f"precision: {config.precision!r} is unknown; choose no or bf16")


def _check_adaptive(adaptive: Adaptive) -> None:
    capture = adaptive.capture
    shares = {"distance": adaptive.distance, "local": (adaptive.local,), "capture.noisy": (capture.noisy,),
              "capture.compressed": (capture.compressed,)}  # fmt: skip
    for name, values in shares.items():
        if not all(0 <= value <= 1 for value in values):
            raise ConfigError(f"adaptive.{name} should lie between 0 and 1")
    if not all(1 <= value <= 95 for value in capture.quality):
        raise ConfigError("adaptive.capture.quality should lie between 1 and 95")
    if min(*capture.shot, *capture.read) <= 0:
        raise ConfigError("adaptive.capture: shot and read should be above 0")
