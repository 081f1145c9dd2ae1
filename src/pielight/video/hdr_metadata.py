"""What a clip of HDR says of itself beside its pixels: the display it was made on, and data for each scene."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from av.sidedata.sidedata import Type

from pielight.ops.hdr import PEAK

_DISPLAY = struct.Struct("=20i2i")  # FFmpeg's AVMasteringDisplayMetadata: fractions, then what is set
_LIGHT = struct.Struct("=2I")
_NAMES = ("R", "G", "B", "WP")  # places of chromaticity, in FFmpeg's order
_X26X_UNITS = 50_000, 10_000  # of chromaticity, and of light in cd/m2
_DYNAMIC = {  # data that describe the frames as they were
    Type.DOVI_RPU_BUFFER: "Dolby Vision", Type.DOVI_METADATA: "Dolby Vision",
    Type.DYNAMIC_HDR_PLUS: "HDR10+", Type.DYNAMIC_HDR_VIVID: "HDR Vivid",
}  # fmt: skip
_ARGUMENT = {"libx264": "x264-params", "libx265": "x265-params", "libsvtav1": "svtav1-params"}


@dataclass(frozen=True)
class HdrMetadata:
    """What a clip of HDR says of itself.

    Attributes:
        display: Chromaticities x, y of red, green, blue and white, then least and most light of the display that it was
            made on (SMPTE ST 2086); empty if not told.
        brightest: Light of its brightest pixel in cd/m2 (MaxCLL); 0 if not told.
        dynamic: Names of data for each scene or frame.
        surroundings: Whether it tells the light around its viewers.
    """

    display: tuple[Fraction, ...] = ()
    brightest: int = 0
    dynamic: tuple[str, ...] = ()
    surroundings: bool = False

    @classmethod
    def of(cls, side_data: Mapping[Type, bytes]) -> HdrMetadata:
        """Return that of a frame's side data.

        >>> HdrMetadata.of({Type.CONTENT_LIGHT_LEVEL: struct.pack("=2I", 600, 90)}).brightest
        600
        """
        light = side_data.get(Type.CONTENT_LIGHT_LEVEL, b"")
        brightest = _LIGHT.unpack(light[: _LIGHT.size])[0] if len(light) >= _LIGHT.size else 0
        display = _display(side_data.get(Type.MASTERING_DISPLAY_METADATA, b""))
        return cls(display, brightest, dynamic_in(side_data), Type.AMBIENT_VIEWING_ENVIRONMENT in side_data)

    def encoder_options(self, encoder: str) -> dict[str, str]:
        """Return the parameters by which an encoder writes them; none if it cannot.

        The light of the brightest pixel becomes a limit that an enhanced clip keeps, and its mean unknown.

        >>> HdrMetadata(brightest=600).encoder_options("libx265")
        {'x265-params': 'max-cll=1000,0'}
        """
        if encoder not in _ARGUMENT:
            return {}
        is_av1 = encoder == "libsvtav1"
        found = []
        if self.display:
            units = (1, 1) if is_av1 else _X26X_UNITS
            numbers = [_number(one, units[index >= 8]) for index, one in enumerate(self.display)]
            places = dict(zip(_NAMES, zip(numbers[:8:2], numbers[1:8:2], strict=True), strict=True))
            text = "".join(f"{name}({places[name][0]},{places[name][1]})" for name in ("G", "B", "R", "WP"))
            name = "master-display" if encoder == "libx265" else "mastering-display"
            found.append(f"{name}={text}L({numbers[9]},{numbers[8]})")
        if self.brightest:
            name = {"libx265": "max-cll", "libx264": "cll"}.get(encoder, "content-light")
            found.append(f"{name}={max(self.brightest, round(PEAK))},0")
        return {_ARGUMENT[encoder]: ":".join(found)} if found else {}

    def notes(self, encoder: str) -> list[str]:
        """Say what an encoder leaves out.

        >>> HdrMetadata(dynamic=("Dolby Vision",)).notes("libx265")
        ['Dolby Vision data left out, which describe the frames as they were']
        """
        found = [f"{name} data left out, which describe the frames as they were" for name in self.dynamic]
        if (self.display or self.brightest) and encoder not in _ARGUMENT:
            found.append(f"data of its display left out, which {encoder} cannot write")
        if self.surroundings:
            found.append("data of the light around viewers left out, which cannot be written here")
        return found


def dynamic_in(kinds: Mapping[Type, bytes]) -> tuple[str, ...]:
    """Return the names of side data that describe frames as they were.

    >>> dynamic_in({Type.DOVI_RPU_BUFFER: b"", Type.DOVI_METADATA: b"", Type.A53_CC: b""})
    ('Dolby Vision',)
    """
    return tuple(dict.fromkeys(name for kind, name in _DYNAMIC.items() if kind in kinds))


def _display(data: bytes) -> tuple[Fraction, ...]:
    if len(data) < _DISPLAY.size:
        return ()
    *pairs, has_primaries, has_light = _DISPLAY.unpack(data[: _DISPLAY.size])
    if not has_primaries or not has_light or not all(pairs[1::2]):
        return ()
    return tuple(Fraction(one, by) for one, by in zip(pairs[::2], pairs[1::2], strict=True))


def _number(value: Fraction, unit: int) -> str:
    return str(round(value * unit)) if unit > 1 else f"{float(value):.5f}"
