"""Settings of ``pielight joint``: the enhancer in front of a model for a task."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pielight.training.schema.degradations import RawDarkeningConfig
from pielight.training.schema.exposure import DomainConfig, ExposureConfig, ExposureDataConfig, ExposureLosses
from pielight.training.schema.fields import (
    ENDS_IN_ORDER,
    Count,
    Flag,
    Integer,
    Interval,
    NonNegative,
    Number,
    Positive,
    PositiveInterval,
    PositiveShare,
    Share,
    Text,
    Texts,
    section,
)  # fmt: skip
from pielight.training.schema.run import OptimizerConfig, RunConfig

NO_ENHANCER = "none"
_Side = Annotated[Integer, Field(ge=32)]
_Zoom = Annotated[Number, Field(ge=0.1, le=10)]


@section
class ExamplesConfig:
    """Clean pictures and their annotations."""

    clean: Text = ""
    """Folder of clean, well-exposed pictures."""
    labels: Text = ""
    """Folder of label pictures ``STEM.png`` of the same sizes; each pixel's value is its class."""
    boxes: Text = ""
    """JSON file of boxes in pixels: ``{"a.jpg": [{"x": 1, "y": 2, "w": 30, "h": 40}]}``."""
    scale: PositiveShare = 1.0
    """Factor that pictures are shrunk by at first."""
    width: _Side = 240
    """Of the random crops that a batch is made of, in pixels."""
    height: _Side = 180
    zoom: Annotated[tuple[_Zoom, _Zoom], *ENDS_IN_ORDER] = (1.0, 1.0)
    """Factor that crops are enlarged by."""

    @model_validator(mode="after")
    def _check(self) -> ExamplesConfig:
        if self.labels and self.boxes:
            raise ValueError("give labels or boxes, not both")
        return self


@section
class DimmingConfig:
    """How clean pictures are darkened (intervals are draws, each for a picture)."""

    stops: Interval = (-6.0, -2.0)
    """Exposure in EV (uniform)."""
    shot_noise: PositiveInterval = (1e-3, 1e-3)
    """Variance of the shot noise per unit of linear light (log-uniform)."""
    read_noise: PositiveInterval = (1e-6, 1e-6)
    """Variance of the read noise (log-uniform)."""
    untouched: Share = 0.25
    """Share of pictures that stay clean, so that clean ones pass unharmed."""


@section
class DownstreamConfig:
    """The model for the task."""

    module: Text = "segmentation"
    """``segmentation``, ``faces``, or ``package.module:factory`` or ``file.py:factory``, which is run and returns a
    torch.nn.Module of pictures ``(N, 3, H, W)``, RGB in [0, 1]."""
    weights: Text | None = None
    """A ``.safetensors`` file; for ``faces``, the detector's ONNX file."""
    loss: Text = ""
    """``segmentation``, ``faces``, or ``package.module:function`` or ``file.py:function`` of outputs and targets; empty
    is that of the module of the same name."""
    classes: Annotated[Integer, Field(ge=2, le=255)] = 11
    """Labels are 0 to ``classes`` - 1; ``segmentation`` has as many outputs."""
    ignore_index: Annotated[Integer, Field(ge=0, le=255)] = 255
    """Label of the pixels that do not count."""
    lr: Positive = 1e-3
    """Its learning rate; that of the enhancer is ``optimizer.lr``."""


@section
class JointWeights:
    """Weights of the parts of the loss; 0 takes one out."""

    task: NonNegative = 1.0
    """The task's loss on the enhanced pictures."""
    distillation: NonNegative = 0.0
    """Distance of the outputs on enhanced pictures from those of the initial model on the clean ones."""
    constraints: NonNegative = 0.1
    """PIE's constraints; the weight of each is in ``constraints.losses``."""
    denoising: NonNegative = 10.0
    """Of an enhancer that denoises: distance of its pictures from those that its maps make without noise."""

    @model_validator(mode="after")
    def _check(self) -> JointWeights:
        if self.task == 0 == self.distillation:
            raise ValueError("task and distillation are both 0, which leaves the downstream model out")
        return self


@section
class ConstraintsConfig:
    """The three constraints of PIE, and inversion, on pictures as ``pielight train`` takes them."""

    dark: Texts = ()
    """Folders of real dark pictures, unpaired; without any, well-exposed ones are darkened."""
    well: Texts = ()
    """Folders of well-exposed pictures; empty takes ``data.clean``."""
    batch: Annotated[Integer, Field(ge=4)] = 32
    """Pictures of a step: a third real dark ones, a fifth as they are, and darkened ones."""
    bank: Count = 32
    """Well-exposed pictures that others are contrasted with."""
    vgg_weights: Text | None = None
    """VGG16 weights, read if ``losses.contrastive`` or ``losses.feature_preservation`` is not 0: a file, ``download``
    (torchvision's) or, for trying out, ``random``."""
    cache: Text | None = None
    """Folder that keeps the samples for other runs."""
    darkening: RawDarkeningConfig = field(default_factory=lambda: RawDarkeningConfig(versions=2))
    losses: ExposureLosses = field(default_factory=ExposureLosses)

    @property
    def reads_features(self) -> bool:
        """Whether a term needs VGG16."""
        return self.losses.contrastive > 0 or self.losses.feature_preservation > 0


@section
class JointConfig(RunConfig):
    """A whole run."""

    recipe: Literal["joint"] = "joint"
    """Tells this configuration from those of other recipes."""
    name: Text = "joint"
    train: Literal["enhancer", "downstream", "both"] = "enhancer"
    """Who learns."""
    enhancer: Text = "pie"
    """Where the enhancer starts: name of a shipped model, a ``.safetensors`` file, or ``none`` for no enhancer."""
    denoise: Flag = False
    """Whether the enhancer removes the noise that its maps show."""
    steps: Count = 600
    batch: Count = 4
    out: Text = "runs/joint"
    data: ExamplesConfig = field(default_factory=ExamplesConfig)
    darkening: DimmingConfig = field(default_factory=DimmingConfig)
    downstream: DownstreamConfig = field(default_factory=DownstreamConfig)
    weights: JointWeights = field(default_factory=JointWeights)
    constraints: ConstraintsConfig = field(default_factory=ConstraintsConfig)
    optimizer: OptimizerConfig = field(default_factory=lambda: OptimizerConfig(lr=3e-4, ema_decay=0.98))

    @property
    def enhances(self) -> bool:
        """Whether there is an enhancer."""
        return self.enhancer != NO_ENHANCER

    @property
    def constrained(self) -> bool:
        """Whether PIE's constraints count: they say nothing of an enhancer that does not learn."""
        return self.train != "downstream" and self.weights.constraints > 0

    @property
    def learns_to_denoise(self) -> bool:
        """Whether the enhancer learns to denoise."""
        return self.denoise and self.train != "downstream" and self.weights.denoising > 0

    def enhancement(self, width: float) -> ExposureConfig:
        """Return the settings of the enhancer's own objective, whose network has that width."""
        own = self.constraints
        well = own.well or (self.data.clean,)
        data = ExposureDataConfig(
            published=() if own.dark else well, domains=(DomainConfig(dark=own.dark, well=well),) if own.dark else (),
            min_size=64, cache=own.cache,
        )  # fmt: skip
        shared = {
            item.name: getattr(own, item.name)
            for item in dataclasses.fields(own)
            if item.name not in ("dark", "well", "cache")
        }
        return ExposureConfig(
            seed=self.seed,
            steps=self.steps,
            precision=self.precision,
            accumulation=self.accumulation,
            width=width,
            data=data,
            **shared,
        )

    @model_validator(mode="after")
    def _check(self) -> JointConfig:
        if not self.enhances and self.train != "downstream":
            raise ValueError(
                f"enhancer: none leaves only the downstream model to learn; set train: downstream, not {self.train}"
            )
        if not self.enhances and self.denoise:
            raise ValueError("denoise: there is no enhancer to do it; set enhancer, or denoise: false")
        distils = self.weights.distillation > 0
        if distils and self.downstream.module == "segmentation" and not self.downstream.weights:
            raise ValueError("weights.distillation: a network without weights teaches nothing; set downstream.weights")
        return self
