"""JPEG of any chroma subsampling, with one scan for each channel: Pillow knows only 4:4:4, 4:2:2 and 4:2:0."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, BinaryIO

from PIL import Image, ImageChops, JpegImagePlugin

from pielight.io.codecs.jpeg import segments as jpeg

Sampling = tuple[tuple[int, int], ...]
_FULL: Sampling = ((1, 1), (1, 1), (1, 1))
_PILLOWS: dict[Sampling, int] = {_FULL: 0, ((2, 1), (1, 1), (1, 1)): 1, ((2, 2), (1, 1), (1, 1)): 2}
_HUFFMAN, _QUANTIZATION = 0xC4, 0xDB
_CMYK, _ADOBE = 4, jpeg.Segment(jpeg.APP14, b"Adobe\0\x64\0\0\0\0\2")  # marks CMYK coded as YCCK
_TABLES = (0, 1, 2, 0)  # of each channel, if there are so many
_CHANNEL_OF_SCAN = 5  # bytes after the start of a scan
_ONCE = ("extra", "exif", "icc_profile", "xmp", "comment")  # options that belong to a file once


def subsampling(sampling: Sampling, channels: int = 3) -> int | Sampling:
    """Return Pillow's number of a chroma subsampling, or its factors if it has none; 4:4:4 if it is impossible.

    >>> subsampling(((2, 1), (1, 1), (1, 1))), subsampling(()), subsampling(((1, 2), (1, 1), (1, 1)))
    (1, 0, ((1, 2), (1, 1), (1, 1)))
    """
    if len(sampling) != channels or not all(_steps(sampling)) or len(set(sampling)) == 1:
        sampling = _FULL
    return _PILLOWS.get(sampling, sampling)


def save_scans(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    """Write an image whose channels Y, Cb, Cr, and of CMYK also K, are sampled by ``options["subsampling"]``.

    Each is encoded as a gray JPEG, and their scans are merged into one file.

    Args:
        image: Of mode RGB, RGBX or CMYK.
        file: Open for writing.

    Raises:
        OSError: The file cannot be written to, or the image not be encoded.
    """
    sampling: Sampling = options["subsampling"]
    tables = options.get("qtables") or _tables(options["quality"])
    own = {name: value for name, value in options.items() if name not in ("subsampling", "quality", *_ONCE)}
    numbers = [min(table, len(tables) - 1) for table in _TABLES[: len(sampling)]]
    files = []
    for number, channel in enumerate(_channels(image)):
        steps = _steps(sampling)[number]
        assert steps is not None
        chosen = own | {"qtables": [tables[numbers[number]]]}
        if not number:
            chosen |= {name: options[name] for name in _ONCE if name in options}
        files.append(_saved(channel.reduce(steps), **chosen))
    file.write(_joined(files, sampling, numbers, image.size))


def _channels(image: Image.Image) -> tuple[Image.Image, ...]:
    """Return the channels to code; CMYK as Adobe's YCCK, in which RGB is the inverse of CMY."""
    if image.mode != "CMYK":
        return image.convert("RGB").convert("YCbCr").split()
    *colors, black = image.split()
    return *Image.merge("RGB", colors).convert("YCbCr").split(), ImageChops.invert(black)


def _steps(sampling: Sampling) -> list[tuple[int, int] | None]:
    """Return how many pixels across and down are averaged into a sample; None if that is no whole number."""
    across, down = (max(sizes) for sizes in zip(*sampling, strict=True))
    return [
        None if not wide or not high or across % wide or down % high else (across // wide, down // high)
        for wide, high in sampling
    ]


def _tables(quality: int) -> list[list[int]]:
    """Return the quantization tables of a quality."""
    with Image.open(io.BytesIO(_saved(Image.new("RGB", (8, 8)), quality=quality)), formats=("JPEG",)) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        return [list(image.quantization[key]) for key in sorted(image.quantization)]


def _saved(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def _joined(files: Sequence[bytes], sampling: Sampling, tables: Sequence[int], size: tuple[int, int]) -> bytes:
    """Merge gray JPEGs as the channels of one."""
    heads = [jpeg.parse(data).segments for data in files]
    frames = [next(part for part in head if part.marker in jpeg.FRAMES) for head in heads]
    frame = frames[0].content[:1] + size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big") + bytes((len(files),))
    for number, (wide, high) in enumerate(sampling):
        frame += bytes((number + 1, wide << 4 | high, tables[number]))
    parts = [part for part in heads[0] if part.marker not in (*jpeg.FRAMES, _QUANTIZATION, _HUFFMAN)]
    if len(files) == _CMYK:
        parts = [_ADOBE, *(part for part in parts if not part.content.startswith(jpeg.JFIF))]
    for number, head in dict(zip(reversed(tables), reversed(heads), strict=True)).items():
        parts += [_numbered(part, number) for part in head if part.marker == _QUANTIZATION]
    # The greater marker is that of the most general kind of frame.
    parts.append(jpeg.Segment(max(part.marker for part in frames), frame))
    scans = (_scans(data, head, number + 1) for number, (data, head) in enumerate(zip(files, heads, strict=True)))
    # Interleaved, so that a progressive file appears in color while it loads.
    interleaved = b"".join(b"".join(turn) for turn in zip_longest(*scans, fillvalue=b""))
    return b"\xff\xd8" + jpeg.joined(parts) + interleaved + bytes((0xFF, jpeg.END_OF_IMAGE))


def _numbered(table: jpeg.Segment, number: int) -> jpeg.Segment:
    """Return a quantization table with another number."""
    return jpeg.Segment(table.marker, bytes((table.content[0] & 0xF0 | number,)) + table.content[1:])


def _scans(data: bytes, head: Sequence[jpeg.Segment], channel: int) -> Iterator[bytes]:
    """Yield the scans of a gray JPEG as those of a channel, each with the tables that it needs."""
    position = 2 + len(jpeg.joined(head))  # Pillow leaves no gaps
    before = jpeg.joined(part for part in head if part.marker == _HUFFMAN)
    while data[position + 1] != jpeg.END_OF_IMAGE:
        start = position
        while data[position + 1] != jpeg.START_OF_SCAN:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        channel_position = position + _CHANNEL_OF_SCAN
        match = jpeg.MARKER_IN_SCAN.search(data, channel_position)
        assert match is not None
        position = match.start()
        yield before + data[start:channel_position] + bytes((channel,)) + data[channel_position + 1 : position]
        before = b""
