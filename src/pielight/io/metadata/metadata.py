"""What a picture's file holds beside its pixels, carried from the file read to the file written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pielight.io.codecs.heif.coding import Coding
from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.codecs.jpeg.trailer import Part


@dataclass(frozen=True)
class Metadata:
    """Metadata and coding of a picture's file.

    Attributes:
        exif: EXIF as it stood in the file; of a TIFF, its descriptive tags in EXIF form. May be empty.
        icc_profile: Color profile, byte for byte.
        cicp: Primaries and transfer curve of an AVIF or HEIC, as numbers.
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
    cicp: tuple[int, int] | None = None
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
