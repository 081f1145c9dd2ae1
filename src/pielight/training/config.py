"""The settings of a training run, and what values they may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pielight.errors import ConfigError
from pielight.training.degradations.adaptive import Adaptive
from pielight.training.degradations.bag_of_curves import bag
from pielight.training.degradations.darkening import Darkening
from pielight.training.degradations.haze import Haze
from pielight.training.degradations.rain import Rain
from pielight.training.networks.exposure_estimator_config import Judging
from pielight.training.networks.lattice_net import Lattice
from pielight.training.objectives import find_task
from pielight.training.ranges import check_ranges
from pielight.training.settings import build_settings, read_values, told_of


@dataclass(frozen=True)
class Data:
    """Where pictures come from and what is used of them."""

    dark: tuple[str, ...] = ()
    """Folders of pictures to mend, unpaired: dark ones; without any, good ones are spoiled by physics."""
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
    kept: int = 0
    """Length that the shorter side of pictures is reduced to in memory; 0 is 5/4 of ``size``."""
    smallest: int = 128
    """A picture whose shorter side is below this is left out."""
    dark_mean: tuple[float, float] = (0.005, 0.4)
    """Mean gray level of a picture that counts as dark."""
    well_mean: tuple[float, float] = (0.2, 0.7)
    """Mean gray level of a picture that counts as well exposed."""
    well_clipped: float = 0.25
    """Largest share of burnt-out pixels in a well-exposed picture."""
    well_shadows: float = 0.0
    """Least mean gray level of the darkest 30 % of a well-exposed picture."""


@dataclass(frozen=True)
class Losses:
    """Weights of the terms; 0 takes one out."""

    inversion: float = 10.0
    error: float = 0.0
    """Mean absolute error of what should come back, where a task has it: sharper than ``inversion``."""
    detail: float = 0.0
    """The same of the differences between neighboring pixels, where a task has it."""
    contrast: float = 0.1
    brightness: float = 0.0
    balance: float = 10.0
    judged: float = 0.25
    regional: float = 0.1
    features: float = 0.1
    color: float = 0.0
    smoothness: float = 20.0
    cast: float = 100.0
    highlights: float = 0.5
    temperature: float = 0.1
    """Temperature of the InfoNCE loss."""
    margin: float = 0.3
    """Margin of the brightness triplet."""


@dataclass(frozen=True)
class Optimizer:
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

    task: str = "darkness"
    """What is mended: ``darkness``, ``haze``, ``rain``, or a task of one's own, ``package.module:NAME`` or
    ``file.py:NAME``, which is run."""
    name: str = "pie"
    pictures: str = ""
    """What it is trained on, in words, for the model card."""
    terms: str = ""
    """Terms of those pictures, for the model card."""
    network: str = "lattice"
    """``lattice`` or ``dcenet``."""
    lattice: Lattice = field(default_factory=Lattice)
    """Size of ``network: lattice``; that of its thumbnail is ``data.size``."""
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
    """VGG16 weights, read if ``losses.contrast`` or ``losses.features`` weighs anything: a file, ``download``
    (torchvision's) or, for trying out, ``random``."""
    precision: str = "no"
    """``bf16`` computes the features in half the time on CPUs that can."""
    checkpoint_minutes: float = 3.0
    out: str = "runs/pie"
    data: Data = field(default_factory=Data)
    losses: Losses = field(default_factory=Losses)
    optimizer: Optimizer = field(default_factory=Optimizer)
    darkening: Darkening = field(default_factory=Darkening)
    haze: Haze = field(default_factory=Haze)
    """Settings of ``task: haze``."""
    rain: Rain = field(default_factory=Rain)
    """Settings of ``task: rain``."""
    adaptive: Adaptive = field(default_factory=Adaptive)
    """Settings of ``negatives: adaptive``."""
    judging: Judging = field(default_factory=Judging)

    @property
    def reads_features(self) -> bool:
        """Whether a term needs VGG16."""
        return self.losses.contrast > 0 or self.losses.features > 0


def read_config(path: str | Path | None, changes: Sequence[str] = ()) -> Training:
    """Read a training configuration and apply ``key.sub=value`` changes, values in YAML.

    Raises:
        ConfigError: if the file is missing or no YAML mapping, a key is unknown (the nearest is suggested), or a
            value has the wrong type or is out of range.

    >>> read_config(None, ["steps=10", "data.size=128", "losses.contrast=0"]).data.size
    128
    """
    values = read_values(path, changes)
    with told_of(path, changes):
        named = values.get("task", Training.task)
        if not isinstance(named, str):
            raise ConfigError("task: should be a name")
        config: Training = build_settings(Training, _over(find_task(named).defaults, values))
        check(config)
    return config


def _over(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings with others laid over them."""
    merged = dict(defaults)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def check(config: Training) -> None:
    """Check ranges, and what settings have to do with each other.

    Raises:
        ConfigError: naming the first setting that makes no sense.
    """
    check_ranges(config)
    bag(config.negatives)
    task, data, weights = find_task(config.task), config.data, config.losses
    if task.spatial and data.render != data.size:
        raise ConfigError(f"data.render: {data.render} should be data.size, {data.size}, for task: {config.task}")
    if data.size % data.render or data.size % 32:
        raise ConfigError("data.size should be a multiple of 32 and of data.render")
    if weights.judged and data.render % 16:
        raise ConfigError(f"data.render: {data.render} should be a multiple of 16, or losses.judged be 0")
    if config.network == "lattice" and data.size == config.lattice.cell and (weights.smoothness or weights.cast):
        raise ConfigError("lattice.cell: a lattice of one node has no smoothness; raise data.size, "
                          "or set losses.smoothness and losses.cast to 0")  # fmt: skip
    if not any(getattr(weights, name) for name in task.terms):
        raise ConfigError("losses: every weight is 0, which leaves nothing to learn from")
