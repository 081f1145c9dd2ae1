"""The encoder of a result: the codec by the clip or by the options, its pixel format, and its quality."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
from av.codec import Codec

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.video.alpha import has_alpha
from pielight.video.color import Color, color_as
from pielight.video.containers import MATROSKA
from pielight.video.hardware import (
    check_hardware,
    hardware_error,
    hardware_pix_fmts,
    hardware_quality,
    is_hardware,
)
from pielight.video.open_clip import reason
from pielight.video.options import LIKE_SOURCE, PRESETS, VideoOptions
from pielight.video.probe import ClipInfo

_ENCODERS = {  # of codecs, by FFmpeg's name of the decoder or of the option
    "h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "libdav1d": "libsvtav1", "libaom-av1": "libsvtav1",
    "vp9": "libvpx-vp9", "libvpx-vp9": "libvpx-vp9", "vp8": "libvpx", "libvpx": "libvpx", "prores": "prores_ks",
    **{name: name for name in (
        "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "dnxhd", "ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle",
        "rawvideo", "v210", "flv", "wmv2",
    )},
}  # fmt: skip
_FALLBACK = "libx264"
_CRF = {"libx264": 20, "libx265": 22, "libsvtav1": 30, "libvpx-vp9": 30, "libvpx": 10}  # that hardly show
_SVT_PRESETS = (12, 11, 9, 8, 7, 6, 5, 4, 3)  # SVT-AV1's numbers of what is like x264's presets
_LEAST = {"libsvtav1": 64, "libx265": 16}  # pixels of a side
_LOSSLESS = ("ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle", "rawvideo", "v210")
_WITH_FIELDS = ("libx264", "libx265", "mpeg2video", "mpeg4", "prores_ks", "dnxhd", *_LOSSLESS)
_QSCALE = {"mpeg4": 2, "mpeg2video": 2, "mpeg1video": 2, "mjpeg": 2, "flv": 2, "wmv2": 2, "libtheora": 7}
os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 prints to the screen what is no error
_MAX_NUMERATOR = 65535  # of a rate in MPEG-4 part 2
_NTSC = 1001
_HDR_BITS = 10
_FIXED_RATES = ("mpeg2video", "mpeg1video")
_RATES = (*(Fraction(rate * 1000, _NTSC) for rate in (24, 30, 60)), *map(Fraction, (24, 25, 30, 50, 60)))


@dataclass(frozen=True)
class Encoder:
    """How the frames of a result are encoded.

    Attributes:
        name: FFmpeg's name of the encoder.
        pix_fmt: Pixel format that it gets.
        options: FFmpeg's options of it.
        color: What its numbers mean.
        notes: What of the clip is lost.
    """

    name: str
    pix_fmt: str
    options: dict[str, str]
    color: Color
    notes: tuple[str, ...] = ()

    @property
    def keeps_fields(self) -> bool:
        """Whether it can mark frames as interlaced."""
        return self.name in _WITH_FIELDS


def choose_encoder(info: ClipInfo, options: VideoOptions, muxer: str, target: str) -> Encoder:
    """Choose the encoder of a result.

    Args:
        info: The clip.
        options: Codec and quality.
        muxer: What FFmpeg calls the container of the result.
        target: Name of the result, for errors.

    Raises:
        PictureError: The container cannot hold the codec that was asked for.
    """
    notes = []
    wanted = info.codec if options.codec == LIKE_SOURCE else options.codec
    name = _ENCODERS.get(wanted)
    if is_hardware(wanted):
        check_hardware(wanted, target)
        name = wanted
    if options.codec == LIKE_SOURCE and (name is None or not holds(muxer, name)):
        others = (one for one in (_FALLBACK, "libvpx-vp9", "mpeg2video", "wmv2") if holds(muxer, one))
        name = next(others, None)
        if name is not None:
            notes.append(f"video encoded as {codec_of(name)}: {wanted} cannot be written here")
    if name is None or not holds(muxer, name):
        raise PictureError(f"{shown(target)}: a {muxer} file cannot hold {wanted}; name a .mkv file with -o")
    least = _LEAST.get(name, 1)
    if min(info.width, info.height) < least:  # some releases of such encoders end the process
        raise PictureError(
            f"{shown(target)}: {codec_of(name)} needs {least} x {least} pixels at least, and the clip has "
            f"{info.width} x {info.height}; choose another codec"
        )
    pix_fmt = nearest_pix_fmt(info.pix_fmt, _pix_fmts(name))
    notes += _losses(info.pix_fmt, pix_fmt, name)
    if info.color.hdr:
        if _layout(pix_fmt)[0] < min(_layout(info.pix_fmt)[0], _HDR_BITS):
            raise PictureError(
                f"{shown(target)}: HDR needs {_HDR_BITS} bits, which {codec_of(name)} does not write here; "
                "choose the codec hevc"
            )
        notes += info.hdr.notes(name)
    color = color_as(pix_fmt, info.color, info.pix_fmt, info.height)
    if info.interlaced and name not in _WITH_FIELDS:
        notes.append(f"interlaced, which {codec_of(name)} does not mark")
    chosen = _quality(name, pix_fmt, options, muxer)
    if info.color.hdr:
        for key, value in info.hdr.encoder_options(name).items():
            chosen[key] = f"{chosen[key]}:{value}" if key in chosen else value
    return Encoder(name, pix_fmt, chosen, color, tuple(notes))


@cache
def holds(muxer: str, name: str) -> bool:
    """Return whether a container can hold what an encoder makes.

    >>> holds("webm", "libx264"), holds("webm", "libvpx-vp9")
    (False, True)
    """
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as container:
            container.add_stream(name, rate=25)
    except (ValueError, av.FFmpegError):
        return False
    return True


def nearest_pix_fmt(wanted: str, known: tuple[str, ...]) -> str:
    """Return, of the pixel formats of an encoder, the one that loses least.

    >>> nearest_pix_fmt("yuv420p12le", ("yuv420p", "yuv444p10le", "yuv420p10le"))
    'yuv420p10le'
    >>> nearest_pix_fmt("gray", ("yuv420p", "yuv444p"))
    'yuv420p'
    """
    if wanted in known or not known:
        return wanted
    loss = _loss_from(wanted)
    return min(known, key=lambda name: (loss(name), known.index(name)))


def _loss_from(wanted: str) -> Callable[[str], tuple[int, ...]]:
    bits, wide, high, is_gray, is_rgb = _layout(wanted)

    def loss(name: str) -> tuple[int, ...]:
        """Rank what is lost: opacity, bits, chroma; then what is wasted."""
        other_bits, other_wide, other_high, other_gray, other_rgb = _layout(name)
        return (
            int(has_alpha(wanted) and not has_alpha(name)),
            max(0, bits - other_bits),
            int(other_gray and not is_gray),
            max(0, other_wide - wide) + max(0, other_high - high) if not is_gray else 0,
            int(is_rgb != other_rgb),
            int(has_alpha(name) and not has_alpha(wanted)),
            other_bits - bits,
            abs(wide - other_wide) + abs(high - other_high) if not is_gray else -other_wide - other_high,
            int(name.startswith("yuvj") != wanted.startswith("yuvj")),
        )

    return loss


@cache
def _layout(pix_fmt: str) -> tuple[int, int, int, bool, bool]:
    """Return bits, subsampling across and down, in powers of two, and whether it is gray, or RGB."""
    form = av.VideoFormat(pix_fmt, 64, 64)
    bits = max((component.bits for component in form.components), default=8)
    is_gray = len(form.components) < 3
    if is_gray:
        return bits, 0, 0, True, False
    wide, high = 64 // (form.chroma_width() or 64), 64 // (form.chroma_height() or 64)
    return bits, wide.bit_length() - 1, high.bit_length() - 1, False, form.is_rgb


def _losses(wanted: str, got: str, encoder: str) -> list[str]:
    if wanted == got or wanted.replace("yuvj", "yuv") == got.replace("yuvj", "yuv"):
        return []
    bits, wide, high, is_gray, _ = _layout(wanted)
    other_bits, other_wide, other_high, other_gray, _ = _layout(got)
    lost = has_alpha(wanted) and not has_alpha(got)
    if lost or other_bits < bits or (not is_gray and (other_gray or other_wide > wide or other_high > high)):
        return [f"{wanted} written as {got}, which is what {codec_of(encoder)} can hold"]
    return []


@cache
def _pix_fmts(name: str) -> tuple[str, ...]:
    if is_hardware(name):
        return hardware_pix_fmts(name)
    names = tuple(one.name for one in Codec(name, "w").video_formats or ())
    # Few players read the opacity of HEVC; decoders without it show what lies behind.
    return tuple(one for one in names if not (name == "libx265" and has_alpha(one)))


def _quality(name: str, pix_fmt: str, options: VideoOptions, muxer: str) -> dict[str, str]:
    """Return FFmpeg's options for the quality and the speed of an encoder."""
    preset = options.encoder_preset or "veryfast"
    if is_hardware(name):
        return dict(hardware_quality(name, options.crf, preset))
    crf = f"{options.crf if options.crf is not None else _CRF.get(name, 0):g}"
    chosen = {
        "libx264": {"crf": crf, "preset": preset},
        "libx265": {"crf": crf, "preset": preset, "x265-params": "log-level=none"},
        "libsvtav1": {"crf": str(round(float(crf))), "preset": str(_SVT_PRESETS[PRESETS.index(preset)])},
        "libvpx-vp9": {"crf": crf, "b": "0", "cpu-used": str(8 - PRESETS.index(preset)), "row-mt": "1"},
        "libvpx": {"crf": crf, "b": "10M", "cpu-used": "4"},
        "ffv1": {"level": "3", "slicecrc": "1"},
        "dnxhd": {"profile": "dnxhr_hqx" if "10" in pix_fmt else "dnxhr_hq"},
    }.get(name, {})
    if name in ("libvpx-vp9", "libvpx"):
        chosen |= {"deadline": "good"}
        if has_alpha(pix_fmt):
            chosen["auto-alt-ref"] = "0"  # not for frames with opacity
    if name == "libx264" and muxer == "avi":
        chosen["bf"] = "0"  # AVI has no times of its own for frames that are out of order
    return chosen


def encoder_rate(name: str, rate: Fraction) -> Fraction:
    """Return the frame rate that an encoder is told: one that it knows, near that of the clip.

    >>> encoder_rate("mpeg2video", Fraction(239, 10)), encoder_rate("mpeg4", Fraction(30000, 1001))
    (Fraction(24000, 1001), Fraction(30000, 1001))
    """
    if name in _FIXED_RATES:
        return min(_RATES, key=lambda known: abs(known - rate))
    near = rate.limit_denominator(_NTSC)
    return near if near > 0 and near.numerator <= _MAX_NUMERATOR else Fraction(max(1, min(round(rate), 1000)))


def qscale(name: str) -> int | None:
    """Return the quantizer of encoders that have no other measure of quality; None of the others."""
    return _QSCALE.get(name)


def codec_of(encoder: str) -> str:
    """Return the codec of an encoder.

    >>> codec_of("libx265")
    'hevc'
    """
    return Codec(encoder, "w").canonical_name


def encoder_error(target: str, encoder: Encoder, error: BaseException) -> PictureError:
    """Return the error of an encoder that does not take a clip."""
    if is_hardware(encoder.name):
        return hardware_error(target, encoder.name, reason(error))
    return PictureError(
        f"{shown(target)}: {codec_of(encoder.name)} cannot encode this clip ({reason(error)}); choose another codec"
    )


def is_matroska(muxer: str) -> bool:
    """Return whether a container is of that family."""
    return muxer in MATROSKA
