"""Features: a frozen ImageNet VGG16 up to relu4_3, from either of its two public kinds of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.download import Remote, fetch
from pielight.errors import ModelError

Kind = Literal["torchvision", "caffe"]

DOWNLOAD, RANDOM = "download", "random"
PUBLIC = Remote(
    "torchvision's VGG16", "https://download.pytorch.org/models/vgg16-397923af.pth", 553_433_881,
    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
)  # fmt: skip

# (index in torchvision's vgg16().features, channels in, channels out); None is a 2 x 2 max pooling
_LAYERS = ((0, 3, 64), (2, 64, 64), None, (5, 64, 128), (7, 128, 128), None, (10, 128, 256), (12, 256, 256),
           (14, 256, 256), None, (17, 256, 512), (19, 512, 512), (21, 512, 512))  # fmt: skip
_TAPS = {2: "relu1_2", 7: "relu2_2", 14: "relu3_3", 21: "relu4_3"}
GRAM_LAYERS = ("relu1_2", "relu2_2", "relu3_3")
# The first biases of the first layer tell the two kinds apart (copies of one kind differ by less than 0.1).
_FIRST_BIASES: dict[Kind, tuple[float, ...]] = {
    "torchvision": (0.4034, 0.3778, 0.4644, -0.3228),
    "caffe": (0.7344, 0.0934, 0.0677, 0.8862),
}


class VGGFeatures(nn.Module):
    """VGG16 (Simonyan and Zisserman, 2015) as a frozen reader of texture and content.

    Args:
        state: Weights under torchvision's ``features`` key names, ``0.weight`` to ``21.bias``.
        kind: ``"torchvision"`` wants RGB standardized by ImageNet's mean and deviation; ``"caffe"`` wants BGR in
            0..255 minus (103.939, 116.779, 123.68). The module takes RGB in [0, 1] and converts.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, state: Mapping[str, Tensor], kind: Kind) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict()
        for layer in _LAYERS:
            if layer is not None:
                index, inputs, outputs = layer
                # Draws nothing, so that a seed gives the same first weights to runs with and without features.
                convolution = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, padding=1)
                convolution.load_state_dict({part: state[f"{index}.{part}"].float() for part in ("weight", "bias")})
                self.convolutions[str(index)] = convolution
        if kind == "torchvision":
            mean, scale = torch.tensor([0.485, 0.456, 0.406]), 1 / torch.tensor([0.229, 0.224, 0.225])
        else:
            mean, scale = torch.tensor([123.68, 116.779, 103.939]) / 255, torch.full((3,), 255.0)
        self.flip = kind == "caffe"
        self.register_buffer("mean", mean.view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", scale.view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)
        self.eval()

    def forward(self, pictures: Tensor, last: str = "relu4_3") -> dict[str, Tensor]:
        """Return the features of RGB pictures ``(N, 3, H, W)`` in [0, 1], by layer name, up to ``last``."""
        x = (pictures - self.mean) * self.scale
        x = x.flip(1) if self.flip else x
        features: dict[str, Tensor] = {}
        for layer in _LAYERS:
            if layer is None:
                x = F.max_pool2d(x, 2)
                continue
            x = F.relu(self.convolutions[str(layer[0])](x))
            name = _TAPS.get(layer[0])
            if name is not None:
                features[name] = x
                if name == last:
                    break
        return features


def check_features(path: str | Path | None) -> None:
    """Check, before any work, that VGG16 is named and can be had; nothing is read or downloaded.

    Raises:
        ModelError: if nothing is named, or a file that is not there.
    """
    if path is None:
        raise ModelError(
            "the losses need VGG16, and features names none: say --features FILE (torchvision's weights or Caffe's), "
            f"--features {DOWNLOAD} (torchvision's, {PUBLIC.offer}) or, to try things out, --features {RANDOM}"
        )
    if str(path) not in (DOWNLOAD, RANDOM) and not Path(path).is_file():
        raise ModelError(f"{path}: no such file of VGG16 weights")


def load_features(path: str | Path | None, log: Callable[[str], None] = lambda _: None) -> VGGFeatures:
    """Load VGG16 from a file of either kind.

    Args:
        path: A ``.pth`` file; ``"download"`` is torchvision's public one, fetched into torch's hub folder unless it is
            there; ``"random"`` gives seeded random weights, which is enough to see whether everything runs.

    Raises:
        ModelError: if none is named, or the file is missing, damaged, of no known kind, or cannot be downloaded.
    """
    check_features(path)
    if path == RANDOM:
        return VGGFeatures(_random_state(), "torchvision")
    path = fetch(PUBLIC, Path(torch.hub.get_dir()) / "checkpoints", log) if path == DOWNLOAD else Path(str(path))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for a damaged or unsafe file
        raise ModelError(f"{path}: not a safe PyTorch file ({type(error).__name__})") from None
    if not isinstance(state, dict):
        raise ModelError(f"{path}: not VGG16 weights, but a {type(state).__name__}")
    state = {str(key).removeprefix("features."): value for key, value in state.items()}
    for index, inputs, outputs in filter(None, _LAYERS):
        for key, shape in ((f"{index}.weight", (outputs, inputs, 3, 3)), (f"{index}.bias", (outputs,))):
            if not isinstance(state.get(key), Tensor) or state[key].shape != shape:
                raise ModelError(f"{path}: not VGG16 weights; {key} should have the shape {shape}")
    try:
        return VGGFeatures(state, features_kind(state))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def features_kind(state: Mapping[str, Tensor]) -> Kind:
    """Tell torchvision's VGG16 weights from the Caffe ones by the first biases.

    Raises:
        ModelError: if they are neither.

    >>> features_kind({"0.bias": torch.tensor([0.4034, 0.3778, 0.4644, -0.3228])})
    'torchvision'
    """
    first = state["0.bias"].flatten()[:4].float()
    for kind, biases in _FIRST_BIASES.items():
        if len(first) == 4 and bool((first - torch.tensor(biases)).abs().max() < 0.15):
            return kind
    raise ModelError("VGG16 weights of an unknown kind; bring torchvision's or the Caffe/Keras ones")


def _random_state() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    state = {}
    for layer in _LAYERS:
        if layer is not None:
            index, inputs, outputs = layer
            state[f"{index}.weight"] = (
                torch.randn(outputs, inputs, 3, 3, generator=generator) * (2 / (9 * inputs)) ** 0.5
            )
            state[f"{index}.bias"] = torch.zeros(outputs)
    return state
