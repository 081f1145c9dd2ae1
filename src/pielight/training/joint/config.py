"""The settings of joint optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pielight.errors import ConfigError
from pielight.training.config import Losses, Optimizer
from pielight.training.degradations.darkening import Darkening
from pielight.training.ranges import Range, check_ranges, named
from pielight.training.settings import build_settings, read_values, told_of

RECIPE = "joint"
NOBODY = "none"
_SMALLEST = 32  # pixels along a side of a crop


@dataclass(frozen=True)
class Examples:
    """Clean pictures and what is known of them."""

    clean: str = ""
    """Folder of clean, well-exposed pictures."""
    labels: str = ""
    """Folder of label pictures ``STEM.png`` of the same sizes; each pixel's value is its class."""
    boxes: str = ""
    """JSON file of boxes in pixels: ``{"a.jpg": [{"x": 1, "y": 2, "w": 30, "h": 40}]}``."""
    scale: float = 1.0
    """Factor that pictures are shrunk by at first."""
    width: int = 240
    """Of the random crops that a batch is made of, in pixels."""
    height: int = 180
    zoom: tuple[float, float] = (1.0, 1.0)
    """Factor that crops are enlarged by."""


@dataclass(frozen=True)
class Dimming:
    """How clean pictures are darkened (intervals are draws, each for a picture)."""

    stops: tuple[float, float] = (-6.0, -2.0)
    """Exposure in EV (uniform)."""
    shot: tuple[float, float] = (1e-3, 1e-3)
    """Variance of the shot noise per unit of linear light (log-uniform)."""
    read: tuple[float, float] = (1e-6, 1e-6)
    """Variance of the read noise (log-uniform)."""
    untouched: float = 0.25
    """Share of pictures that stay clean, so that clean ones pass unharmed."""


@dataclass(frozen=True)
class Downstream:
    """The model for the task."""

    module: str = "segmentation"
    """``segmentation``, ``faces``, or ``package.module:factory`` or ``file.py:factory``, which is run and returns a
    torch.nn.Module of pictures ``(N, 3, H, W)``, RGB in [0, 1]."""
    weights: str | None = None
    """A ``.safetensors`` file; for ``faces``, the detector's ONNX file."""
    loss: str = ""
    """``segmentation``, ``faces``, or ``package.module:function`` or ``file.py:function`` of outputs and targets; empty
    is that of the module of the same name."""
    classes: int = 11
    """Labels are 0 to ``classes`` - 1; ``segmentation`` has as many outputs."""
    ignore: int = 255
    """Label of the pixels that do not count."""
    rate: float = 1e-3
    """Its learning rate; that of the enhancer is ``optimizer.rate``."""


@dataclass(frozen=True)
class Weights:
    """Weights of the parts of the loss; 0 takes one out."""

    task: float = 1.0
    """The task's loss on the enhanced pictures."""
    distil: float = 0.0
    """How far outputs on enhanced pictures are from what the model, as it was at first, returns for the clean ones."""
    constraints: float = 0.1
    """PIE's constraints, each of which has a weight of its own in ``constraints.losses``."""
    noise: float = 10.0
    """Of an enhancer that denoises: how far its pictures are from what its curves make of the same without noise."""


@dataclass(frozen=True)
class Constraints:
    """The three constraints of PIE, and inversion, on pictures as `pielight train` takes them."""

    dark: tuple[str, ...] = ()
    """Folders of real dark pictures, unpaired; without any, well-exposed ones are darkened."""
    well: tuple[str, ...] = ()
    """Folders of well-exposed pictures; empty takes ``data.clean``."""
    dark_batch: int = 2
    well_batch: int = 2
    feature_batch: int = 1
    """Pictures of a step that pass VGG16."""
    bank: int = 32
    """Positives, each with two negatives of Bag of Curves."""
    pairs: int = 16
    """Positives, and negatives, that a picture is compared with at a step."""
    render: int = 128
    """Side at which the constraints are taken."""
    features: str | None = None
    """VGG16 weights: a file, ``download`` (torchvision's) or, for trying out, ``random``."""
    cache: str | None = None
    """Folder of the region cache; null is ``~/.cache/pielight/regions``."""
    losses: Losses = field(default_factory=lambda: Losses(judged=0.0))
    """The exposure judge is left out, since it has to learn for a minute or two at first."""
    darkening: Darkening = field(default_factory=Darkening)


@dataclass(frozen=True)
class Joint:
    """A whole run."""

    recipe: str = RECIPE
    """What tells this configuration from those of `pielight train`."""
    name: str = "joint"
    pictures: str = ""
    """What it is trained on, in words, for the model card."""
    terms: str = ""
    """Terms of those pictures, for the model card."""
    train: str = "enhancer"
    """Who learns: ``enhancer``, ``downstream`` or ``both``."""
    enhancer: str = "pie"
    """Where the enhancer starts: name of a shipped model, a ``.safetensors`` file, or ``none`` for no enhancer."""
    denoise: bool = False
    """Whether the enhancer takes out the noise that its curves show."""
    seed: int = 0
    steps: int = 600
    batch: int = 4
    checkpoint_minutes: float = 3.0
    out: str = "runs/joint"
    data: Examples = field(default_factory=Examples)
    darkening: Dimming = field(default_factory=Dimming)
    downstream: Downstream = field(default_factory=Downstream)
    weights: Weights = field(default_factory=Weights)
    constraints: Constraints = field(default_factory=Constraints)
    optimizer: Optimizer = field(default_factory=lambda: Optimizer(rate=3e-4, average=0.98))

    @property
    def enhances(self) -> bool:
        """Whether there is an enhancer."""
        return self.enhancer != NOBODY

    @property
    def constrained(self) -> bool:
        """Whether PIE's constraints count: they say nothing of an enhancer that does not learn."""
        return self.train != "downstream" and self.weights.constraints > 0

    @property
    def cleaned(self) -> bool:
        """Whether the enhancer learns to denoise."""
        return self.denoise and self.train != "downstream" and self.weights.noise > 0


_RANGES = {
    "data.scale": Range(0, 1, above=True), "data.width": Range(_SMALLEST), "data.height": Range(_SMALLEST),
    "data.zoom": Range(0.1, 10), "downstream.classes": Range(2, 255), "downstream.ignore": Range(0, 255),
    "downstream.rate": Range(0, above=True), "weights.task": Range(0), "weights.distil": Range(0),
    "weights.constraints": Range(0), "weights.noise": Range(0),
}  # fmt: skip


def read_joint(path: str | Path | None, changes: Sequence[str] = ()) -> Joint:
    """Read a configuration and apply ``key.sub=value`` changes; see :func:`pielight.training.config.read_config`.

    Raises:
        ConfigError: if the file or a setting is wrong.

    >>> read_joint(None, ["steps=10", "train=both"]).train
    'both'
    """
    values = read_values(path, changes)
    with told_of(path, changes):
        config: Joint = build_settings(Joint, values)
        _check(config)
    return config


def _check(config: Joint) -> None:
    check_ranges(config)
    for name, value in named(config):
        values = value if isinstance(value, tuple) else (value,)
        if name in _RANGES and not all(one in _RANGES[name] for one in values):
            raise ConfigError(f"{name}: {list(value) if isinstance(value, tuple) else value} should be {_RANGES[name]}")
    if config.recipe != RECIPE:
        raise ConfigError(f"recipe: {config.recipe!r} is not for this command; `pielight train` knows others")
    if config.train not in ("enhancer", "downstream", "both"):
        raise ConfigError(f"train: {config.train!r} is unknown; choose enhancer, downstream or both")
    if not config.enhances and config.train != "downstream":
        raise ConfigError(
            f"enhancer: none leaves only the downstream model to learn; set train: downstream, not {config.train}"
        )
    if not config.enhances and config.denoise:
        raise ConfigError("denoise: there is no enhancer to do it; set enhancer, or denoise: false")
    if config.weights.task == 0 == config.weights.distil:
        raise ConfigError("weights: task and distil are both 0, which leaves the downstream model out")
    if config.weights.distil and config.downstream.module == "segmentation" and not config.downstream.weights:
        raise ConfigError("weights.distil: a network without weights teaches nothing; set downstream.weights")
    if config.data.labels and config.data.boxes:
        raise ConfigError("data: give labels or boxes, not both")
