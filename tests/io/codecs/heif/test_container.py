"""AVIF and HEIC of other makers: brands, opacity without a size, HDR, previews, and planes that do not stay.

Also tests :mod:`pielight.io.codecs.heif.still`.
"""

import io
import mmap
import os
import struct
from dataclasses import replace
from typing import NoReturn

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.heif.coding import hdr_curve, read_cicp, read_coding
from pielight.io.codecs.heif.container import _associated, container, encoding
from pielight.io.codecs.heif.items import read_items
from pielight.io.codecs.isobmff import box, walk
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples
from tests.io.test_damaged import outcome


def branded(data: bytes, *brands: bytes) -> bytes:
    """The same file with other brands, and as long as before."""
    first = next(walk(data))
    others = b"".join(brands[1:]).ljust(first.end - first.start - 8, b"\0")
    assert len(others) == first.end - first.start - 8
    return data[: first.start] + brands[0] + b"\0\0\0\0" + others + data[first.end :]


@pytest.mark.parametrize("brands", [(b"mif2", b"miaf"), (b"miaf",), (b"mif1", b"miaf"), (b"1pic", b"mif2"), (b"tmap",)])
@pytest.mark.parametrize("name", ["rgb.avif", "rgba.avif", "rgb.heic"])
def test_brands_that_say_nothing_of_the_coding(name: str, brands: tuple[bytes, ...]) -> None:
    plain = samples.sample(name)
    data = branded(plain, *brands)
    picture = decode(data, "picture")
    assert picture.format == ("HEIF" if name == "rgb.heic" else "AVIF")
    assert np.array_equal(picture.pixels, decode(plain).pixels)
    assert container(encode(picture)) == picture.format


@pytest.mark.parametrize(("name", "file_format"), [("rgb.avif", "AVIF"), ("rgb.heic", "HEIF")])
def test_the_start_of_a_file_suffices(name: str, file_format: str) -> None:
    data = samples.sample(name)
    assert {container(data[:length]) for length in range(32, len(data))} == {file_format}


def test_other_codings_are_named() -> None:
    data = samples.sample("rgb.heic").replace(b"hvc1", b"j2k1")
    with pytest.raises(PictureError, match=r"^a\.heic: HEIF with pixels coded as j2k1 is not supported"):
        decode(data, "a.heic")
    with pytest.raises(PictureError, match=r"^a\.mp4: not a .* picture"):
        decode(box(b"ftyp", b"isom\0\0\0\0mp42") + box(b"moov", bytes(50)), "a.mp4")


def without_size_of_opacity(data: bytes) -> bytes:
    """Take the link to the size out of the second item's list, as early writers made it."""
    place = data.index(b"ipma") + 12
    first = 3 + data[place + 2]
    entry = place + first
    count = data[entry + 2]
    assert data[entry : entry + 2] == b"\0\2"
    links = data[entry + 3 : entry + 3 + count]
    return data[: entry + 3] + links[1:2] + links[1:] + data[entry + 3 + count :]  # twice the next, none lost


def test_opacity_without_a_size() -> None:
    whole = samples.sample("rgba.avif")
    data = without_size_of_opacity(whole)
    alpha = read_items(data).by_number[2]
    assert alpha.references == {b"auxl": [1]}
    assert alpha.property_of(b"ispe") is None
    with pytest.raises((SyntaxError, OSError)):  # what Pillow alone makes of it
        Image.open(io.BytesIO(data)).load()
    picture, expected = decode(data, "a.avif"), decode(whole)
    assert picture.mode == "RGBA"
    assert np.array_equal(picture.pixels, expected.pixels)
    assert picture.alpha is not None
    assert expected.alpha is not None
    assert np.array_equal(picture.alpha, expected.alpha)


def colors_of_stream(data: bytes) -> tuple[int, int, int]:
    """Primaries, curve and matrix that the AV1 stream of a still picture names (AV1 specification, 5.5)."""
    ((place, length), *_) = read_items(data).parts()[0].spans
    stream = data[place : place + length]
    assert stream[:2] == b"\x12\0"  # a temporal delimiter
    assert stream[2] >> 3 & 15 == 1  # a sequence header
    bits = "".join(f"{byte:08b}" for byte in stream[4:])
    profile, still, reduced = bits[:3], bits[3], bits[4]
    assert (still, reduced) == ("1", "1")
    place = 10
    width, height = (int(bits[place + 4 * step : place + 4 * step + 4], 2) + 1 for step in (0, 1))
    place += 8 + width + height + 6  # superblocks, filters, edges, upscaling, cdef, restoration
    place += 1 + (profile == "010") + (profile != "001")  # depth, gray
    assert bits[place] == "1"  # colors are named
    primaries, transfer, matrix = (int(bits[place + 1 + 8 * step :][:8], 2) for step in range(3))
    return primaries, transfer, matrix


@pytest.mark.parametrize("code", [(9, 16), (9, 18), (12, 13), (1, 13), (9999, 3), (22, 8)])
@pytest.mark.parametrize("name", ["rgb.avif", "rgba.avif"])
def test_box_and_stream_name_the_same_colors(name: str, code: tuple[int, int]) -> None:
    plain = samples.sample(name)
    place = plain.index(b"colrnclx") + 8
    data = plain[:place] + struct.pack(">2H", *code) + plain[place + 4 :]
    picture = decode(data)
    known = (2, 2) if code == (9999, 3) else code
    assert picture.metadata.cicp == known
    assert ("HDR transfer curve" in picture.note) == bool(hdr_curve(code))
    result = encode(picture)
    assert read_cicp(read_items(result)) == known
    assert colors_of_stream(result)[:2] == known
    assert np.abs(decode(result).pixels.astype(float) - picture.pixels).mean() < 4


def test_every_code_can_be_written() -> None:
    picture = decode(samples.sample("rgb.avif"))
    for code in [(primaries, 13) for primaries in (1, 2, *range(4, 13), 22)] + [(1, curve) for curve in range(4, 19)]:
        result = encode(replace(picture, metadata=replace(picture.metadata, cicp=code)), quality=30)
        assert colors_of_stream(result)[:2] == code


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_is_turned_upright_once(orientation: int) -> None:
    image = Image.new("RGB", (128, 64), "black")
    image.paste("white", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[274], exif[271] = orientation, "maker"
    source = samples.saved(image, "HEIF", exif=exif.tobytes())
    picture = decode(source)
    corner = {1: (0, 0), 3: (1, 1), 6: (0, 1), 8: (1, 0)}[orientation]
    for data in (encode(picture), encode(decode(encode(picture)))):
        came = decode(data)
        height, width = came.pixels.shape[:2]
        assert (width > height) == (orientation in (1, 3))
        quarters = came.pixels.astype(float).reshape(2, height // 2, 2, width // 2, 3).mean(axis=(1, 3, 4))
        assert np.unravel_index(quarters.argmax(), (2, 2)) == corner
        with Image.open(io.BytesIO(data)) as result:
            assert (result.getexif().get(274, 1), result.getexif()[271]) == (1, "maker")


def test_the_preview_is_regenerated() -> None:
    dark = Image.fromarray(samples.colors(640, 480) // 4)
    source = samples.saved(dark, "HEIF", quality=60, thumbnails=[160])
    picture = decode(source)
    assert read_coding(read_items(source)).thumbnails == (160,)
    picture.pixels[...] = 200
    result = encode(picture)
    assert read_coding(read_items(result)).thumbnails == (160,)
    file = pillow_heif.open_heif(result)
    thumbnail = file[0].get_thumbnail(0)
    assert thumbnail.size == (160, 120)
    assert np.abs(np.asarray(thumbnail.to_pillow()).astype(int) - 200).max() < 6
    assert fit(picture, "HEIF").note == ""
    assert "preview left out" in fit(picture, "AVIF").note


def with_plane(kind: bytes) -> bytes:
    """A HEIC in which a second picture is said to be a plane of the first."""
    file = pillow_heif.from_pillow(samples.image("RGB"))
    file.add_from_pillow(samples.image("L"))
    made = io.BytesIO()
    file.save(made, quality=60)
    data = made.getvalue()
    meta = next(one for one in walk(data) if one.kind == b"meta")
    items = read_items(data)
    second = next(
        number for number, item in items.by_number.items() if item.kind == b"hvc1" and number != items.primary
    )
    reference = box(b"iref", bytes(4) + box(b"auxl", struct.pack(">3H", second, 1, items.primary)))
    content = data[meta.start : meta.start + 4]
    for name, start, end in walk(data, meta.start + 4, meta.end):
        inner = data[start:end]
        if name == b"iprp":
            parts = {one.kind: inner[one.start : one.end] for one in walk(inner)}
            count = sum(1 for _ in walk(parts[b"ipco"]))
            parts[b"ipco"] += box(b"auxC", bytes(4) + kind + b"\0")
            parts[b"ipma"] = _associated(parts[b"ipma"], count + 1, {second})
            inner = b"".join(box(*part) for part in parts.items())
        if name != b"iref":
            content += box(name, inner)
    place = data.rindex(b"meta", 0, meta.start)
    return data[:place] + b"free" + data[meta.start :] + box(b"meta", content + reference)


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        (b"urn:com:apple:photo:2020:aux:hdrgainmap", "left out: HDR gain map"),
        (b"urn:mpeg:hevc:2015:auxid:2", "left out: depth map"),
        (b"urn:com:apple:photo:2018:aux:portraiteffectsmatte", "left out: matte of people or parts"),
        (b"urn:example:what", "left out: further plane"),
        (b"urn:mpeg:hevc:2015:auxid:1", ""),
        (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", ""),
    ],
)
def test_planes_that_do_not_stay_are_said(kind: bytes, note: str) -> None:
    coding = read_coding(read_items(with_plane(kind)))
    assert coding.planes == ((note.removeprefix("left out: "),) if note else ())


def test_a_gain_map_is_said() -> None:
    picture = decode(with_plane(b"urn:com:apple:photo:2020:aux:hdrgainmap"))
    assert "left out: HDR gain map" in picture.note


MOTION = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:G="http://ns.google.com/photos/1.0/camera/" G:MotionPhoto="1"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


@pytest.mark.parametrize("source", ["HEIF", "AVIF"])
def test_a_motion_photo_keeps_its_video(source: str) -> None:
    video = box(b"mpvd", b"a video" * 50) + box(b"sefd", b"an index")
    picture = decode(samples.saved(samples.image("RGB"), source, xmp=MOTION) + video)
    for target in ("HEIF", "AVIF"):
        result = encode(picture, target)
        assert result.endswith(video)
        assert b"MotionPhoto" in (decode(result).metadata.xmp or b"")
        assert decode(result).metadata.video == video
        assert fit(picture, target).note == ""
    assert "video" in fit(picture, "JPEG").note
    assert b"MotionPhoto" not in encode(picture, "JPEG")


def test_pictures_of_a_sequence_are_said() -> None:
    data = samples.sample("rgb.heic") + box(b"moov", bytes(20))
    assert "several pictures" in fit(decode(data), "HEIF").note


def test_damaged_boxes() -> None:
    data = without_size_of_opacity(samples.sample("rgba.avif"))
    meta = next(one for one in walk(data) if one.kind == b"meta")
    for place in range(8, meta.end, 3):
        for value in (0, 1, 255):
            outcome(data[:place] + bytes([value]) + data[place + 1 :], "a.avif")


def test_a_shortage_of_memory_is_not_blamed_on_the_picture(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: bytes) -> None:
        with encoding(12, "4:2:0"), encoding(12, "4:4:4"):  # as several threads do
            os.write(2, text)
            raise RuntimeError("Encoder plugin generated an error: Invalid image size")

    with pytest.raises(MemoryError):
        fail(b"x265 [error]: malloc of size 3497472 failed\nother\n")
    assert capfd.readouterr().err == "other\n"
    with pytest.raises(RuntimeError, match="Invalid image size"):
        fail(b"")

    def short(*_: int) -> NoReturn:
        raise OSError("Cannot allocate memory")

    picture = decode(samples.sample("rgb.heic"))
    monkeypatch.setattr(mmap, "mmap", short)
    with pytest.raises(PictureError, match=r"^x: not enough memory$"):
        encode(picture, name="x")


def test_what_was_coded_without_loss_is_said_to_be_so_no_more() -> None:
    plain = samples.saved(Image.new("RGB", (64, 48), (40, 30, 20)), "AVIF", subsampling="4:4:4")
    place = plain.index(b"colrnclx") + len(b"colrnclx")
    data = plain[: place + 4] + b"\0\0" + plain[place + 6 :]  # no matrix
    note = "the source is lossless, but AVIF is written lossily; use --format png to avoid it"
    assert fit(decode(data), "AVIF").note == note
    assert fit(decode(data), "PNG").note == fit(decode(plain), "AVIF").note == ""


def test_exif_without_a_header_is_not_lost_in_silence() -> None:
    exif = b"Exif\0\0II*\0" + struct.pack("<LHHHL4sL", 8, 1, 271, 2, 4, b"Me\0\0", 0)
    data = samples.saved(Image.new("RGB", (64, 48)), "HEIF", exif=exif)
    assert fit(decode(data), "HEIF").note == ""
    assert fit(decode(data.replace(b"II*\0", b"II\xac\0")), "HEIF").note == "EXIF left out: it is damaged"
