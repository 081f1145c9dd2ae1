"""What a picture's file holds beside its pixels, carried from the file read to the file written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from pielight.io.codecs.gif.blocks import gif_packet
from pielight.io.codecs.heif.coding import Coding, read_coding, read_color_code
from pielight.io.codecs.heif.items import exif_item, read_items
from pielight.io.codecs.isobmff import video_boxes
from pielight.io.codecs.jpeg import pixels as jpeg
from pielight.io.codecs.jpeg.segments import EXIF, Layout, Segment, joined
from pielight.io.codecs.jpeg.subsampling import subsampling
from pielight.io.codecs.jpeg.trailer import Part, segments_and_parts
from pielight.io.codecs.png import chunks as png
from pielight.io.codecs.png import text as png_text
from pielight.io.codecs.tiff.tags import descriptive_exif, tiff_options
from pielight.io.formats import CODED, HEIF, webp_is_lossless
from pielight.io.metadata.exif import Untouched, with_orientation
from pielight.io.metadata.ifd import PREFIX
from pielight.io.metadata.tiff_tags import ORIENTATION, PHOTOSHOP, PREDICTOR

_JPEG_QUALITY, _WEBP_QUALITY, _CODED_QUALITY = 95, 90, 90
AVIF_SPEED, HEIF_PRESET = 8, "ultrafast"  # see docs/guides/photos.md for what slower ones save
_NO_RESOLUTION = (0, 0)  # as BMP says it
_MOST_DPI = 65_535
_TIMING = ("duration", "loop")
_WEBP_EFFORT = 50  # what "quality" means without loss; more takes far longer and saves a few per cent


@dataclass(frozen=True)
class Metadata:
    """Metadata and coding of a picture's file.

    Attributes:
        exif: EXIF as it stood in the file; of a TIFF, its descriptive tags in EXIF form. May be empty.
        icc_profile: Color profile, byte for byte.
        color_code: Primaries and transfer curve of an AVIF or HEIC, as numbers.
        coding: Depth, subsampling and length of an AVIF or HEIC; None of other formats.
        video: Boxes of an AVIF or HEIC with a motion photo's video.
        xmp: XMP packet, byte for byte.
        photoshop: Photoshop's resources, which hold IPTC.
        dpi: Resolution across and down.
        comment: JPEG or GIF comment.
        segments: Descriptive segments of a JPEG; None of other formats.
        appended: What stands behind the picture of a JPEG.
        density: Unit and density of a JFIF header.
        quantization: JPEG quantization tables.
        sampling: Samples of each channel of a JPEG across and down; see :meth:`.segments.Layout.sampling`.
        progressive: Whether the JPEG is progressive.
        lossless: Whether a WebP is lossless.
        compression: TIFF compression as Pillow names it.
        predictor: TIFF predictor, 1 for none.
        timing: Delay in milliseconds and number of loops of a GIF, as Pillow names them.
        color_space: What a BMP says that its colors mean, without a profile of its own.
        headless: Whether a BMP comes without a header of a file, as a DIB.
        chunks: PNG chunks of color, resolution, text and private ones, (type, content) each.
    """

    exif: bytes = b""
    icc_profile: bytes | None = None
    color_code: tuple[int, int] | None = None
    coding: Coding | None = None
    video: bytes = b""
    xmp: bytes | None = None
    photoshop: bytes = b""
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    segments: tuple[Segment, ...] | None = None
    appended: tuple[Part, ...] = ()
    density: bytes = b""
    quantization: Mapping[int, Sequence[int]] | None = None
    sampling: tuple[tuple[int, int], ...] = ()
    progressive: bool = False
    lossless: bool = False
    compression: str = "raw"
    predictor: int = 1
    timing: Mapping[str, int] = field(default_factory=dict)
    color_space: bytes = b""
    headless: bool = False
    chunks: tuple[tuple[bytes, bytes], ...] = ()


def gather(image: Image.Image, data: bytes, layout: Layout | None = None) -> Metadata:
    """Gather the metadata of an opened picture; call it before its pixels are loaded.

    Args:
        image: As Pillow opened it.
        data: The whole file.
        layout: Of a JPEG.
    """
    info = image.info
    jpeg_file = image if isinstance(image, JpegImagePlugin.JpegImageFile) else None
    tiff = image if isinstance(image, TiffImagePlugin.TiffImageFile) else None
    if image.format == "PNG":
        return _of_png(info, data)
    items = read_items(data) if image.format in CODED else None
    xmp = gif_packet(data) if image.format == "GIF" else info.get("xmp")
    segments, appended = segments_and_parts(data, layout) if layout else (None, ())
    return Metadata(
        exif=descriptive_exif(data) if tiff else _avif_exif(image, data) or info.get("exif") or b"",
        icc_profile=info.get("icc_profile") or None,
        color_code=read_color_code(items) if items else None,
        coding=read_coding(items) if items else None,
        video=video_boxes(data) if items else b"",
        xmp=xmp.encode() if isinstance(xmp, str) else xmp,
        photoshop=jpeg.photoshop_block(layout.segments)
        if layout
        else _bytes(tiff.tag_v2.get(PHOTOSHOP))
        if tiff
        else b"",
        dpi=_dpi(info),
        comment=info.get("comment"),
        segments=segments,
        appended=appended,
        density=jpeg.density(layout) if layout else b"",
        quantization=dict(jpeg_file.quantization) if jpeg_file else None,
        sampling=layout.sampling() if layout else (),
        progressive=bool(info.get("progressive")),
        lossless=image.format == "WEBP" and webp_is_lossless(data),
        compression=info.get("compression", "raw") if tiff else "raw",
        predictor=tiff.tag_v2.get(PREDICTOR, 1) if tiff else 1,
        timing={name: info[name] for name in _TIMING if name in info} if image.format == "GIF" else {},
    )


def _of_png(info: dict[str | tuple[int, int], Any], data: bytes) -> Metadata:
    chunks = png.kept_chunks(data)
    texts = png_text.texts(chunks)
    # It may stand after the pixels, where Pillow finds it only once they are loaded.
    exif = dict(png.png_chunks(data)).get(b"eXIf")
    xmp = info.get("xmp")
    return Metadata(
        exif=exif or png_text.exif(texts),
        icc_profile=info.get("icc_profile") or None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp or png_text.xmp(texts),
        photoshop=png_text.photoshop(texts),
        dpi=_dpi(info),
        chunks=chunks,
    )


def _avif_exif(image: Image.Image, data: bytes) -> bytes:
    """Return the EXIF of an AVIF with the orientation that the file shows, without what Pillow makes of it."""
    exif = exif_item(data) if image.format == "AVIF" else b""
    return with_orientation(PREFIX + exif.removeprefix(PREFIX), image.getexif().get(ORIENTATION, 1)) if exif else b""


def _dpi(info: Mapping[Any, Any]) -> tuple[float, float] | None:
    """Return the resolution across and down, or None if the file says none, or nonsense that no format can hold."""
    dpi = info.get("dpi")
    return dpi if dpi and len(dpi) == 2 and all(0 < value <= _MOST_DPI for value in dpi) else None


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b""


def save_options(metadata: Metadata, file_format: str, mode: str, quality: int | None) -> dict[str, Any]:
    """Turn metadata into the options of Pillow's ``save`` for a format.

    Args:
        metadata: Of the picture read.
        file_format: Pillow's name of the format to write.
        mode: Mode of the picture to write.
        quality: 1..100 for lossy formats; None keeps the source's own coding where it has one.
    """
    if file_format == "JPEG":
        return _jpeg_options(metadata, mode, quality)
    if file_format == "PNG":  # its chunks are put in on the way
        return {}
    if file_format == "TIFF":  # its tags are attached later
        return tiff_options(metadata, mode)
    kept: dict[str, Any] = {"icc_profile": metadata.icc_profile, "dpi": metadata.dpi, "exif": metadata.exif}
    kept = {name: value for name, value in kept.items() if value}
    if file_format == "AVIF" and metadata.exif:
        kept["exif"] = Untouched(metadata.exif)
    if file_format in ("WEBP", "AVIF", HEIF):
        kept |= {"xmp": metadata.xmp} if metadata.xmp else {}
        return kept | _lossy_options(metadata, file_format, mode, quality)
    if file_format == "GIF":
        # Not "optimize", which would put the palette in another order.
        comment = {"comment": metadata.comment} if metadata.comment else {}
        return {"optimize": False, **comment, **metadata.timing}
    return {"dpi": metadata.dpi or _NO_RESOLUTION}


def _lossy_options(metadata: Metadata, file_format: str, mode: str, quality: int | None) -> dict[str, Any]:
    if file_format in CODED:
        options = {"quality": quality or _CODED_QUALITY} | coding_options(metadata, file_format, mode)
        sides = list(metadata.coding.thumbnails) if metadata.coding and file_format == HEIF else []
        return options | ({"thumbnails": sides} if sides else {})
    lossless = metadata.lossless and quality is None
    return {
        "lossless": lossless,
        "exact": lossless,
        "quality": quality or (_WEBP_EFFORT if lossless else _WEBP_QUALITY),
    }


def coding_options(metadata: Metadata, file_format: str, mode: str) -> dict[str, Any]:
    """Return the options of Pillow's ``save`` for an AVIF or HEIC that decide its size and speed beside its quality."""
    subsampling = metadata.coding.subsampling if metadata.coding else None
    if file_format == "AVIF":
        options: dict[str, Any] = {"speed": AVIF_SPEED}
        if mode != "L":
            options["subsampling"] = subsampling or "4:4:4"
        if metadata.color_code:  # of the stream; the box is written over later
            primaries, transfer = map(str, metadata.color_code)
            options["codec"] = "aom"
            options["advanced"] = {"color:color-primaries": primaries, "color:transfer-characteristics": transfer}
        return options
    code = dict(zip(("color_primaries", "transfer_characteristics"), metadata.color_code or (), strict=False))
    return {"enc_params": {"preset": HEIF_PRESET}, "subsampling": subsampling or "4:2:0"} | code


def _jpeg_options(metadata: Metadata, mode: str, quality: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {"progressive": metadata.progressive}
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if metadata.segments is not None:
        options["extra"] = joined(metadata.segments)
        options["comment"] = b""  # it is among the segments
    else:
        options["extra"] = joined(jpeg.photoshop_segments(metadata.photoshop))
        exif = metadata.exif
        options |= {
            "exif": exif if not exif or exif.startswith(EXIF) else EXIF + exif,
            "icc_profile": metadata.icc_profile,
            "xmp": metadata.xmp,
            "comment": metadata.comment,
        }
    if mode != "L":
        options["subsampling"] = subsampling(metadata.sampling, len(mode))
    if quality is None and metadata.quantization:
        tables = [list(metadata.quantization[key]) for key in sorted(metadata.quantization)]
        options["qtables"] = tables[:1] if mode == "L" else tables
    else:
        options["quality"] = _JPEG_QUALITY if quality is None else quality
    return options
