"""Settings of ``pielight train``, for enhancers, dehazers, derainers and denoisers, and of ``pielight finetune``."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pielight.training.schema.degradations import (
    HazeConfig,
    LowLightNoiseConfig,
    RainConfig,
)
from pielight.training.schema.fields import (
    Count,
    Flag,
    Integer,
    Interval,
    NonNegative,
    NonNegativeInteger,
    Positive,
    PositiveShareInterval,
    Seed,
    Share,
    Text,
    Texts,
    section,
)
from pielight.training.schema.run import OptimizerConfig, RunConfig


@section
class DataConfig:
    """Where pictures come from and what is used of them."""

    dark: Texts = ()
    """Folders of pictures to restore, unpaired: dark ones; without any, good ones are degraded by physics. A name that
    ends with ``.tar``, as ``shards/{000..010}.tar`` or ``shards/*.tar``, stands for the pictures in these files."""
    well: Texts = ()
    """Folders, or tar files, of well-exposed pictures, unpaired."""
    size: Count = 256
    """Side of the square that the network sees."""
    loss_size: Count = 128
    """Side at which curves are applied and losses are taken; divides ``size``."""
    crop: PositiveShareInterval = (0.6, 1.0)
    """Side of a random crop as a share of the picture's."""
    regions: Literal["felzenszwalb", "slic"] = "felzenszwalb"
    """Method of segmentation."""
    cache: Text | None = None
    """Folder of the region cache; null is ``~/.cache/pielight/regions``."""
    stored_size: NonNegativeInteger = 0
    """Length that the shorter side of pictures is reduced to in memory; 0 is 5/4 of ``size``."""
    min_size: Count = 128
    """A picture whose shorter side is below this is left out."""
    dark_mean: Interval = (0.005, 0.4)
    """Mean gray level of a picture that counts as dark."""
    well_mean: Interval = (0.2, 0.7)
    """Mean gray level of a picture that counts as well exposed."""
    well_clipped: Share = 0.25
    """Largest share of clipped pixels in a well-exposed picture."""
    well_shadows: Share = 0.0
    """Least mean gray level of the darkest 30 % of a well-exposed picture."""


@section
class LossWeights:
    """Weights of the terms, whose functions are in :mod:`pielight.training.losses`; 0 takes one out."""

    inversion: NonNegative = 10.0
    l1: NonNegative = 0.0
    """Mean absolute error of what is restored, where a task has it: sharper than ``inversion``."""
    gradient: NonNegative = 0.0
    """The same of the differences between neighboring pixels, where a task has it."""
    contrastive: NonNegative = 0.1
    brightness_triplet: NonNegative = 0.0
    regional_consistency: NonNegative = 0.1
    feature_preservation: NonNegative = 0.1
    color_constancy: NonNegative = 0.0
    curve_smoothness: NonNegative = 20.0
    temperature: Positive = 0.1
    """Temperature of the contrastive loss (InfoNCE)."""
    margin: NonNegative = 0.3
    """Margin of ``brightness_triplet``."""


@section
class TrainConfig(RunConfig):
    """A whole run of ``pielight train`` for a task: the paper's brightening, haze, rain, or a user's own."""

    task: Text = "brighten"
    """What pictures are restored from: ``brighten`` (by the paper's network and curves; the default model has the
    recipe ``exposure``), ``dehaze``, ``derain``, or a task of your own, ``package.module:NAME`` or ``file.py:NAME``,
    which is run."""
    name: Text = "paper"
    steps: Count = 1000
    out: Text = "runs/paper"
    dark_batch: Count = 4
    well_batch: Count = 10
    feature_batch: Count = 1
    """Dark pictures of a step that pass VGG16, which costs most of it."""
    bank: Count = 128
    """Well-exposed pictures in the bank of positives, each with an under- and an over-exposed negative."""
    pairs: Count = 16
    """Positives, and negatives, that an anchor is compared with at a step."""
    vgg_weights: Text | None = None
    """VGG16 weights, read if ``losses.contrastive`` or ``losses.feature_preservation`` is not 0: a file, ``download``
    (torchvision's) or, for trying out, ``random``."""
    negatives: Literal["paper", "mild", "adaptive"] = "mild"
    """Bag of Curves of ``task: brighten``."""
    curriculum: Flag = False
    """Negatives get harder as training goes on, from badly to barely wrong."""
    data: DataConfig = field(default_factory=DataConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    haze: HazeConfig = field(default_factory=HazeConfig)
    """Settings of ``task: dehaze``."""
    rain: RainConfig = field(default_factory=RainConfig)
    """Settings of ``task: derain``."""

    @property
    def reads_features(self) -> bool:
        """Whether a term needs VGG16."""
        return self.losses.contrastive > 0 or self.losses.feature_preservation > 0


@section
class FinetuneConfig:
    """Settings of ``pielight finetune``."""

    dark: Text
    """Folder of dark pictures."""
    normal: Text | None = None
    """Folder of well-exposed pictures; without one, the start's own results take their place."""
    model: Text | None = None
    """The start: a shipped model, or the ONNX file of one that `pielight train` wrote; null is the default model."""
    vgg_weights: Text | None = None
    """VGG16 weights; without them the terms that need VGG16 are left out, and nothing is downloaded."""
    steps: Count = 200
    seed: Seed = 0
    out: Text = "finetuned"
    changes: Texts = ()
    """Settings of training that differ from the start's, as in ``optimizer.lr=1e-4``."""
    lr: Positive = 3e-4
    """Learning rate, if ``changes`` sets none."""
    distillation: NonNegative = 2.0
    """Weight of the distillation loss, twice that of the inversion."""
    max_forgotten: NonNegative = 0.3
    """Loss of PSNR on other kinds of pictures, and on photographs as they are, that is accepted, in dB."""
    crops: Count = 64
    """Darkened crops of each kind that a validation measures."""
    recipe: Text = "finetune"


@section
class DenoiseConfig(RunConfig):
    """A whole run."""

    recipe: Literal["denoise"] = "denoise"
    """Tells this configuration from those of other recipes."""
    name: Text = "denoise"
    steps: Count = 4000
    batch: Count = 16
    """Patches of a step."""
    patch_size: Annotated[Integer, Field(ge=8, multiple_of=8)] = 96
    """Side of a patch in pixels."""
    color_weight: NonNegative = 1.0
    """Weight of the error in color, beside that of all channels."""
    gradient_weight: NonNegative = 1.0
    """Weight of the difference of errors between neighbors."""
    weights: Text | None = None
    """The start: the ``.safetensors`` file of another run; null starts afresh."""
    out: Text = "runs/denoise"
    data: DataConfig = field(default_factory=DataConfig)
    """Only ``well`` and what a well-exposed picture is; its shorter side is reduced to 5/4 of ``size``."""
    optimizer: OptimizerConfig = field(default_factory=lambda: OptimizerConfig(lr=2e-3, weight_decay=0.0))
    noise: LowLightNoiseConfig = field(default_factory=LowLightNoiseConfig)

    @model_validator(mode="after")
    def _check(self) -> DenoiseConfig:
        if self.patch_size > self.data.min_size:
            raise ValueError(f"patch_size: {self.patch_size} should be at most data.min_size, {self.data.min_size}")
        return self
