"""Settings of training: every key, its type, default and limits, their files and messages; no code of training."""

from pielight.training.schema.degradations import (
    AdaptiveConfig,
    CaptureConfig,
    DarkeningConfig,
    HazeConfig,
    LowLightNoiseConfig,
    RainConfig,
)  # fmt: skip
from pielight.training.schema.denoise import DenoiseConfig
from pielight.training.schema.joint import (
    ConstraintsConfig,
    DimmingConfig,
    DownstreamConfig,
    ExamplesConfig,
    JointConfig,
    JointWeights,
)  # fmt: skip
from pielight.training.schema.train import (
    DataConfig,
    ExposureEstimatorConfig,
    FinetuneConfig,
    LatticeConfig,
    LossWeights,
    OptimizerConfig,
    TrainConfig,
)  # fmt: skip

__all__ = [
    "AdaptiveConfig", "CaptureConfig", "ConstraintsConfig", "DarkeningConfig", "DataConfig", "DenoiseConfig",
    "DimmingConfig", "DownstreamConfig", "ExamplesConfig", "ExposureEstimatorConfig", "FinetuneConfig", "HazeConfig",
    "JointConfig", "JointWeights", "LatticeConfig", "LossWeights", "LowLightNoiseConfig", "OptimizerConfig",
    "RainConfig", "TrainConfig",
]  # fmt: skip
