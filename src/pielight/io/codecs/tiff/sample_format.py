"""The sample format of a TIFF: what its samples are, and which library can decode them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from PIL import TiffImagePlugin

from pielight.errors import PictureError
from pielight.io.file_view import FileBytes
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.ifd_entries import read_entries, read_header
from pielight.io.metadata.tiff_tags import STRIPS, TILES, Tag, Type

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, CIELAB, ICCLAB = 0, 1, 2, 5, 8, 9
_COLORS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4, CIELAB: 3, ICCLAB: 3}  # channels without opacity
_NAMES = {
    WHITE_IS_ZERO: "gray", BLACK_IS_ZERO: "gray", RGB: "RGB", 3: "palette", CMYK: "CMYK", 6: "YCbCr", CIELAB: "CIELab",
    ICCLAB: "ICCLab", 10: "ITULab", 32803: "sensor", 32844: "LogL", 32845: "LogLuv", 34892: "linear RAW",
}  # fmt: skip
_SIGNS = {2: "signed {}-bit", 3: "{}-bit float", 5: "complex {}-bit", 6: "complex {}-bit"}
_STRAIGHT_ALPHA = 2  # not premultiplied
_UNSIGNED = (1, 4)  # or undefined
_ONLY_TIFFFILE = (33003, 33005, 34712, 34887, 50001, 50002, 52546)  # JPEG 2000, LERC, WebP and JPEG XL
_MAX_BITS = 32
_READ = (
    Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH, Tag.BITS_PER_SAMPLE, Tag.COMPRESSION, Tag.PHOTOMETRIC, Tag.SAMPLES_PER_PIXEL,
    Tag.EXTRA_SAMPLES, Tag.SAMPLE_FORMAT,
)  # fmt: skip
_WHOLE_NUMBERS = (Type.BYTE, Type.SHORT, Type.LONG)
_MOST_VALUES = 64
_PIXEL_LAYOUT = (
    Tag.BITS_PER_SAMPLE, Tag.SAMPLE_FORMAT, Tag.EXTRA_SAMPLES, 266, *STRIPS, Tag.ROWS_PER_STRIP,
    Tag.PLANAR_CONFIGURATION, *range(320, 324), *TILES,
)  # fmt: skip
_LZW, _START = 5, 8


@dataclass(frozen=True)
class SampleFormat:
    """Color model, depth and compression of the first picture of a TIFF, as TIFF numbers them."""

    photometric: int  # photometric interpretation
    bits: tuple[int, ...]  # of each channel
    formats: tuple[int, ...]  # number formats: unsigned, signed, float
    compression: int  # method
    is_followed: bool  # whether there are more pictures
    extras: tuple[int, ...] = ()  # types of the samples beyond the colors; may be empty though there are some

    @property
    def name(self) -> str:
        """A description for the user.

        >>> SampleFormat(2, (16, 16, 16), (2,), 1, False).name
        'signed 16-bit RGB TIFF'
        """
        sign = next((_SIGNS[code] for code in self.formats if code in _SIGNS), "{}-bit")
        bits = dict.fromkeys(self.bits)
        depth = sign.format(", ".join(map(str, bits)))
        return f"{depth} {_NAMES.get(self.photometric, 'unknown')} TIFF"

    @property
    def needs_tifffile(self) -> bool:
        """Whether tifffile must decode it, since Pillow cannot, or would cut it to 8 bits."""
        plain_gray = self.photometric == BLACK_IS_ZERO and self.bits == (16,)
        unusual = max(self.bits) > 8 or self.photometric in (CIELAB, ICCLAB) or self.compression in _ONLY_TIFFFILE
        return unusual and not (plain_gray and self.compression not in _ONLY_TIFFFILE)

    @property
    def has_opacity(self) -> bool:
        """Whether the first sample beyond the colors is opacity, and not one without a name."""
        return self.extras[:1] == (_STRAIGHT_ALPHA,)

    @property
    def opens_in_pillow(self) -> bool:
        """Whether Pillow opens it, even if it cannot decode all of it."""
        named = self.has_opacity or len(self.bits) == _COLORS.get(self.photometric)
        deep = set(self.bits) == {16} and self.photometric in (BLACK_IS_ZERO, RGB) and named
        return (not self.needs_tifffile or deep) and self.compression not in _ONLY_TIFFFILE

    def check(self) -> None:
        """Refuse what neither library decodes."""
        if not self.needs_tifffile and max(self.bits) <= 8:
            return  # Pillow refuses what it does not know
        colors = _COLORS.get(self.photometric)
        whole = all(code in _UNSIGNED for code in self.formats)
        if colors is None or not whole or len(set(self.bits)) > 1 or not 0 < max(self.bits) <= _MAX_BITS:
            raise PictureError(f"{self.name} is not supported; convert it to 16-bit RGB or gray first")
        if len(self.bits) not in (colors, colors + (self.photometric != CMYK)):
            raise PictureError(
                f"{self.name} of {len(self.bits)} channels is not supported; convert it to 16-bit RGB or gray first"
            )


def read_sample_format(data: FileBytes) -> SampleFormat | None:
    """Return the sample format of a TIFF; None of another file format, or if it is too damaged."""
    header = read_header(data)
    if header is None or data[2:4] not in (b"*\0", b"\0*", b"+\0", b"\0+"):
        return None
    values: dict[int, tuple[int, ...]] = {}
    try:
        entries, link = read_entries(data, header.first_offset(data), header)
        for entry in entries:
            if entry.tag in _READ and entry.kind in _WHOLE_NUMBERS and 0 < entry.number <= _MOST_VALUES:
                values[entry.tag] = entry.numbers(data)
    except struct.error:
        return None
    if Tag.IMAGE_WIDTH not in values or Tag.IMAGE_LENGTH not in values:
        return None
    (samples,), bits = values.get(Tag.SAMPLES_PER_PIXEL, (1,))[:1], values.get(Tag.BITS_PER_SAMPLE, (1,))
    bits = bits * samples if len(bits) == 1 and samples <= _MOST_VALUES else bits
    return SampleFormat(
        values.get(Tag.PHOTOMETRIC, (BLACK_IS_ZERO,))[0], bits, values.get(Tag.SAMPLE_FORMAT, (1,)),
        values.get(Tag.COMPRESSION, (1,))[0], header.offset_at(data, link) > 0, values.get(Tag.EXTRA_SAMPLES, ()),
    )  # fmt: skip


def with_readable_tags(data: bytes, sample_format: SampleFormat) -> bytes:
    """Return a TIFF without pixels, with the same descriptive tags, that Pillow opens to read the metadata."""
    is_lab = sample_format.photometric in (CIELAB, ICCLAB)  # whose profile does not hold for sRGB
    tags = (read_ifd(data) or Ifd("<")).without((*_PIXEL_LAYOUT, *((Tag.ICC_PROFILE,) if is_lab else ())))
    channels = 3 if _COLORS.get(sample_format.photometric) == 3 else 1

    def short(*values: int) -> Entry:
        return Entry(Type.SHORT, struct.pack(f"{tags.order}{len(values)}H", *values))

    tags.entries[Tag.BITS_PER_SAMPLE] = short(*[8] * channels)
    tags.entries[Tag.SAMPLES_PER_PIXEL] = short(channels)
    tags.entries[Tag.PHOTOMETRIC] = short(RGB if channels == 3 else BLACK_IS_ZERO)
    if sample_format.compression not in TiffImagePlugin.COMPRESSION_INFO:
        tags.entries[Tag.COMPRESSION] = short(_LZW)
    for tag in STRIPS:
        tags.entries[tag] = Entry(Type.LONG, struct.pack(tags.order + "L", _START))
    tags.entries[Tag.ROWS_PER_STRIP] = tags.entries[Tag.IMAGE_LENGTH]
    return tags.exif_block()[6:]
