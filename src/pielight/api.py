"""The default model's enhancer, which all callers share, in one call."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, overload

from numpy.typing import NDArray
from PIL import Image

from pielight.enhancer import Enhancer
from pielight.inference.descriptor import BRIGHTEN
from pielight.options import HIGHLIGHTS, Denoise

Array = NDArray[Any]

_enhancers: dict[str, Enhancer] = {}
_lock = threading.Lock()


def _default_enhancer(task: str) -> Enhancer:
    with _lock:
        if task not in _enhancers:
            _enhancers[task] = Enhancer(task=task)
        return _enhancers[task]


@overload
def enhance(
    image: str | Path,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
    output: str | Path | None = None,
    preserve_times: bool = False,
) -> Path: ...
@overload
def enhance(
    image: bytes,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
) -> bytes: ...
@overload
def enhance(
    image: Image.Image,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
) -> Image.Image: ...
@overload
def enhance(
    image: Array,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
) -> Array: ...


def enhance(
    image: str | Path | bytes | Image.Image | Array,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
    output: str | Path | None = None,
    preserve_times: bool = False,
) -> Path | bytes | Image.Image | Array:
    """Brighten a picture with the default model, or take haze or rain out; see :meth:`Enhancer.__call__`.

    Arrays are RGB; an array ``bgr`` of OpenCV's is brightened by ``enhance(bgr[..., ::-1])[..., ::-1]``. The default
    weights are for research use only (``Enhancer("free")`` has others).

    ``denoise_model`` is the path of an ONNX file with the network that takes noise out; None is the one that comes with
    pielight. ``task`` is ``"brighten"``, ``"dehaze"`` or ``"derain"``.

    >>> enhance(Image.new("L", (5, 4), 30)).mode
    'L'
    >>> import numpy
    >>> bgr = numpy.full((4, 5, 3), (20, 30, 40), numpy.uint8)
    >>> bool((enhance(bgr[..., ::-1])[..., ::-1] > bgr).all())
    True
    """
    enhancer: Any = _default_enhancer(task)  # the overloads above say which kind returns which
    if denoise_model is not None:
        enhancer = enhancer.with_denoiser(denoise_model)
    result: Path | bytes | Image.Image | Array = enhancer(
        image, strength, highlights, denoise=denoise, output=output, preserve_times=preserve_times
    )
    return result
