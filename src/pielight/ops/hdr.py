"""The transfer functions of HDR (ITU-R BT.2100), exposure of their values, and what they look like in SDR.

Light here is that of a display with a peak of 1000 cd/m2, which is 1; HDR's reference white, 203 cd/m2 (BT.2408), is
0.203, an HLG signal of 75 % and a PQ signal of 58 %. Exposure is that of SDR, with its shoulder at the peak and not at
white: ``T(E_k(T^-1(x)))``, T the encoding. SDR is shown by ``E_m``, m = 1000 / 203, of the same family: dark parts keep
their brightness, and the peak becomes white. Exposures add, so that ``E_m(E_k(l)) = E_k(E_m(l))``: a clip that is
exposed and then shown in SDR is its SDR version, exposed. So the exposure that is right for that is right here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb
from pielight.ops.exposure import expose, exposure_curve

SDR, HLG, PQ = "srgb", "hlg", "pq"
TRANSFERS = (SDR, HLG, PQ)
PEAK, WHITE = 1000.0, 203.0  # cd/m2
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073  # of HLG
_GAMMA = 1.2  # of HLG's system, from the scene to a display of that peak, for each channel alone
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # of PQ
_PQ_PEAK = 10_000.0
_LEVELS = 1 << 16
_TO_BT709 = np.array(  # linear light of BT.2020's primaries (BT.2087)
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)


def hdr_to_linear(signal: NDArray[Any], transfer: str) -> NDArray[np.float64]:
    """Return the light of a display: BT.2100's EOTF.

    Args:
        signal: Values in [0, 1], of any shape.
        transfer: ``"hlg"`` or ``"pq"``.

    Returns:
        Light, 1 is 1000 cd/m2: up to 1 for HLG and 10 for PQ.

    >>> hdr_to_linear(np.array([0.0, 0.75, 1.0]), "hlg").round(3).tolist()
    [0.0, 0.203, 1.0]
    >>> hdr_to_linear(np.array([0.0, 0.5807, 1.0]), "pq").round(3).tolist()
    [0.0, 0.203, 10.0]
    """
    x = np.asarray(signal, np.float64)
    if transfer == HLG:
        scene = np.where(x <= 0.5, x * x / 3, (np.exp((x - _C) / _A) + _B) / 12)
        return np.minimum(scene, 1.0) ** _GAMMA
    power = x ** (1 / _M2)
    light: NDArray[np.float64] = (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return light * (_PQ_PEAK / PEAK)


def linear_to_hdr(light: NDArray[Any], transfer: str) -> NDArray[np.float64]:
    """Return the signal of a display's light, as :func:`hdr_to_linear` takes it.

    >>> linear_to_hdr(hdr_to_linear(np.array([0.0, 0.25, 1.0]), "hlg"), "hlg").round(6).tolist()
    [0.0, 0.25, 1.0]
    """
    if transfer == HLG:
        scene = np.asarray(light, np.float64) ** (1 / _GAMMA)
        bright = _A * np.log(np.maximum(12 * scene, 1) - _B) + _C
        return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    power = (np.asarray(light, np.float64) * (PEAK / _PQ_PEAK)) ** _M1
    signal: NDArray[np.float64] = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return np.where(power == 0, 0.0, signal)


def expose_signal(signal: NDArray[Any], ev: Any, transfer: str) -> NDArray[Any]:
    """Expose values in [0, 1] of a transfer: :func:`pielight.ops.exposure.exposure_curve` of the light that they mean.

    Monotone, and light at the peak of 1000 cd/m2 stays; so does what PQ holds beyond it.

    Args:
        signal: Values, of any shape.
        ev: Exposure in stops, which fits them.
        transfer: ``"srgb"``, ``"hlg"`` or ``"pq"``.

    >>> expose_signal(np.array([0.0, 0.25, 0.75, 1.0]), 2.0, "hlg").round(3).tolist()
    [0.0, 0.44, 0.895, 1.0]
    """
    if transfer == SDR:
        return expose(signal, ev)
    light = hdr_to_linear(signal, transfer)
    within = np.minimum(light, 1.0)
    return linear_to_hdr(exposure_curve(within, ev) + (light - within), transfer)


def sdr_of(signal: NDArray[Any], transfer: str) -> NDArray[np.float64]:
    """Return what values of HDR look like in SDR, in sRGB; each value alone, so that primaries stay what they are.

    >>> sdr_of(np.array([0.0, 0.38, 0.75, 1.0]), "hlg").round(2).tolist()
    [0.0, 0.38, 0.77, 1.0]
    """
    result: NDArray[np.float64] = linear_to_srgb(_shown(signal, transfer))
    return result


def render_sdr(rgb: NDArray[Any], transfer: str) -> NDArray[np.uint16]:
    """Return what a picture of HDR in BT.2020's primaries looks like in SDR, in sRGB.

    Args:
        rgb: (H, W, 3) in R, G, B, uint8 or uint16.
        transfer: ``"hlg"`` or ``"pq"``.

    Returns:
        The same shape, uint16. Colors beyond sRGB are clipped.

    >>> gray = np.full((1, 1, 3), 0.75 * 65535, np.uint16)
    >>> (render_sdr(gray, "hlg")[0, 0] / 65535).round(2).tolist()
    [0.77, 0.77, 0.77]
    """
    places = rgb if rgb.dtype == np.uint16 else rgb.astype(np.uint16) * 257
    light = _light_table(transfer)[places] @ _TO_BT709.T.astype(np.float32)
    np.clip(light, 0, 1, out=light)
    return _srgb_table()[(light * np.float32(_LEVELS - 1) + np.float32(0.5)).astype(np.uint16)]


def _shown(signal: NDArray[Any], transfer: str) -> NDArray[np.float64]:
    light = np.minimum(hdr_to_linear(signal, transfer), 1.0)
    result: NDArray[np.float64] = exposure_curve(light, np.log2(PEAK / WHITE))
    return result


@cache
def _light_table(transfer: str) -> NDArray[np.float32]:
    return _shown(np.arange(_LEVELS) / (_LEVELS - 1), transfer).astype(np.float32)


@cache
def _srgb_table() -> NDArray[np.uint16]:
    levels: NDArray[np.float64] = linear_to_srgb(np.arange(_LEVELS) / (_LEVELS - 1)) * (_LEVELS - 1)
    return np.rint(levels).astype(np.uint16)
