"""Curves and denoising together: what every door does to pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.errors import ModelError
from pielight.inference.denoise_network import DenoiseNetwork
from pielight.inference.denoise_plan import plan
from pielight.models import DENOISER, find
from pielight.ops.haze_lattice import Lattice
from pielight.options import Denoise, check_denoise

Apply = Callable[..., Pixels]  # of pielight.ops.apply.apply, with strength, highlights and out by name

_lock = threading.Lock()


def render(
    apply: Apply,
    pixels: Pixels,
    lattice: Lattice,
    strength: float,
    highlights: float,
    denoise: Denoise,
    denoiser: DenoiseNetwork,
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Apply curves to a picture and take out the noise that they make visible.

    Args:
        apply: What applies a lattice of curves.
        pixels: (H, W, 1 or 3): uint8, uint16, or floats in [0, 1].
        lattice: The curves.
        strength: -1.5 to 1.5; 0 is the identity, bit for bit, whatever the noise.
        highlights: 0 to 1.
        denoise: ``"auto"``, or 0 to 1.
        denoiser: The network that takes noise out; a damaged one is told even if there is no noise.
        threads: Threads; None takes every core that the process may use.
        out: Where to put the result; may be ``pixels`` itself.

    Returns:
        ``out``, or a new array like ``pixels``.

    Raises:
        ModelError: The network is damaged, or of another kind.
        PielightError: The array is not a picture, or an argument is out of range.
    """

    def curve(means: NDArray[Any]) -> NDArray[Any]:
        return apply(means, lattice, strength=strength, highlights=highlights, out=means)

    wanted = None
    if check_denoise(denoise) != 0 and strength != 0:
        denoiser.open()
        wanted = plan(pixels, curve, denoise, threads)  # now, since ``out`` may be the picture
    result = apply(pixels, lattice, strength=strength, highlights=highlights, out=out)
    if wanted is not None:
        denoiser.subtract(result, wanted)
    return result


def network(model: str | Path | None, threads: int | None) -> DenoiseNetwork:
    """Find a denoising network; callers with one file and number of threads share it as long as the file is the same.

    Args:
        model: Path of an ONNX file; None is the network that comes with pielight.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: There is no such file.

    >>> network(None, 1) is network("denoise", 1)
    True
    """
    path = find(model, DENOISER).path
    try:
        state = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    with _lock:  # else several threads at once would each make one
        return _network(path, (state.st_mtime_ns, state.st_size), threads)


@lru_cache(maxsize=8)
def _network(path: Path, _: tuple[int, int], threads: int | None) -> DenoiseNetwork:
    return DenoiseNetwork(path, threads)
