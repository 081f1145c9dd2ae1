"""The options of a clip: one frozen object, beside those of the enhancement."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from pielight.errors import OptionError
from pielight.options import check_number

LIKE_SOURCE = "copy-like-source"
CODECS = ("h264", "hevc", "av1", "ffv1", LIKE_SOURCE)
_OF_HARDWARE = {"nvenc": ("h264", "hevc", "av1"), "qsv": ("h264", "hevc", "av1"), "amf": ("h264", "hevc", "av1"),
                "videotoolbox": ("h264", "hevc")}  # fmt: skip
HARDWARE = tuple(f"{codec}_{kind}" for kind, codecs in _OF_HARDWARE.items() for codec in codecs)
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
MAX_CRF = 63
MAX_EVERY = 100
_PREVIEWS = ("gif", "poster")


@dataclass(frozen=True)
class VideoOptions:
    """How a clip is read and written.

    Attributes:
        codec: ``"h264"``, ``"hevc"``, ``"av1"``, ``"ffv1"`` (lossless), or ``"copy-like-source"``: that of the clip;
            or an encoder in hardware, as ``"hevc_nvenc"``: :data:`HARDWARE`.
        crf: Quality of h264, hevc, av1 and VP9, 0 (best) to 63; None is a value that hardly shows.
        encoder_preset: From ``"ultrafast"`` to ``"veryslow"``, as x264 calls them; other encoders get what is like it.
            None is ``"veryfast"``.
        start: Seconds from the start of the clip from which on it is taken; None is the start.
        end: Seconds up to which it is taken; None is the end.
        every: The network looks at every Nth frame at least; None is six looks a second.
        side_by_side: Whether frames show the clip, left, beside the result.
        gif: Whether a small animation of the first seconds is written, too.
        poster: Whether a picture of one frame is written, too.

    Raises:
        OptionError: A value is out of range.

    >>> VideoOptions(start=1, end=2.5).recorded()
    {'Codec': 'copy-like-source', 'Start': 1.0, 'End': 2.5}
    """

    codec: str = LIKE_SOURCE
    crf: float | None = None
    encoder_preset: str | None = None
    start: float | None = None
    end: float | None = None
    every: int | None = None
    side_by_side: bool = False
    gif: bool = False
    poster: bool = False

    def __post_init__(self) -> None:
        if self.codec not in CODECS + HARDWARE:
            raise OptionError(f"codec {self.codec!r}: choose {', '.join(CODECS + HARDWARE)}")
        if self.encoder_preset is not None and self.encoder_preset not in PRESETS:
            raise OptionError(f"encoder_preset {self.encoder_preset!r}: choose {', '.join(PRESETS)}")
        if self.crf is not None:
            object.__setattr__(self, "crf", check_number("crf", self.crf, 0, MAX_CRF, "lower is better"))
        if self.every is not None and (not isinstance(self.every, int) or not 1 <= self.every <= MAX_EVERY):
            raise OptionError(f"every {self.every!r}: must be a whole number from 1 to {MAX_EVERY}")
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None:
                if not isinstance(value, int | float) or not 0 <= value < float("inf"):
                    raise OptionError(f"{name} {value!r}: must be seconds, 0 or more")
                object.__setattr__(self, name, float(value))
        if self.end is not None and self.end <= (self.start or 0):
            raise OptionError(f"end {self.end:g}: must come after start {self.start or 0:g}")

    def recorded(self) -> dict[str, Any]:
        """Return, under the names of a record, what determines the result; see :mod:`pielight.io.provenance`."""
        names = ("codec", "every", "crf", "encoder_preset", "start", "end", "side_by_side")
        values = {name: getattr(self, name) for name in names}
        return {
            "".join(word.capitalize() for word in name.split("_")): value
            for name, value in values.items()
            if value not in (None, False)
        }

    @property
    def is_neutral(self) -> bool:
        """Whether a clip stays as it is if its frames do: nothing is cut, encoded otherwise or shown beside it."""
        ignored = (*_PREVIEWS, "every")
        return all(getattr(self, one.name) == one.default for one in fields(self) if one.name not in ignored)
