"""The model that fine-tuning starts from: the weights and settings of one that ``pielight train`` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from pielight.errors import ConfigError, ModelError
from pielight.inference.descriptor import find_model
from pielight.models import Model
from pielight.options import BRIGHTEN
from pielight.training.checkpoint import load_state
from pielight.training.export.model_files import stored_settings
from pielight.training.networks.dce_net import build
from pielight.training.schema import TrainConfig
from pielight.training.schema.config_file import validate


@dataclass(frozen=True)
class Start:
    """A trained model, ready to be trained on."""

    model: Model
    network: nn.Module
    config: TrainConfig
    """What it was trained with."""


def read_start(name_or_path: str | Path | None) -> Start:
    """Read a shipped model or a user's own, whose weights and settings lie beside the ONNX file as NAME.safetensors.

    Raises:
        ModelError: if there is no such model, or it is none that ``pielight train`` wrote.

    >>> read_start("pie").config.network
    'lattice'
    """
    model = find_model(BRIGHTEN, name_or_path)
    model.verify()
    path = model.path.with_suffix(".safetensors")
    if not path.is_file():
        raise ModelError(
            f"{model.path}: cannot be fine-tuned without {path.name} beside it, which `pielight train` writes"
        )
    try:
        weights, config = load_file(path), validate(TrainConfig, stored_settings(path))
        if config.task != TrainConfig.task:  # one of somebody's own would run their code
            raise ConfigError(f"its task is {config.task}")
        network = build(config.network, config.lattice)
    except (SafetensorError, OSError, KeyError, ValueError, AttributeError, ConfigError) as error:
        why = str(error).splitlines()[0][:80]
        raise ModelError(
            f"{path}: cannot be fine-tuned; it is no brightening model of `pielight train` ({why})"
        ) from None
    load_state(network, weights, path)
    return Start(model, network.eval(), config)
