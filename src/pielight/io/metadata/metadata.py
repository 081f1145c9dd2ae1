"""What a picture's file holds beside its pixels, carried from the file read to the file written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pielight.io.codecs.heif.coding import Coding
from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.codecs.jpeg.trailer import Part


@dataclass(frozen=True)
class Metadata:
    """Metadata and coding of a picture's file."""

    # EXIF byte for byte; of a TIFF, its descriptive tags in EXIF form. May be empty
    exif: bytes = b""
    icc_profile: bytes | None = None  # color profile, byte for byte
    cicp: tuple[int, int] | None = None  # primaries and transfer curve of an AVIF or HEIC, as numbers
    coding: Coding | None = None  # depth, subsampling and length of an AVIF or HEIC; None of other formats
    video: bytes = b""  # boxes of an AVIF or HEIC with a motion photo's video
    xmp: bytes | None = None  # XMP packet, byte for byte
    photoshop: bytes = b""  # Photoshop's resources, which hold IPTC
    dpi: tuple[float, float] | None = None  # resolution across and down
    comment: bytes | None = None  # JPEG or GIF comment
    segments: tuple[Segment, ...] | None = None  # descriptive segments of a JPEG; None of other formats
    appended: tuple[Part, ...] = ()  # trailer of a JPEG
    density: bytes = b""  # unit and density of a JFIF header
    quantization: Mapping[int, Sequence[int]] | None = None  # JPEG quantization tables
    # samples of each channel of a JPEG across and down; see segments.Layout.sampling
    sampling: tuple[tuple[int, int], ...] = ()
    progressive: bool = False  # whether the JPEG is progressive
    lossless: bool = False  # whether a WebP is lossless
    compression: str = "raw"  # TIFF compression as Pillow names it
    predictor: int = 1  # TIFF predictor, 1 for none
    # delay in milliseconds and number of loops of a GIF, as Pillow names them
    timing: Mapping[str, int] = field(default_factory=dict)
    color_space: bytes = b""  # color space fields of a BMP without an ICC profile
    headless: bool = False  # whether a BMP has no file header (a DIB)
    # PNG chunks of color, resolution, text and private ones, (type, content) each
    chunks: tuple[tuple[bytes, bytes], ...] = ()
