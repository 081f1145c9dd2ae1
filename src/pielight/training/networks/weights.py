"""Weights of networks, read from safetensors files."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pielight.errors import ConfigError, ModelError
from pielight.training.export.model_files import stored_settings
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.schema import ExposureConfig
from pielight.training.schema.config_file import validate

JOINT = "joint"
"""Key under which a file of joint training holds the settings of that."""


def read_exposure_net(path: Path) -> tuple[ExposureNet, ExposureConfig]:
    """Read a network of exposure maps, in evaluation mode, and what it was trained with.

    Raises:
        ModelError: if the file is missing, damaged, or holds another network.
    """
    weights = read_weights(path)
    try:
        values = stored_settings(path)
        if values.get("recipe") != ExposureConfig.recipe:
            raise ConfigError("light-enhancement curves or another task")
        config = validate(ExposureConfig, {key: value for key, value in values.items() if key != JOINT}, warn=False)
    except (SafetensorError, OSError, KeyError, ValueError, AttributeError, ConfigError) as error:
        why = str(error).splitlines()[0][:80]
        raise ModelError(f"{path}: holds no exposure map ({why}); make one with `pielight train`") from None
    network = ExposureNet(config.width)
    fill(network, weights, path)
    return network.eval(), config


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file, which holds no code.

    Raises:
        ModelError: if it is missing, damaged, or of another kind.
    """
    if path.suffix != ".safetensors":
        raise ModelError(f"{path}: weights should be a .safetensors file, which holds no code")
    if not path.is_file():
        raise ModelError(f"{path}: no such file of weights")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged weights ({str(error)[:80]})") from None


def fill(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Load weights into a network.

    Raises:
        ModelError: if they are another network's.
    """
    expected = network.state_dict()
    for key in (*expected, *state):
        if key not in state or key not in expected:
            raise ModelError(f"{path}: weights of another network; {'lacks' if key in expected else 'has'} {key}")
        if state[key].shape != expected[key].shape:
            shape = tuple(expected[key].shape)
            raise ModelError(f"{path}: {key} has the shape {tuple(state[key].shape)}; expected {shape}")
    network.load_state_dict(state)
