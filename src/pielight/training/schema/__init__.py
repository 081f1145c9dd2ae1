"""Settings of training: every key, its type, default and limits, their files and messages; no code of training."""

# ruff: isort: skip_file
# fmt: off
from pielight.training.schema.degradations import (
    HazeConfig, LowLightNoiseConfig, RainConfig, RawDarkeningConfig,
)
from pielight.training.schema.exposure import DomainConfig, ExposureConfig, ExposureDataConfig, ExposureLosses
from pielight.training.schema.joint import (
    ConstraintsConfig, DimmingConfig, DownstreamConfig, ExamplesConfig, JointConfig, JointWeights,
)
from pielight.training.schema.run import OptimizerConfig
from pielight.training.schema.train import (
    DataConfig, DenoiseConfig, FinetuneConfig, LossWeights, TrainConfig,
)

__all__ = [
    "ConstraintsConfig", "DataConfig", "DenoiseConfig", "DimmingConfig", "DomainConfig", "DownstreamConfig",
    "ExamplesConfig", "ExposureConfig", "ExposureDataConfig", "ExposureLosses", "FinetuneConfig", "HazeConfig",
    "JointConfig", "JointWeights", "LossWeights", "LowLightNoiseConfig", "OptimizerConfig", "RainConfig",
    "RawDarkeningConfig", "TrainConfig",
]
