"""ICC profiles of the CICP code points (ITU-T H.273) by which AVIF and HEIC name their colors."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

_WHITE = (0.3127, 0.3290)
_PRIMARIES = {  # x and y of red, green and blue, by their number in ITU-T H.273
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
_HDR_CURVES = (16, 18)  # transfer curves PQ and HLG, which such a profile cannot hold
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = (0.9642, 1.0, 0.8249)
_DATE, _ANY_DATE = slice(24, 36), struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


@cache
def srgb_profile() -> bytes:
    """Return the profile of sRGB, with a constant date."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = _ANY_DATE
    return bytes(profile)


def profile_of(cicp: tuple[int, int] | None) -> bytes | None:
    """Return the profile of a color space with a wider gamut than sRGB, with sRGB's curve, as screens show it.

    Args:
        cicp: Code points of primaries and transfer curve.

    Returns:
        None for other color spaces, and for curves that such a profile cannot hold.

    >>> profile_of((1, 13)) is None, profile_of((12, 13)) is None
    (True, False)
    """
    if cicp is None or cicp[0] not in _PRIMARIES or cicp[1] in _HDR_CURVES:
        return None
    profile = srgb_profile().replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), _columns(cicp[0]), strict=True):
        (offset,) = struct.unpack_from(">L", profile, profile.index(name) + 4)
        coded = struct.pack(">3l", *(round(value * 65536) for value in column))
        profile = profile[: offset + 8] + coded + profile[offset + 20 :]
    return profile


def _columns(primaries: int) -> NDArray[np.float64]:
    """Return XYZ of red, green and blue, adapted from D65 to D50 after Bradford."""
    red_green_blue = np.array([_xyz(*xy) for xy in _PRIMARIES[primaries]]).T
    white = np.array(_xyz(*_WHITE))
    shares = np.linalg.solve(red_green_blue, white)
    gains = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ gains @ _BRADFORD @ (red_green_blue * shares)
    return adapted.T


def _xyz(x: float, y: float) -> tuple[float, float, float]:
    return x / y, 1.0, (1 - x - y) / y
