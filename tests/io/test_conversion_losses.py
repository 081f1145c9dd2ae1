"""What a file holds beside its pixels goes to every other format, or the note says that it does not."""

import io
import json
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tifffile
from PIL import Image

from pielight.io.codecs.jpeg.segments import COMMENT, Segment, parse, photoshop_block
from pielight.io.codecs.png.chunks import png_chunks, with_chunks
from pielight.io.codecs.png.text import texts
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from tests.io import samples

RECORDS = b"\x1c\x02\x78\0\x09A caption" + b"\x1c\x02\x19\0\x03key"
IPTC = b"8BIM\x04\x04\0\0" + struct.pack(">L", len(RECORDS)) + RECORDS
EXTENDED = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">LL", 4, 0) + b"<a/>"


def jpeg_with(*segments: Segment, **options: Any) -> bytes:
    plain = samples.saved(samples.image("RGB"), "JPEG", **options)
    return plain[:2] + b"".join(segment.coded() for segment in segments) + plain[2:]


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    return with_chunks(samples.sample("rgb.png"), chunks)


def tiff_with(tag: int, entry: Entry) -> bytes:
    data = samples.sample("rgb.tif")
    tags = read_ifd(data)
    assert tags is not None
    tags.entries[tag] = entry
    data += b"\0" * (len(data) % 2)
    return data[:4] + struct.pack("<L", len(data)) + data[8:] + tags.encode(len(data))


def gif_with(comment: bytes) -> bytes:
    return samples.saved(samples.image("P"), "GIF", comment=comment)


def exif_block() -> bytes:
    return Ifd("<", {271: Entry(2, b"Canon\0")}).exif_block()


def raw_profile(kind: str, content: bytes) -> tuple[bytes, bytes]:
    text = f"\n{kind}\n{len(content):8d}\n{content.hex()}\n".encode()
    return b"zTXt", b"Raw profile type " + kind.encode() + b"\0\0" + zlib.compress(text)


# Files, what they hold, and the formats that can hold it; to all others, the note names it.
FIELDS: dict[str, tuple[Callable[[], bytes], bytes, str]] = {
    "IPTC of JPEG": (lambda: jpeg_with(Segment(0xED, b"Photoshop 3.0\0" + IPTC)), RECORDS, "JPEG PNG TIFF"),
    "IPTC of TIFF": (lambda: tiff_with(34377, Entry(1, IPTC)), RECORDS, "JPEG PNG TIFF"),
    "IPTC of PNG": (lambda: png_with(raw_profile("iptc", RECORDS)), RECORDS, "JPEG PNG TIFF"),
    "Photoshop's of PNG": (lambda: png_with(raw_profile("8bim", IPTC)), RECORDS, "JPEG PNG TIFF"),
    "comment of JPEG": (lambda: jpeg_with(comment=b"a comment"), b"a comment", "JPEG PNG GIF"),
    "comment of GIF": (lambda: gif_with(b"a comment"), b"a comment", "JPEG PNG GIF"),
    "comment of PNG": (lambda: png_with((b"tEXt", b"Comment\0a comment")), b"a comment", "JPEG PNG GIF"),
    "texts of PNG (Title)": (lambda: png_with((b"tEXt", b"Title\0a title")), b"a title", "PNG"),
    "packed texts of PNG (Title)": (
        lambda: png_with((b"zTXt", b"Title\0\0" + zlib.compress(b"a title"))), b"Title\0\0", "PNG",
    ),
    "international texts of PNG (Author)": (lambda: png_with((b"iTXt", b"Author\0\0\0\0\0a title")), b"a title", "PNG"),
    "chunks of PNG (prVt)": (lambda: png_with((b"prVt", b"private")), b"private", "PNG"),
    "segments of JPEG (APP11 JP)": (lambda: jpeg_with(Segment(0xEB, b"JP\0\0of a maker")), b"of a maker", "JPEG"),
    "extended XMP of JPEG": (lambda: jpeg_with(Segment(0xE1, EXTENDED)), EXTENDED, "JPEG"),
    "resolution of JPEG": (lambda: jpeg_with(dpi=(301, 301)), b"", "JPEG PNG TIFF BMP"),
    "EXIF of JPEG": (lambda: jpeg_with(exif=exif_block()), b"Canon", "JPEG PNG TIFF WEBP AVIF HEIF"),
    "EXIF of TIFF": (lambda: tiff_with(271, Entry(2, b"Canon\0")), b"Canon", "JPEG PNG TIFF WEBP AVIF HEIF"),
    "EXIF of PNG": (lambda: png_with(raw_profile("exif", exif_block())), b"Canon", "JPEG PNG TIFF WEBP AVIF HEIF"),
    "XMP of JPEG": (lambda: jpeg_with(xmp=samples.XMP), samples.XMP, "JPEG PNG TIFF WEBP AVIF HEIF GIF"),
    "XMP of PNG": (lambda: png_with(raw_profile("xmp", samples.XMP)), samples.XMP, "JPEG PNG TIFF WEBP AVIF HEIF GIF"),
}  # fmt: skip
TARGETS = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF", "GIF", "BMP")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("field", FIELDS)
def test_it_goes_along_or_the_note_says_so(field: str, target: str) -> None:
    make, value, holders = FIELDS[field]
    picture = decode(make())
    fitted = fit(picture, target)
    result = encode(picture, target)
    what, _, detail = re.sub(r"^(packed|international) ", "", field).partition(" of ")
    named = f"{what} {detail.partition(' ')[2]}".strip().replace("Photoshop's", "IPTC")
    assert (named.lower() in fitted.note.lower()) == (target not in holders.split())
    assert fit(fitted, target).note == fitted.note
    if target in holders.split():
        assert value in everything(result)


def everything(data: bytes) -> bytes:
    """A file, and the texts in it that are packed or written as digits."""
    if not data.startswith(b"\x89PNG"):
        return data
    found = b"".join(text.content for text in texts(png_chunks(data)))
    digits = re.findall(rb"\n\w+\n *\d+\n([0-9a-f\n]+)", found)
    return data + found + b"".join(bytes.fromhex(part.decode()) for part in digits)


def test_iptc_in_a_png_comes_back() -> None:
    source = jpeg_with(Segment(0xED, b"Photoshop 3.0\0" + IPTC))
    png = encode(decode(source), "PNG")
    assert photoshop_block(parse(encode(decode(png), "JPEG")).segments) == IPTC
    assert sorted(png_chunks(encode(decode(png), "PNG")))[0] == sorted(png_chunks(png))[0]


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_exiftool_reads_iptc_and_comment_of_a_png(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    source = jpeg_with(Segment(0xED, b"Photoshop 3.0\0" + IPTC), Segment(COMMENT, "Zoë".encode()))
    path.write_bytes(encode(decode(source), "PNG"))
    (tags,) = json.loads(subprocess.run(["exiftool", "-j", str(path)], capture_output=True, check=True).stdout)
    assert (tags["Caption-Abstract"], tags["Keywords"], tags["Comment"]) == ("A caption", "key", "Zoë")
    assert "Warning" not in tags


def test_several_comments_become_one() -> None:
    data = jpeg_with(Segment(COMMENT, b"one"), Segment(COMMENT, b"two"))
    with Image.open(io.BytesIO(encode(decode(data), "GIF"))) as image:
        assert image.info["comment"] == b"one\ntwo"
    assert [content for _, content in parse(encode(decode(data))).segments if content in (b"one", b"two")]


def test_usual_resolutions_and_those_in_exif_need_no_note() -> None:
    block = Ifd("<", {282: Entry(5, struct.pack("<2L", 300, 1))}).exif_block()
    for data in (jpeg_with(dpi=(72, 72)), jpeg_with(dpi=(96, 96)), jpeg_with(dpi=(300, 300), exif=block)):
        assert fit(decode(data), "WEBP").note == ""


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        ((b"gAMA", struct.pack(">L", 45455)), False),
        ((b"gAMA", struct.pack(">L", 45454)), False),
        ((b"gAMA", struct.pack(">L", 100_000)), True),
        ((b"cHRM", struct.pack(">8L", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)), True),
        ((b"cICP", bytes((9, 16, 0, 1))), True),
        ((b"sRGB", b"\0"), False),
    ],
)
def test_colors_that_only_png_names(chunk: tuple[bytes, bytes], said: bool) -> None:
    picture = decode(png_with(chunk))
    assert ("colors treated as sRGB" in fit(picture, "JPEG").note) == said
    assert fit(picture, "PNG").note == ""


@pytest.mark.parametrize(("tag", "what"), [(330, "reduced pictures"), (37724, "Photoshop's layers")])
def test_what_would_show_the_old_picture_of_a_tiff(tag: int, what: str) -> None:
    data = tiff_with(tag, Entry(4, struct.pack("<L", 8)) if tag == 330 else Entry(7, b"layers of it"))
    assert decode(data).note == f"left out: {what}"
    assert tag not in (read_ifd(encode(decode(data))) or Ifd("<")).entries


@pytest.mark.parametrize("channels", [1, 3])
def test_resolution_in_centimeters_stays(channels: int) -> None:
    for data in (
        samples.deep_tiff(channels, resolution=(118, 59), resolutionunit=3),
        samples.saved(samples.image("RGB"), "TIFF", resolution_unit=3, x_resolution=118, y_resolution=59),
    ):
        for result in (encode(decode(data)), encode(decode(encode(decode(data), "PNG")), "TIFF")):
            with tifffile.TiffFile(io.BytesIO(result)) as file:
                tags = file.pages.first.tags
                assert (tags[282].value, tags[283].value, int(tags[296].value)) == ((118, 1), (59, 1), 3)


def test_damaged_texts() -> None:
    chunks = [
        (b"zTXt", b"Title\0\0not packed"),
        (b"zTXt", b"Title"),
        (b"iTXt", b"Title\0\1\0"),
        (b"tEXt", b"Raw profile type iptc\0\niptc"),
        (b"tEXt", b"Raw profile type exif\0\nexif\n 4\nno digits\n"),
        (b"zTXt", b"Large\0\0" + zlib.compress(bytes(1 << 25))),
    ]
    assert [text.content for text in texts(chunks)] == [b"", b"", b"", b"\niptc", b"\nexif\n 4\nno digits\n", b""]
    assert decode(with_chunks(samples.sample("rgb_16.png"), chunks[3:5])).metadata.photoshop == b""


def test_texts_do_not_fill_the_memory() -> None:
    """Behind the pixels, no reader looks at them before we do."""
    bomb = (b"zTXt", b"Large\0\0" + zlib.compress(bytes(10_000_000), 9))
    found = texts([bomb] * 300 + [(b"zTXt", b"Title\0\0" + zlib.compress(b"a title"))])
    assert sum(len(text.content) for text in found) <= 1 << 24
    assert len(found) == 301


def test_a_long_text_or_profile_does_not_cost_the_picture() -> None:
    long = zlib.compress(bytes(3_000_000))
    for chunk in ((b"zTXt", b"Title\0\0" + long), (b"iCCP", b"a\0\0" + long)):
        assert decode(png_with(chunk)).mode == "RGB"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("value", [(0, 1), (1, 0), (0xFFFFFFFF, 1), (70_000, 1)])
def test_absurd_resolutions_do_not_cost_the_picture(value: tuple[int, int], target: str) -> None:
    data = samples.deep_tiff(3, resolution=(12345, 12345), resolutionunit=2)
    data = data.replace(struct.pack("<2L", 12345, 1), struct.pack("<2L", *value))
    assert decode(encode(decode(data), target)).pixels.shape[:2] == (samples.HEIGHT, samples.WIDTH)
    chunk = b"pHYs", struct.pack(">LLB", 2**31 - 1, 2**31 - 1, 1)
    assert decode(encode(decode(png_with(chunk)), target)).pixels.shape[:2] == (samples.HEIGHT, samples.WIDTH)
