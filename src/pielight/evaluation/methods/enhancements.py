"""What each kind of method does to a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pielight.errors import ConfigError
from pielight.evaluation.datasets.pictures import Pixels
from pielight.evaluation.methods.specs import Spec, file_and_multiple, number, settings

Enhance = Callable[[Pixels], Pixels]


def enhancement(spec: Spec) -> Enhance:
    """Return what a method does to ``(H, W, 3)`` uint8 pictures, one thread each.

    Raises:
        PielightError: A setting makes no sense, or a model cannot be opened.
    """
    if spec.kind == "pielight":
        from pielight.enhancer import Enhancer

        how = settings(spec)
        enhancer = Enhancer(how.model, threads=1, auto=how.auto, denoise_model=how.denoise_model, task=how.task)
        return lambda pixels: enhancer(pixels, how.strength, how.highlights, denoise=how.denoise)
    if spec.kind == "dce":
        from pielight.training.networks.public_checkpoints import published

        return published(Path(spec.argument))
    if spec.kind == "onnx":
        from pielight.evaluation.methods.onnx_method import network

        return network(*file_and_multiple(spec))
    if spec.kind == "identity":
        return lambda pixels: pixels
    if spec.kind == "lime":
        from pielight.evaluation.methods.lime import lime

        return lime
    if spec.kind == "dcp":
        from pielight.evaluation.methods.dark_channel import dark_channel_prior

        return dark_channel_prior
    if spec.kind == "dir":
        raise ConfigError(f"{spec.text}: makes no pictures of its own")
    from pielight.evaluation.methods import classic

    if spec.kind == "gamma":
        exponent = number(spec, "exponent", spec.argument) if spec.argument else classic.GAMMA
        if not 0 < exponent < 100:
            raise ConfigError(f"{spec.text}: the exponent must be above 0; 0.45 brightens")
        return lambda pixels: classic.gamma(pixels, exponent)
    return {
        "clahe": classic.clahe, "equalize": classic.equalize, "median": classic.median, "guided": classic.guided,
    }[spec.kind]  # fmt: skip
