"""The enhancer as a torch module: differentiable, with pretrained weights, for pictures of any size."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from huggingface_hub import ModelCard, PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.constants import SAFETENSORS_SINGLE_FILE
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pielight.core.color_torch import smooth_step
from pielight.errors import ModelError, OptionError
from pielight.inference.descriptor import kinds_for
from pielight.models import find, shipped
from pielight.nn.apply_curves import apply_curves
from pielight.nn.apply_exposure import apply_exposure
from pielight.nn.predict_exposure import ceilings, predict_exposure
from pielight.ops.exposure_gate import BLOCKS, DARK, ENOUGH, LIT
from pielight.ops.thumbnail_torch import thumbnail
from pielight.options import BRIGHTEN, HIGHLIGHTS, check_highlights, check_strength
from pielight.training.export.model_files import stored_settings
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.networks.lattice_net import LatticeNet
from pielight.training.schema import LatticeConfig
from pielight.training.schema.config_file import validate

EXPOSURE = "exposure_map"
_KINDS = (EXPOSURE, "curve_lattice")
_SIZE = 256  # of the thumbnail, where a configuration names none
_PREFIX = "network."
_HUB_OPTIONS = {"revision", "token", "cache_dir", "force_download", "local_files_only"}
_CARD = """---
{{ card_data }}
---

# {{ name }}: low-light enhancement

A pielight model: a small network sees a thumbnail and returns a map of exposures or a lattice of
light-enhancement curves, which is applied to the picture (PIE, IJCV 2024; Zero-DCE, CVPR 2020).

```python
from pielight.nn import Enhance
enhance = Enhance.from_pretrained("this folder or repository")  # (N, 3, H, W) in [0, 1] -> the same
```

- Trained on: {{ training_data or "not stated" }}
- License: {{ license or "not stated; that of the training data applies" }}
"""


class Enhance(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="pielight",
    tags=["low-light-enhancement", "image-to-image"],
    pipeline_tag="image-to-image",
    model_card_template=_CARD,
):
    """Brightens pictures that are too dark, with gradients to the pictures and to the weights.

    Of a network of exposures, ``y = apply(x, u (c + N(E_c(t), s)))``: t the thumbnail of x, c its canonical exposure, s
    the picture's statistics, which pass no gradient, u the gate of the probability that x is underexposed, and
    :func:`~pielight.nn.apply_exposure.apply_exposure`. Of a network of curves, ``y = apply(x, u(t) N(t))`` with
    the exposure gate u and :func:`~pielight.nn.apply_curves.apply_curves`. Its one output has the shape of its input,
    so it works in ``nn.Sequential``, a torchvision-v2 or kornia pipeline, or the transform of a dataset.

    It can be compiled and exported with open sizes. Statistics are an operator of torch's that this package registers,
    so that a saved program of a network of exposures runs where ``pielight.nn`` is imported.

    Differs from ``pielight.enhance``: in torch and float32, without denoising. On photographs the two differ by a level
    of 255 or two.

    Args:
        iterations: Iterations of the light-enhancement curve, 1 or more.
        channels: 3: red, green and blue have curves of their own; 1: they share one.
        cell: Pixels of the thumbnail from one node of the lattice to the next: 4, 8, 16 or 32.
        width: Factor for the channels of the network, 0.1 to 8.
        size: Side of the thumbnail, a multiple of 32; of a network of exposures it is 64.
        strength: 0 (identity) to 1.5; 1 is the model's choice. Exposures take -1.5 to 1.5.
        highlights: How far bright pixels are protected, 0 to 1; None is 0.5 for curves and 0 for exposures.
        auto: Leave well-exposed pictures alone, in proportion.
        name: Name of the model, for its card.
        training_data: What it was trained on, for its card.
        license: License of the weights, for their card.
        data: Deprecated: ``training_data``.
        terms: Deprecated: ``license``.
        kind: ``"exposure_map"``, whose network has none of these but ``width``, or ``"curve_lattice"``.

    Raises:
        OptionError: An argument is out of range.
        ConfigError: One of the lattice is.

    >>> import torch
    >>> enhance = Enhance.from_pretrained("pie")
    >>> dark = torch.full((2, 3, 40, 60), 0.05)
    >>> enhance(dark).shape, bool(enhance(dark).mean() > 2 * dark.mean())
    (torch.Size([2, 3, 40, 60]), True)
    """

    def __init__(
        self,
        iterations: int = 4,
        channels: int = 3,
        cell: int = 8,
        width: float = 1.0,
        size: int = 256,
        strength: float = 1.0,
        highlights: float | None = None,
        auto: bool = True,
        name: str = "pielight",
        training_data: str = "",
        license: str = "",
        data: str | None = None,
        terms: str | None = None,
        kind: str = "curve_lattice",
    ) -> None:
        super().__init__()
        if data is not None or terms is not None:
            warnings.warn("Enhance: data is now training_data, and terms license", DeprecationWarning, stacklevel=2)
        if size < 32 or size % 32:
            raise OptionError(f"size {size}: must be a multiple of 32")
        if kind not in _KINDS:
            raise OptionError(f"kind {kind!r}: choose {', '.join(_KINDS)}")
        if check_strength(strength) < 0 and kind != EXPOSURE:
            raise OptionError(f"strength {strength}: must lie between 0 and 1.5 here; only pielight.enhance darkens")
        lattice = {"iterations": iterations, "channels": channels, "cell": cell, "width": width}
        self.network: nn.Module = (
            ExposureNet(width) if kind == EXPOSURE else LatticeNet(validate(LatticeConfig, lattice))
        )
        self.kind = kind
        if highlights is None:
            highlights = 0.0 if kind == EXPOSURE else HIGHLIGHTS
        self.size, self.strength, self.highlights, self.auto = size, strength, check_highlights(highlights), auto
        self.name, self.training_data, self.license = name, training_data or data or "", license or terms or ""

    def forward(self, pictures: Tensor) -> Tensor:
        """Enhance pictures.

        Args:
            pictures: ``(N, 3, H, W)`` or ``(3, H, W)``, floating point in [0, 1], of any precision: it is computed in
                that of the weights.

        Returns:
            The same shape and type.

        Raises:
            OptionError: The tensor has another shape or type.
        """
        if pictures.ndim not in (3, 4) or pictures.shape[-3] != 3 or not pictures.is_floating_point():
            raise OptionError(
                f"tensor of shape {tuple(pictures.shape)}, {pictures.dtype}: expected (N, 3, H, W) or (3, H, W), "
                "floating point in [0, 1]; divide uint8 by 255"
            )
        batch = (pictures if pictures.ndim == 4 else pictures[None]).to(next(self.parameters()).dtype)
        if self.kind == EXPOSURE:
            ev = self.exposure(batch)
            ceiling = ceilings(batch, (ev.shape[-2], ev.shape[-1])) if self.highlights > 0 else None
            enhanced = apply_exposure(batch, ev, self.strength, self.highlights, ceiling)
        else:
            enhanced = apply_curves(batch, self.curves(batch), self.strength, self.highlights)
        enhanced = enhanced.to(pictures.dtype)
        return enhanced if pictures.ndim == 4 else enhanced[0]

    def curves(self, pictures: Tensor) -> Tensor:
        """Return the curve parameters ``(N, 3 * iterations, h, w)`` of pictures ``(N, 3, H, W)``.

        Raises:
            OptionError: The network is one of exposures.
        """
        if self.kind == EXPOSURE:
            raise OptionError("curves: this network predicts exposures; use exposure()")
        small = thumbnail(pictures, self.size)
        alphas: Tensor = self.network(small)
        return alphas * exposure_gate(small)[:, None, None, None] if self.auto else alphas

    def exposure(self, pictures: Tensor) -> Tensor:
        """Return the exposures in stops ``(N, 1, h, w)`` of pictures ``(N, 3, H, W)``.

        Raises:
            OptionError: The network is one of curves.
        """
        if self.kind != EXPOSURE:
            raise OptionError("exposure: this network predicts curves; use curves()")
        return predict_exposure(self.network, pictures, self.auto)

    def extra_repr(self) -> str:
        """Return the options, as ``print(module)`` shows them."""
        return f"size={self.size}, strength={self.strength}, highlights={self.highlights}, auto={self.auto}"

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path = "pie", **options: Any) -> Enhance:
        """Load a model, in evaluation mode.

        Args:
            pretrained_model_name_or_path: Name of a shipped model (``"pie"``, ``"free"``), a ``.safetensors`` file that
                ``pielight train`` wrote, a folder of :meth:`save_pretrained`, or the name of a repository on the
                Hugging Face Hub.
            options: ``strength``, ``highlights``, ``auto``; and what
                :meth:`huggingface_hub.PyTorchModelHubMixin.from_pretrained` takes (``revision``, ``token``, ...).

        Raises:
            ModelError: The weights are missing, damaged, or another network's.
            OptionError: An option is out of range.
        """
        name = str(pretrained_model_name_or_path)
        brightening = ", ".join(sorted(each for kind in kinds_for(BRIGHTEN) for each in kind.shipped))
        if name in shipped() and name not in brightening.split(", "):
            raise ModelError(f"{name}: no model that brightens; choose one of {brightening}")
        if "/" not in name and not name.endswith(".safetensors") and name not in shipped() and not Path(name).is_dir():
            raise ModelError(
                f"{name}: no folder of save_pretrained and no shipped model ({brightening}); a repository on the "
                "Hugging Face Hub is named owner/name"
            )
        if name in shipped() or name.endswith(".safetensors"):
            path = find(name).path.with_suffix(".safetensors") if name in shipped() else Path(name)
            return cls._from_training(path, **{key: options[key] for key in options if key not in _HUB_OPTIONS})
        try:
            model: Enhance = super().from_pretrained(name, **options)
        except (ModelError, OptionError):
            raise
        except (OSError, ValueError, TypeError) as error:  # the hub's errors derive from these
            raise ModelError(
                f"{name}: no folder of save_pretrained, no repository on the Hugging Face Hub "
                f"({_brief(error)}), and no shipped model ({brightening})"
            ) from None
        return model

    @classmethod
    def _from_training(cls, path: Path, **options: Any) -> Enhance:
        """Load weights with the configuration that ``pielight train`` keeps in their metadata."""
        if not path.is_file():
            raise ModelError(f"{path}: no such file of weights")
        try:
            values = stored_settings(path)
            lattice, size = values.get("lattice", {}), values.get("data", {}).get("size", _SIZE)
            if values.get("recipe") == "exposure":
                lattice, size = {"kind": EXPOSURE, "width": values.get("width", 1.0)}, _SIZE
            card = {"name": path.stem, **{key: str(values.get(key, "")) for key in ("training_data", "license")}}
            model = cls(**{**lattice, "size": size, **card, **options})
        except OptionError:
            raise
        except (SafetensorError, OSError, KeyError, AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not the weights of an enhancer that pielight trained ({error})") from None
        return model._loaded(path)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        map_location: str = "cpu",
        strict: bool = True,
        **options: Any,
    ) -> Enhance:
        """Load the file of a folder or of the hub; the mixin's own would fall back to pickles, and prints."""
        path = Path(model_id) / SAFETENSORS_SINGLE_FILE
        if not Path(model_id).is_dir():
            path = Path(
                hf_hub_download(
                    model_id, SAFETENSORS_SINGLE_FILE, revision=revision, cache_dir=cache_dir,
                    force_download=force_download, local_files_only=local_files_only, token=token,
                )
            )  # fmt: skip
        return cls(**options)._loaded(path).to(map_location)

    def _loaded(self, path: Path) -> Enhance:
        try:
            self.load_state_dict({_PREFIX + key.removeprefix(_PREFIX): value for key, value in load_file(path).items()})
        except (SafetensorError, OSError, RuntimeError) as error:
            raise ModelError(f"{path}: damaged, or the weights of another network ({_brief(error)})") from None
        return self.eval()

    def generate_model_card(self, *arguments: Any, **values: Any) -> ModelCard:
        """Return the card of :meth:`save_pretrained`, with the training data and the license of the weights."""
        return super().generate_model_card(
            *arguments, **{"name": self.name, "training_data": self.training_data, "license": self.license, **values}
        )


def exposure_gate(thumbnails: Tensor) -> Tensor:
    """Return what share of its enhancement a picture needs: :mod:`pielight.ops.exposure_gate` for tensors.

    ``S(d; 0, 0.2)``, ``d = mean(clip((0.25 - b) / 0.2, 0, 1))``: b the mean brightness of each of 32 x 32 blocks, S the
    smooth step.

    Args:
        thumbnails: ``(N, 3, S, S)`` in [0, 1], S a multiple of 32.

    Returns:
        ``(N,)`` in [0, 1].

    >>> import torch
    >>> exposure_gate(torch.stack([torch.full((3, 64, 64), 0.05), torch.full((3, 64, 64), 0.5)])).tolist()
    [1.0, 0.0]
    """
    blocks = F.avg_pool2d(thumbnails.mean(1, keepdim=True), thumbnails.shape[-1] // BLOCKS)
    dark = ((LIT - blocks) / (LIT - DARK)).clamp(0, 1).mean((1, 2, 3))
    return smooth_step(dark, 0.0, ENOUGH)


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
