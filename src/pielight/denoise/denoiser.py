"""Curves and denoising together: what every door does to pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from pielight.curves.lattice import CurveLattice
from pielight.curves.pixels import Pixels
from pielight.denoise.network import DenoiseNetwork
from pielight.denoise.plan import Denoise, check_denoise, plan
from pielight.models import DENOISER, find

Apply = Callable[..., Pixels]  # of pielight.curves.apply.apply, with strength, highlights and out by name

_shipped: dict[int | None, DenoiseNetwork] = {}
_lock = threading.Lock()


def render(
    apply: Apply,
    pixels: Pixels,
    lattice: CurveLattice,
    strength: float,
    highlights: float,
    denoise: Denoise,
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
        threads: Threads; None takes every core that the process may use.
        out: Where to put the result; may be ``pixels`` itself.

    Returns:
        ``out``, or a new array like ``pixels``.

    Raises:
        PielightError: The array is not a picture, or an argument is out of range.
    """

    def curve(means: NDArray[Any]) -> NDArray[Any]:
        return apply(means, lattice, strength=strength, highlights=highlights, out=means)

    wanted = None
    if check_denoise(denoise) != 0 and strength != 0:
        wanted = plan(pixels, curve, denoise, threads)  # now, since ``out`` may be the picture
    result = apply(pixels, lattice, strength=strength, highlights=highlights, out=out)
    if wanted is not None:
        shipped(threads).subtract(result, wanted)
    return result


def shipped(threads: int | None) -> DenoiseNetwork:
    """Return the denoising network that comes with pielight, one for each number of threads.

    >>> shipped(1) is shipped(1)
    True
    """
    with _lock:  # else several threads at once would each make one
        if threads not in _shipped:
            _shipped[threads] = DenoiseNetwork(find(DENOISER).path, threads)
        return _shipped[threads]
