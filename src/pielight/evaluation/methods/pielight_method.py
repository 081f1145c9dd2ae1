"""pielight itself as a method: any model, task and options."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pielight.enhancer import Enhancer
from pielight.errors import ConfigError, PielightError
from pielight.evaluation.methods.spec import Enhance, MethodKind, OpenStream, Spec
from pielight.inference.descriptor import describe, find_model, kind_for, kinds_for
from pielight.options import BRIGHTEN, TASKS, EnhanceOptions, parse_balance, parse_denoise

_USAGE = (
    "pielight[:task=dehaze|derain,model=FILE.onnx,strength=S,highlights=H,denoise=auto|D,"
    "denoise_model=FILE.onnx,auto=on|off,preset=NAME,target=EV,black=B,warmth=auto|W,tint=auto|T,"
    "frames=stream|single]"
)
_NUMBERS = ("strength", "highlights", "target", "black")
_NAMES = (*_NUMBERS, "model", "denoise", "denoise_model", "auto", "task", "preset", "warmth", "tint", "frames")


class Arguments(NamedTuple):
    """The settings of a ``pielight`` method.

    Attributes:
        model: Name of a shipped model or path of an ONNX file; None is the default model.
        denoise_model: Path of an ONNX file; None is the shipped denoiser.
        task: What pictures are restored from.
        options: The other settings.
        is_stream: Whether the frames of a film are enhanced as one stream, not each by itself.
    """

    model: str | None
    denoise_model: str | None
    task: str
    options: EnhanceOptions
    is_stream: bool = True


def arguments(spec: Spec) -> Arguments:
    """Return the settings of a ``pielight`` method, checked; ConfigError if one is unknown or invalid.

    >>> options = arguments(Spec("", "", "pielight", "strength=0.8,auto=off,target=0.5")).options
    >>> options.strength, options.auto, options.target_ev
    (0.8, False, 0.5)
    """
    given = spec.settings(spec.parts(), _NAMES, _USAGE)
    auto, task, frames = given.get("auto"), given.get("task", BRIGHTEN), given.pop("frames", "stream")
    if frames not in ("stream", "single"):
        raise spec.error("frames is stream or single")
    if auto not in ("on", "off", None):
        raise spec.error("auto is on or off")
    if task not in TASKS:
        raise spec.error(f"task is one of {', '.join(TASKS)}")
    chosen: dict[str, Any] = {_keyword(name): spec.number(name, given[name]) for name in _NUMBERS if name in given}
    try:
        every = frozenset.union(*(kind.options for kind in kinds_for(BRIGHTEN)))
        kind_for(task, given.get("model") or None).check_options(
            **{_keyword(name): _keyword(name) in every for name in given}
        )
        chosen |= {name: parse_balance(name, given[name]) for name in ("warmth", "tint") if name in given}
        if "denoise" in given:
            chosen["denoise"] = parse_denoise(given["denoise"])
        options = EnhanceOptions.of(given.get("preset"), auto=None if auto is None else auto == "on", **chosen)
        options = replace(options, auto=options.is_gated)
    except ConfigError:
        raise
    except PielightError as error:
        raise spec.error(str(error)) from None
    if given.get("denoise_model") and options.denoise == 0:
        raise spec.error("denoise_model is for denoise=auto, or a number above 0")
    return Arguments(given.get("model") or None, given.get("denoise_model") or None, task, options, frames == "stream")


def _keyword(name: str) -> str:
    """Return the attribute of EnhanceOptions that a setting fills."""
    return "target_ev" if name == "target" else name


def _files(spec: Spec) -> list[Path]:
    chosen = arguments(spec)
    paths = [find_model(chosen.task, chosen.model).path]
    if chosen.options.denoise != 0 and "denoise" in kind_for(chosen.task, chosen.model).options:
        paths.append(describe("denoise").find(chosen.denoise_model).path)
    return paths


def _enhancer(spec: Spec) -> Enhance:
    chosen = arguments(spec)
    enhancer = _opened(chosen)
    return lambda pixels: enhancer(pixels, options=chosen.options)


def _stream(spec: Spec) -> OpenStream | None:
    chosen = arguments(spec)
    if not chosen.is_stream:
        return None
    enhancer = _opened(chosen)
    return lambda fps: enhancer.frame_enhancer(chosen.options, fps=fps)


def _opened(chosen: Arguments) -> Enhancer:
    gated, denoise_model = chosen.options.is_gated, chosen.denoise_model
    return Enhancer(chosen.model, threads=1, auto=gated, denoise_model=denoise_model, task=chosen.task)


PIELIGHT = MethodKind(_USAGE, _enhancer, "optional", _files, stream=_stream)
