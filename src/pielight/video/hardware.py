"""Encoders in hardware: NVIDIA's NVENC, Intel's Quick Sync, AMD's AMF and Apple's VideoToolbox, where PyAV has them."""

from __future__ import annotations

from functools import cache

from av.codec import Codec

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.video.options import HARDWARE, PRESETS

_DRIVERS = {
    "nvenc": "an NVIDIA GPU with its driver", "qsv": "an Intel GPU with its driver",
    "amf": "an AMD GPU with its driver", "videotoolbox": "a Mac",
}  # fmt: skip
_CRF = {"h264": 20, "hevc": 22, "av1": 30}
_MOST_QUALITY = 51  # the largest number of the scale that all but VideoToolbox have
_LAMBDA = 118  # FFmpeg's FF_QP2LAMBDA
_AMF_AV1 = 4  # of AMF's scale for AV1, 0 to 255


def is_hardware(name: str) -> bool:
    """Return whether an encoder is one of a GPU.

    >>> is_hardware("hevc_nvenc"), is_hardware("libx265")
    (True, False)
    """
    return name in HARDWARE


def check_hardware(name: str, target: str) -> None:
    """Check that PyAV has an encoder in hardware; whether there is a device, only the first frame tells.

    Raises:
        PictureError: It has not.
    """
    try:
        Codec(name, "w")
    except ValueError as error:
        codec = name.partition("_")[0]
        raise PictureError(
            f"{shown(target)}: PyAV has no encoder {name} on this system; choose the codec {codec}"
        ) from error


def hardware_pix_fmts(name: str) -> tuple[str, ...]:
    """Return the pixel formats that every device of a kind takes: 4:2:0, and 10 bits but for H.264.

    >>> hardware_pix_fmts("h264_qsv"), hardware_pix_fmts("av1_nvenc")
    (('nv12',), ('nv12', 'p010le'))
    """
    return ("nv12",) if name.startswith("h264") else ("nv12", "p010le")


@cache
def hardware_quality(name: str, crf: float | None, preset: str) -> dict[str, str]:
    """Return FFmpeg's options for a constant quality, on x264's scale, and for a speed.

    >>> hardware_quality("hevc_nvenc", 24, "veryfast")
    {'rc': 'vbr', 'cq': '24', 'b': '0', 'preset': 'p3'}
    """
    codec, _, kind = name.partition("_")
    quality = max(1, min(_MOST_QUALITY, round(_CRF[codec] if crf is None else crf)))
    place = PRESETS.index(preset) / (len(PRESETS) - 1)
    if kind == "nvenc":
        return {"rc": "vbr", "cq": str(quality), "b": "0", "preset": f"p{1 + round(6 * place)}"}
    if kind == "qsv":
        return {"global_quality": str(quality), "preset": "veryfast" if place < 0.25 else preset}
    if kind == "videotoolbox":
        return {"flags": "+qscale", "global_quality": str((100 - round(1.9 * quality)) * _LAMBDA)}
    number = str(quality * (_AMF_AV1 if codec == "av1" else 1))
    speed = ("speed", "balanced", "quality")[round(2 * place)]
    return {"rc": "cqp", "qp_i": number, "qp_p": number, "quality": speed}


def hardware_error(target: str, name: str, why: str) -> PictureError:
    """Return the error of an encoder that cannot be used."""
    codec, _, kind = name.partition("_")
    return PictureError(
        f"{shown(target)}: {name} cannot be used ({why}); it needs {_DRIVERS[kind]}. Choose the codec {codec}"
    )
