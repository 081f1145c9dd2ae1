"""The trailer of a JPEG stays, with valid offsets; what cannot stay is left out with a note.

Also tests :mod:`pielight.io.codecs.jpeg.trailer_update` and :mod:`pielight.io.codecs.jpeg.multiview`.
"""

import io
import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.enhancer import Enhancer
from pielight.io.codecs.jpeg.segments import APP1, APP2, EXIF, JpegLayout, Segment, parse
from pielight.io.codecs.jpeg.trailer import find_parts
from pielight.io.decode import decode
from pielight.io.metadata.google_xmp import without_container
from pielight.io.metadata.ifd import Entry, Ifd
from pielight.io.metadata.xmp import with_description
from tests.io import samples
from tests.io.companions import (
    FULL_HD,
    GAIN_MAP,
    ISO,
    PREVIEW,
    STEREO,
    VIDEO,
    apples_gain_map,
    composed,
    gain_map,
    index,
    item,
    packet,
    preview,
    samsungs_trailer,
    ultra_hdr,
    with_segments,
)  # fmt: skip
from tests.io.functions import changed_bytes
from tests.io.thumbnailed import brighter, exif, jpeg, opened, scene

NO_GAIN_MAP = "HDR gain map left out: it belongs to the original picture"


def same(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels.copy()


def enhanced(data: bytes, **options: Any) -> tuple[bytes, str]:
    return changed_bytes(data, brighter, 1.0, **options)


def behind(data: bytes) -> bytes:
    return data[parse(data).end :]


def listed(data: bytes) -> list[tuple[int, int, bytes]]:
    """The pictures that the index leads to, read by the words of the standard: attribute, dependent, bytes."""
    segments = list(parse(data).contents(APP2, b"MPF\0"))
    if not segments:
        return []
    (content,) = segments
    base = data.index(content) + 4
    order = ">" if content[4:6] == b"MM" else "<"
    tags = {}
    for number in range(3):
        tag, _, count, value = struct.unpack_from(order + "HHLL", content, 4 + 8 + 2 + 12 * number)
        tags[tag] = count, value
    assert tags[0xB002][0] == 16 * tags[0xB001][1]
    found = []
    for number in range(tags[0xB001][1]):
        attribute, size, offset, one, _ = struct.unpack_from(order + "3L2H", content, 4 + tags[0xB002][1] + 16 * number)
        start = base + offset if offset else 0
        found.append((attribute & 0xFFFFFF, one, data[start : start + size]))
    return found


def xmp_of(data: bytes) -> bytes:
    found = bytes(opened(data).info.get("xmp", b""))
    if found:
        ET.fromstring(re.sub(rb"<\?xpacket[^>]*>", b"", found))  # it is still XML
    return found


def check_bright(content: bytes, size: tuple[int, int]) -> None:
    image = opened(content)
    assert image.size == size
    expected = brighter(np.asarray(scene().resize(size).convert(image.mode)))
    assert np.abs(np.asarray(image).astype(int) - expected).mean() < 5


@pytest.mark.parametrize("trailer", [b"", b"a maker's trailer", VIDEO, samsungs_trailer(), bytes(5000)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_trailer_stays_and_the_index_points_to_it(trailer: bytes, order: str) -> None:
    depth = samples.saved(scene().convert("L").resize((60, 40)), "JPEG")
    source = composed([(None, b"a gap"), (0x040000, depth), (None, trailer)], order=order)
    data, note = enhanced(source)
    assert note == ""
    assert behind(data) == behind(source) == b"a gap" + depth + trailer
    assert [entry[2] for entry in listed(data)] == [data[: parse(data).end], depth]
    assert [entry[:2] for entry in listed(data)] == [entry[:2] for entry in listed(source)]
    check_bright(data, (480, 320))


def test_a_trailer_without_any_index() -> None:
    source = samples.saved(scene(), "JPEG") + samsungs_trailer()
    data, note = enhanced(source)
    assert (behind(data), note) == (samsungs_trailer(), "")
    assert data.endswith(b"SEFT")


@pytest.mark.parametrize("attribute", [PREVIEW, FULL_HD])
def test_previews_are_regenerated(attribute: int) -> None:
    source = composed([(attribute, preview()), (None, b"padding"), (attribute, preview((96, 64))), (None, VIDEO)])
    data, note = enhanced(source)
    (_, one, other) = listed(data)
    assert note == ""
    assert (one[0], other[0]) == (attribute, attribute)
    check_bright(one[2], (240, 160))
    check_bright(other[2], (96, 64))
    assert behind(data) == one[2] + b"padding" + other[2] + VIDEO
    assert listed(data)[0][2] == data[: parse(data).end]
    assert opened(one[2]).quantization == opened(preview()).quantization  # type: ignore[attr-defined]
    assert behind(changed_bytes(source, same, 0.0, quality=80)[0]) == behind(source)


def test_a_smaller_copy_without_a_kind_is_a_preview() -> None:
    depth = jpeg(scene().convert("L").convert("RGB").transpose(Image.Transpose.ROTATE_180).resize((120, 80)))
    gray = jpeg(scene().convert("L").resize((120, 80)))
    other_shape = jpeg(scene().resize((120, 100)))
    parts = [preview(), preview((97, 65)), depth, gray, other_shape, preview()[:500]]
    data, note = enhanced(composed([(0x000000, part) for part in parts]))
    _, one, other, *kept = (entry[2] for entry in listed(data))
    assert note == ""
    check_bright(one, (240, 160))
    check_bright(other, (97, 65))
    assert kept == parts[2:]


def test_the_thumbnail_of_a_preview_is_regenerated_too() -> None:
    inner = exif(jpeg(scene().resize((90, 60))))
    own = preview()
    source = composed([(PREVIEW, own[:2] + Segment(APP1, EXIF + inner).coded() + own[2:]), (None, VIDEO)])
    data, note = enhanced(source)
    (_, (_, _, new)) = listed(data)
    assert note == ""
    check_bright(new, (240, 160))
    (block,) = parse(new).contents(APP1, EXIF)
    check_bright(block[block.index(b"\xff\xd8") :], (90, 60))
    assert behind(data) == new + VIDEO


def test_a_preview_that_is_damaged_is_left_out() -> None:
    source = composed([(PREVIEW, preview()[:500]), (0x040000, preview((96, 64)))])
    data, note = enhanced(source)
    assert note == "preview left out: damaged"
    assert [entry[0] for entry in listed(data)] == [0x030000, 0x040000]
    assert behind(data) == preview((96, 64))


def test_googles_and_isos_gain_map_goes_with_all_that_tells_of_it() -> None:
    source = ultra_hdr()
    data, note = enhanced(source)
    assert note == NO_GAIN_MAP
    assert (behind(data), listed(data)) == (b"", [])
    assert not any(parse(data).contents(APP2, ISO))
    before, after = xmp_of(source), xmp_of(data)
    assert b"hdrgm" not in after
    expected = before.replace(b' hdrgm:Version="1.0"', b"").replace(
        item("GainMap", "image/jpeg", len(gain_map())).rstrip("\n").encode(), b""
    )
    assert after == expected.replace(b' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"', b"")
    assert b"hdrgm" not in data
    check_bright(data, (480, 320))


def test_a_gain_map_is_dropped_and_the_video_after_it_stays() -> None:
    source = ultra_hdr(VIDEO)
    data, note = enhanced(source)
    assert note == NO_GAIN_MAP
    assert behind(data) == VIDEO
    assert f'Item:Length="{len(VIDEO)}"'.encode() in xmp_of(data)
    assert b'GCamera:MotionPhoto="1"' in xmp_of(data)
    assert b"GainMap" not in xmp_of(data)


def test_apples_gain_map() -> None:
    depth = samples.saved(scene().convert("L").resize((60, 40)), "JPEG")
    source = composed([(GAIN_MAP, apples_gain_map()), (0, depth)], order="<")
    data, note = enhanced(source)
    assert note == NO_GAIN_MAP
    assert behind(data) == depth
    assert [entry[2] for entry in listed(data)] == [data[: parse(data).end], depth]
    assert [entry[1] for entry in listed(data)] == [0, 0]  # the first picture depended on the gain map
    assert listed(composed([(0, depth), (GAIN_MAP, apples_gain_map())]))[0][1] == 2


def test_a_gain_map_by_its_kind_in_the_index_and_by_the_container_alone() -> None:
    plain = samples.saved(scene().convert("L").resize((120, 80)), "JPEG")
    data, note = enhanced(composed([(0x050000, plain)]))
    assert (behind(data), note) == (b"", NO_GAIN_MAP)
    items = item("Primary", "image/jpeg", None) + item("GainMap", "image/jpeg", len(plain))
    source = composed([(None, plain), (None, VIDEO)], packet('hdrgm:Version="1.0"', items))
    data, note = enhanced(source)
    assert (behind(data), note) == (VIDEO, NO_GAIN_MAP)


def test_a_packet_laid_out_as_elements() -> None:
    plain = samples.saved(scene().convert("L").resize((120, 80)), "JPEG")
    xmp = packet('GCamera:MicroVideo="1"').replace(
        b"></rdf:Description>",
        b"><hdrgm:Version>1.0</hdrgm:Version><hdrgm:GainMapMax><rdf:Seq><rdf:li>2</rdf:li></rdf:Seq></hdrgm:GainMapMax>"
        b"<Container:Directory><rdf:Seq><rdf:li rdf:parseType='Resource'><Container:Item rdf:parseType='Resource'>"
        b"<Item:Semantic>Primary</Item:Semantic></Container:Item></rdf:li><rdf:li rdf:parseType='Resource'>"
        b"<Container:Item rdf:parseType='Resource'><Item:Length>" + str(len(plain)).encode() + b"</Item:Length>"
        b"<Item:Semantic>GainMap</Item:Semantic></Container:Item></rdf:li></rdf:Seq></Container:Directory></rdf:Description>",
    )
    data, note = enhanced(composed([(None, plain), (None, VIDEO)], xmp))
    assert (behind(data), note) == (VIDEO, NO_GAIN_MAP)
    after = xmp_of(data)
    assert b"hdrgm" not in after
    assert b"GainMap" not in after
    assert b"<Item:Semantic>Primary</Item:Semantic></Container:Item></rdf:li></rdf:Seq></Container:Directory>" in after


def test_a_picture_that_looks_the_same_keeps_its_gain_map_and_its_thumbnails() -> None:
    class Hardly:
        def __call__(self, pixels: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
            return pixels + np.uint8(self.step)

        step = 2

    source = ultra_hdr(VIDEO)
    data, note = changed_bytes(source, Hardly(), 1.0)
    assert (behind(data), note, xmp_of(data)) == (behind(source), "", xmp_of(source))
    Hardly.step = 3
    assert changed_bytes(source, Hardly(), 1.0)[1] == NO_GAIN_MAP


def test_micro_videos_are_counted_from_the_end() -> None:
    xmp = packet(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(VIDEO)}"')
    data, note = enhanced(composed([(None, VIDEO)], xmp))
    assert note == ""
    assert xmp_of(data) == xmp
    assert data[-len(VIDEO) :] == VIDEO


@pytest.mark.parametrize("order", ["<", ">"])
def test_views_are_enhanced_alike(order: str) -> None:
    right = samples.saved(scene(), "JPEG", quality=91, comment="right")
    source = composed([(STEREO, right), (None, b"behind")], order=order)
    data, note = enhanced(source)
    assert note == ""
    (first, second) = listed(data)
    check_bright(second[2], (480, 320))
    check_bright(first[2], (480, 320))
    assert opened(second[2]).info["comment"] == b"right"
    assert behind(data) == second[2] + b"behind"
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("MPO", 2)
    data, note = enhanced(source, file_format="PNG")
    left_out = "left out, not supported by PNG: trailer"
    assert note == f"several pictures in the file: only the first is kept; {left_out}"


def test_an_mpo_of_pillow_goes_through_the_enhancer() -> None:
    source = samples.sample("several.mpo")
    data, note = Enhancer(threads=1).enhance_bytes(source)
    assert note == ""
    (_, second) = listed(data)
    flipped = np.asarray(opened(second[2]).transpose(Image.Transpose.FLIP_LEFT_RIGHT)).astype(int)
    assert np.abs(flipped - np.asarray(opened(data))).mean() < 4  # as in the source, with one set of curves
    assert np.asarray(opened(data)).mean() > np.asarray(opened(source)).mean() + 10


def test_other_formats_note_what_they_leave_out() -> None:
    depth = samples.saved(scene().convert("L").resize((60, 40)), "JPEG")
    assert enhanced(composed([(0x040000, depth), (None, VIDEO)]), file_format="PNG")[1] == (
        "left out, not supported by PNG: video, a further picture"
    )
    data, note = enhanced(ultra_hdr(VIDEO), file_format="PNG")
    assert note == "left out, not supported by PNG: HDR gain map, video"
    after = xmp_of(data)
    assert b'xmp:Rating="5"' in after
    for word in (b"hdrgm", b"MotionPhoto", b"Container", b"Item:"):
        assert word not in after
    data, note = changed_bytes(ultra_hdr(), same, 0.0, file_format="WEBP")
    assert note == "left out, not supported by WEBP: HDR gain map"
    assert enhanced(composed([(PREVIEW, preview()), (None, bytes(99))]), file_format="TIFF")[1] == ""


def test_strength_0_keeps_the_gain_map() -> None:
    source = ultra_hdr(VIDEO)
    assert changed_bytes(source, same, 0.0) == (source, "")
    data, note = changed_bytes(source, same, 0.0, quality=70)
    assert (behind(data), note, xmp_of(data)) == (behind(source), "", xmp_of(source))
    assert listed(data)[1][2] == gain_map()


def astray(change: Any) -> bytes:
    """A file whose index is changed by a function of its entries."""
    source = composed([(0x040000, preview()), (None, b"behind")])
    (old,) = parse(source).contents(APP2, b"MPF\0")
    rows = [list(struct.unpack_from(">3L2H", old, 54 + 16 * number)) for number in range(2)]
    change(rows)
    new = index([(attribute, size, offset, one) for attribute, size, offset, one, _ in rows])
    return source.replace(old, new.content)


@pytest.mark.parametrize(("row", "field", "value"), [(1, 2, 5), (1, 2, 2**32 - 1), (1, 1, 2**31), (1, 2, 0)])
def test_an_index_that_leads_astray_is_left_out(row: int, field: int, value: int) -> None:
    def change(rows: list[list[int]]) -> None:
        rows[row][field] = value

    data, note = enhanced(astray(change))
    assert note == "index of further pictures left out: it is damaged"
    assert listed(data) == []
    assert behind(data) == preview() + b"behind"


def test_an_empty_entry_stays_empty() -> None:
    def change(rows: list[list[int]]) -> None:
        rows[1][1:3] = [0, 0]

    data, note = enhanced(astray(change))
    assert (note, listed(data)[1][2], behind(data)) == ("", b"", preview() + b"behind")


@pytest.mark.parametrize("seed", range(40))
def test_damaged_indices_and_packets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = bytearray(ultra_hdr(VIDEO))
    places = rng.integers(20, 1800, 1 + seed % 5)
    source[places[0]] = rng.integers(0, 256)
    for place in places:
        source[place] = rng.integers(32, 127)
    layout = parse(bytes(source))
    assert isinstance(layout, JpegLayout)
    parts = find_parts(bytes(source), layout)
    if parts is not None:
        assert b"".join(part.content for part in parts) == source[layout.end :]


def test_many_pictures_on_top_of_each_other_are_no_parts() -> None:
    plain = samples.saved(scene(), "JPEG")
    whole = composed([(STEREO, plain)])
    (old,) = parse(whole).contents(APP2, b"MPF\0")
    rows = [struct.unpack_from(">3L2H", old, 54 + 16 * number)[:4] for number in range(2)]
    data = composed([], segments=(index([rows[0]] + [rows[1]] * 900),)) + plain
    assert find_parts(data, parse(data)) is None
    assert decode(data).pixels.shape == (320, 480, 3)


def with_maker_preview(order: str, header: int, first: bytes = b"") -> bytes:
    """A file whose MakerNote leads to a preview behind the picture, by one entry or by a start and a length."""
    image = preview()
    rows = [(0x2001, 7, header + len(image), 0), (0x0088, 4, 1, 0), (0x0089, 4, 1, len(image))]

    def block(offset: int) -> bytes:
        note = struct.pack(order + "H", len(rows)) + b"".join(
            struct.pack(order + "HHLL", tag, kind, count, value or offset + (header if kind == 4 else 0))
            for tag, kind, count, value in rows
        )
        tags = Ifd(order, {271: Entry(2, b"maker\0")}, {34665: Ifd(order, {37500: Entry(7, note)})})
        return tags.exif_block()

    plain = samples.saved(scene(), "JPEG", quality=92)
    end = len(with_segments(plain, Segment(APP1, block(0)))) + len(first)
    return with_segments(plain, Segment(APP1, block(end - 20 - 10))) + first + bytes(header) + image + b"behind"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("header", [0, 32])
@pytest.mark.parametrize("first", [b"", samples.saved(scene().resize((30, 20)), "JPEG")])
def test_a_preview_that_a_makers_note_leads_to(order: str, header: int, first: bytes) -> None:
    source = with_maker_preview(order, header, first)
    data, note = enhanced(source)
    assert note == ""
    (old,), (new,) = (parse(file).contents(APP1, EXIF) for file in (source, data))
    place = new.index(struct.pack(order + "HHL", 0x2001, 7, header + len(preview()))) + 8
    (offset,) = struct.unpack_from(order + "L", new, place)
    content = data[data.index(new) + 6 + offset + header :][: len(preview())]
    check_bright(content, (240, 160))
    assert struct.unpack_from(order + "L", new, place + 12) == (offset + header,)
    assert (new[:place], new[place + 4 : place + 12], new[place + 16 :]) == (
        old[:place],
        old[place + 4 : place + 12],
        old[place + 16 :],
    )
    assert behind(data) == first + bytes(header) + content + b"behind"
    again, _ = changed_bytes(source, same, 0.0, quality=50)
    assert behind(again) == behind(source)
    assert preview() == again[again.index(preview()) :][: len(preview())]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_sees_the_same(tmp_path: Path) -> None:
    sources = {
        "preview": composed([(PREVIEW, preview()), (None, samsungs_trailer())]),
        "video": composed(
            [(None, VIDEO)],
            packet(
                'GCamera:MotionPhoto="1"',
                item("Primary", "image/jpeg", None) + item("MotionPhoto", "video/mp4", len(VIDEO)),
            ),
        ),
        "stereo": composed([(STEREO, samples.saved(scene(), "JPEG"))], order="<"),
    }
    for name, source in sources.items():
        told = []
        for stem, data in (("a", source), ("b", enhanced(source)[0])):
            path = tmp_path / f"{name}_{stem}.jpg"
            path.write_bytes(data)
            command = ["exiftool", "-j", "-b", "-validate", "-warning", "-a", "-G1", "-ee", "-MPF:all", "-Samsung:all"]
            done = subprocess.run([*command, "-XMP:all", path], capture_output=True, check=True)
            told.append({tag: value for tag, value in json.loads(done.stdout)[0].items() if tag != "SourceFile"})
        changed = {tag for tag in told[0] if told[0][tag] != told[1].get(tag)}
        lengths = {"MPImage1:MPImageLength", "MPImage2:MPImageLength", "MPImage2:MPImageStart"}
        assert changed - lengths <= {"MPImage2:PreviewImage", "MPImage2:MPImage2", "MPF0:PreviewImage"}, name
        assert told[0].keys() == told[1].keys()
        if name != "video":
            tag = "-PreviewImage" if name == "preview" else "-MPImage2"
            done = subprocess.run(["exiftool", "-b", tag, path], capture_output=True, check=True)
            check_bright(done.stdout, (240, 160) if name == "preview" else (480, 320))


def test_a_packet_of_blanks_takes_no_time() -> None:
    """Each of these took minutes, if blanks were tried one by one."""
    blank = packet('hdrgm:Version="1.0"').replace(b"><rdf:Description", b">" + b" " * 300_000 + b"<rdf:Description")
    assert len(without_container(blank)) > 300_000
    assert without_container(packet("") + b"<hdrgm:Version>" * 20_000).count(b"<hdrgm") == 20_000
    assert len(with_description(blank + b" " * 300_000, b"<a/>")) > 600_000
