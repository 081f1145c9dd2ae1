"""Color profiles made of the numbers by which AVIF and HEIC name their colors."""

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
_BRIGHTER_THAN_PAPER = (16, 18)  # curves PQ and HLG, which a profile cannot say
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = (0.9642, 1.0, 0.8249)
_DATE, _ANY_DATE = slice(24, 36), struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


@cache
def srgb_profile() -> bytes:
    """Make the profile of sRGB, the same at any time."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[_DATE] = _ANY_DATE
    return bytes(made)


def profile_of(code: tuple[int, int] | None) -> bytes | None:
    """Make the profile of colors wider than sRGB's, with sRGB's curve, as screens show them.

    Args:
        code: Numbers of the primaries and of the curve.

    Returns:
        None where the numbers are not those of a wide space, or a profile cannot say what they do.

    >>> profile_of((1, 13)) is None, profile_of((12, 13)) is None
    (True, False)
    """
    if code is None or code[0] not in _PRIMARIES or code[1] in _BRIGHTER_THAN_PAPER:
        return None
    made = srgb_profile().replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), _columns(code[0]), strict=True):
        (place,) = struct.unpack_from(">L", made, made.index(name) + 4)
        made = made[: place + 8] + struct.pack(">3l", *(round(value * 65536) for value in column)) + made[place + 20 :]
    return made


def _columns(primaries: int) -> NDArray[np.float64]:
    """Return red, green and blue as XYZ under the light of profiles, D50."""
    red_green_blue = np.array([_of(*place) for place in _PRIMARIES[primaries]]).T
    white = np.array(_of(*_WHITE))
    shares = np.linalg.solve(red_green_blue, white)
    gains = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ gains @ _BRADFORD @ (red_green_blue * shares)
    return adapted.T


def _of(x: float, y: float) -> tuple[float, float, float]:
    return x / y, 1.0, (1 - x - y) / y
