"""The enhancer as a torch module: differentiable, with pretrained weights, for pictures of any size."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.constants import SAFETENSORS_SINGLE_FILE
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pielight.errors import ModelError, OptionError
from pielight.inference.descriptor import kinds_for
from pielight.models import find, shipped
from pielight.nn.apply_exposure import apply_exposure
from pielight.nn.predict_exposure import ceilings, predict_exposure
from pielight.options import BRIGHTEN, check_highlights, check_strength
from pielight.training.export.model_files import stored_settings
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.schema import ExposureConfig

_PREFIX = "network."
_HUB_OPTIONS = {"revision", "token", "cache_dir", "force_download", "local_files_only"}
_CARD = """---
{{ card_data }}
---

# {{ name }}: low-light enhancement

A pielight model: a small network sees a thumbnail and returns a map of exposures, which is applied to the picture
(learned by the constraints of PIE, IJCV 2024).

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

    ``y = apply(x, u max(0, c + N(E_c(t), s)))``: t the thumbnail of x, c its canonical exposure in stops, ``E_c(t)``
    the thumbnail exposed by c (:func:`~pielight.ops.exposure.exposure_curve`), N the network, s the picture's
    statistics, which pass no gradient, u the gate of the probability that x is underexposed, and ``apply``
    :func:`~pielight.nn.apply_exposure.apply_exposure`. Its one output has the shape of its input,
    so it works in ``nn.Sequential``, a torchvision-v2 or kornia pipeline, or the transform of a dataset.

    It can be compiled and exported with open sizes. Statistics are an operator of torch's that this package registers,
    so that a saved program runs where ``pielight.nn`` is imported.

    Differs from ``pielight.enhance``: in torch and float32, without denoising. On photographs as floats the two differ
    by a level of 255 or two. Of small uint8 ones, with a shorter side below 256, ``enhance`` rounds the thumbnail to 8
    bits: the two differ by up to 5 levels.

    Args:
        width: Factor for the channels of the network, 0.1 to 8.
        strength: -1.5 (darker) to 1.5; 0 is the identity, 1 the model's choice.
        highlights: How far bright parts are held, 0 to 1.
        auto: Leave well-exposed pictures alone, in proportion.
        name: Name of the model, for its card.
        training_data: What it was trained on, for its card.
        license: License of the weights, for their card.
        data: Deprecated: ``training_data``.
        terms: Deprecated: ``license``.

    Raises:
        OptionError: An argument is out of range.

    >>> import torch
    >>> enhance = Enhance.from_pretrained("pie")
    >>> dark = torch.full((2, 3, 40, 60), 0.05)
    >>> enhance(dark).shape, bool(enhance(dark).mean() > 2 * dark.mean())
    (torch.Size([2, 3, 40, 60]), True)
    """

    def __init__(
        self,
        width: float = 1.0,
        strength: float = 1.0,
        highlights: float = 0.0,
        auto: bool = True,
        name: str = "pielight",
        training_data: str = "",
        license: str = "",
        data: str | None = None,
        terms: str | None = None,
    ) -> None:
        super().__init__()
        if data is not None or terms is not None:
            warnings.warn("Enhance: data is now training_data, and terms license", DeprecationWarning, stacklevel=2)
        if not 0.1 <= width <= 8:
            raise OptionError(f"width {width}: must lie between 0.1 and 8")
        self.network: nn.Module = ExposureNet(width)
        self.strength, self.highlights, self.auto = check_strength(strength), check_highlights(highlights), auto
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
        ev = self.exposure(batch)
        ceiling = ceilings(batch, (ev.shape[-2], ev.shape[-1])) if self.highlights > 0 else None
        enhanced = apply_exposure(batch, ev, self.strength, self.highlights, ceiling).to(pictures.dtype)
        return enhanced if pictures.ndim == 4 else enhanced[0]

    def exposure(self, pictures: Tensor) -> Tensor:
        """Return the exposures in stops ``(N, 1, h, w)`` of pictures ``(N, 3, H, W)``."""
        return predict_exposure(self.network, pictures, self.auto)

    def extra_repr(self) -> str:
        """Return the options, as ``print(module)`` shows them."""
        return f"strength={self.strength}, highlights={self.highlights}, auto={self.auto}"

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
            if values.get("recipe") != ExposureConfig.recipe:
                raise KeyError("no exposure map")
            card = {"name": path.stem, **{key: str(values.get(key, "")) for key in ("training_data", "license")}}
            model = cls(**{"width": values.get("width", 1.0), **card, **options})
        except OptionError:
            raise
        except (SafetensorError, OSError, KeyError, AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not the weights of an exposure map that pielight trained ({error})") from None
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


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
