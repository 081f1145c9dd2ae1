"""The model that fine-tuning starts from: the weights and settings of one that ``pielight train`` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pielight.errors import ModelError
from pielight.inference.descriptor import find_model, kind_of
from pielight.inference.onnx_graph import output_names
from pielight.models import Model
from pielight.options import BRIGHTEN
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.networks.weights import read_exposure_net
from pielight.training.schema import ExposureConfig

_KIND = "exposure_map"


@dataclass(frozen=True)
class Start:
    """A trained model, ready to be trained on."""

    model: Model
    network: ExposureNet
    config: ExposureConfig
    """What it was trained with."""


def read_start(name_or_path: str | Path | None) -> Start:
    """Read a shipped model or a user's own, whose weights and settings lie beside the ONNX file as NAME.safetensors.

    Args:
        name_or_path: None is the default model.

    Raises:
        ModelError: if there is no such model, or it is no exposure map that ``pielight train`` wrote.
    """
    model = find_model(BRIGHTEN, name_or_path)
    model.verify()
    kind = kind_of(output_names(model.path))
    if kind is not None and kind.kind != _KIND:
        raise ModelError(
            f"{model.path}: a {kind.kind} is not fine-tuned; start from an exposure map, which `pielight train` makes"
        )
    path = model.path.with_suffix(".safetensors")
    if not path.is_file():
        raise ModelError(
            f"{model.path}: cannot be fine-tuned without {path.name} beside it, which `pielight train` writes"
        )
    return Start(model, *read_exposure_net(path))
