"""Thumbnails show the enhanced picture, as large, as turned and as well as the old ones did."""

import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, JpegImagePlugin

from pielight.io.codecs.jpeg.segments import APP1, EXIF, parse
from pielight.io.image import Picture
from pielight.io.metadata import exif_thumbnail
from pielight.io.metadata.exif_thumbnail import with_thumbnail
from tests.io import samples
from tests.io.functions import changed_bytes, changed_image
from tests.io.thumbnailed import NOTE, brighter, exif, jpeg, opened, scene, small, with_exif


def block_of(data: bytes) -> bytes:
    """The EXIF of a picture, read independently of what is tested."""
    if data.startswith(b"\xff\xd8"):
        return next(iter(parse(data).contents(APP1, EXIF))).removeprefix(EXIF)
    return bytes(opened(data).info["exif"]).removeprefix(EXIF)


def thumbnail_of(block: bytes) -> bytes:
    tags = Image.Exif()
    tags.load(block)
    second = tags.get_ifd(ExifTags.IFD.IFD1)
    return block[second[513] :][: second[514]]


def check_shows(
    thumbnail: Image.Image, result: Image.Image, old: Image.Image, box: Any = None, turn: Any = None
) -> None:
    """Compare a thumbnail with the result made small, and its rim with that of the old one."""
    assert (thumbnail.size, thumbnail.mode) == (old.size, old.mode)
    left, top, right, bottom = box or (0, 0, *old.size)
    turned = result.convert(old.mode) if turn is None else result.convert(old.mode).transpose(turn)
    expected = old.copy()
    expected.paste(turned.resize((right - left, bottom - top)), (left, top))
    new, wanted, before = (np.asarray(picture).astype(int) for picture in (thumbnail, expected, old))
    assert np.abs(new - wanted).mean() < 4
    assert np.abs(new - before).mean() > 15


def enhanced(data: bytes, **options: Any) -> tuple[bytes, str]:
    return changed_bytes(data, brighter, 1.0, **options)


BARS = (0, 6, 160, 113)


def test_exif_keeps_its_place_and_shows_the_result() -> None:
    old = jpeg(small())
    source = exif(old)
    data, note = enhanced(with_exif(source))
    block = block_of(data)
    place, length = source.index(struct.pack("<HHL", 513, 4, 1)) + 8, source.index(struct.pack("<HHL", 514, 4, 1)) + 8
    assert block[:length] == source[:length]
    assert block[length + 4 : place] == source[length + 4 : place]
    assert NOTE in block
    new = thumbnail_of(block)
    assert block.endswith(new)
    assert new[:4] != b"\xff\xd8\xff\xe0"  # as the old one, without a header of JFIF
    assert note == ""
    before, after = opened(old), opened(new)
    assert isinstance(before, JpegImagePlugin.JpegImageFile)
    assert isinstance(after, JpegImagePlugin.JpegImageFile)
    assert (before.quantization, before.layer) == (after.quantization, after.layer)
    check_shows(after, opened(data), before, BARS)
    assert np.asarray(after)[:4].max() < 30  # the bars


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_exif_of_other_formats(file_format: str) -> None:
    old = jpeg(small())
    source = with_exif(exif(old))
    if file_format == "TIFF":  # nothing leads to the thumbnail there
        result = enhanced(source, file_format="TIFF")[0]
        assert old not in result
        assert dict(opened(result).getexif().get_ifd(ExifTags.IFD.IFD1)) == {}
        return
    for data in (source, samples.saved(scene(), file_format, exif=EXIF + exif(old), quality=90)):
        result = enhanced(data, file_format=file_format)[0]
        check_shows(opened(thumbnail_of(block_of(result))), opened(result), opened(old), BARS)


@pytest.mark.parametrize(
    ("size", "box", "turn"),
    [
        ((160, 107), (0, 0, 160, 107), None),  # the whole picture
        ((160, 120), (0, 0, 160, 120), None),  # squashed
        ((160, 120), (-10, 0, 170, 120), None),  # cut
        ((120, 160), (0, 40, 120, 120), None),  # between wide bars
        ((107, 160), (0, 0, 107, 160), Image.Transpose.ROTATE_90),
        ((107, 160), (0, 0, 107, 160), Image.Transpose.ROTATE_270),
        ((160, 107), (0, 0, 160, 107), Image.Transpose.ROTATE_180),
        ((120, 160), (6, 0, 113, 160), Image.Transpose.ROTATE_90),
    ],
)
def test_the_frame_stays(size: tuple[int, int], box: tuple[int, int, int, int], turn: Any) -> None:
    old = Image.new("RGB", size)
    turned = scene() if turn is None else scene().transpose(turn)
    old.paste(turned.resize((box[2] - box[0], box[3] - box[1])), box[:2])
    data, _ = enhanced(with_exif(exif(jpeg(old, quality=95))))
    check_shows(opened(thumbnail_of(block_of(data))), opened(data), old, box, turn)


def test_a_larger_thumbnail_goes_to_the_end_and_a_smaller_one_stays() -> None:
    for quality, spare in ((20, 0), (80, 9000)):
        old = jpeg(small(), quality=quality) + bytes(spare)
        behind = b"bytes after the thumbnail"
        source = exif(old, behind)
        block = block_of(enhanced(with_exif(source))[0])
        place = source.index(old)
        assert block[place + len(old) :].startswith(behind)
        check_shows(opened(thumbnail_of(block)), scene().point(lambda value: value * 3 // 2 + 20), small(), BARS)
        assert (block.index(b"\xff\xd8") == place) == bool(spare)
        assert len(block) == len(source) if spare else len(block) > len(source)


def test_no_segment_becomes_too_long() -> None:
    behind = bytes(range(1, 256)) * 300
    old = jpeg(small(), quality=98)
    room = 65_533 - 6 - len(exif(old))
    full = exif(old, behind[:room])
    data, note = enhanced(with_exif(full))
    assert note == ""
    assert len(block_of(data)) + 6 <= 65_533
    new = opened(thumbnail_of(block_of(data)))
    assert new.size == (160, 120)
    sparse = jpeg(Image.new("RGB", (160, 120)), quality=5)  # of fewer bytes than any picture
    data, note = enhanced(with_exif(exif(sparse, behind[: 65_533 - 6 - len(exif(sparse))])))
    assert note == "thumbnail in EXIF left out: no room"
    tags = Image.Exif()
    tags.load(block_of(data))
    assert (tags[271], dict(tags.get_ifd(ExifTags.IFD.IFD1))) == ("maker", {})


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pixels_that_are_not_compressed(mode: str) -> None:
    old = small().convert(mode)
    channels = len(mode)
    tags = [(256, 3, 1, struct.pack("<H", 160)), (257, 3, 1, struct.pack("<H", 120)), (259, 3, 1, b"\1\0"),
            (258, 3, channels, struct.pack("<H", 8) * channels), (262, 3, 1, b"\2\0" if channels == 3 else b"\1\0"),
            (277, 3, 1, bytes((channels, 0)))]  # fmt: skip
    source = exif(old.tobytes(), b"behind", tags)
    data, note = enhanced(with_exif(source))
    block = block_of(data)
    place = source.index(old.tobytes())
    assert note == ""
    assert (block[:place], block[-6:], len(block)) == (source[:place], b"behind", len(source))
    new = Image.frombytes(mode, (160, 120), block[place:-6])
    check_shows(new, opened(data), old, BARS)
    with pytest.raises(ValueError, match="not enough"):
        Image.frombytes(mode, (160, 120), block[place + 7 : -6])


@pytest.mark.parametrize("steps", [(1, 1), (2, 1), (2, 2), None])
def test_luma_and_chroma_that_are_not_compressed(steps: tuple[int, int] | None) -> None:
    across, down = steps or (2, 2)
    planes = [np.asarray(plane) for plane in small((161, 121), (0, 6, 161, 113)).convert("YCbCr").split()]
    old = bytearray()
    for top in range(0, 121, down):
        for left in range(0, 161, across):
            places = [(min(top + row, 120), min(left + column, 160)) for row in range(down) for column in range(across)]
            old += bytes(int(planes[0][place]) for place in places)
            old += bytes(int(plane[top, left]) for plane in planes[1:])
    tags = [(256, 3, 1, struct.pack("<H", 161)), (257, 3, 1, struct.pack("<H", 121)), (259, 3, 1, b"\1\0"),
            (258, 3, 3, b"\x08\0" * 3), (262, 3, 1, b"\6\0"), (277, 3, 1, b"\3\0")]  # fmt: skip
    tags += [(530, 3, 2, struct.pack("<2H", *steps))] if steps else []
    source = exif(bytes(old), b"behind", tags)
    data, note = enhanced(with_exif(source))
    block = block_of(data)
    place = source.index(old)
    assert note == ""
    assert (block[:place], block[-6:], len(block)) == (source[:place], b"behind", len(source))
    first = block[place : place + len(old)]
    rows = np.frombuffer(first, np.uint8).reshape(-(-121 // down), -(-161 // across), across * down + 2)
    luma = np.asarray(opened(data).convert("L").resize((161, 107)))[:100:down, :160:across].astype(int)
    start = -(-6 // down)
    seen = rows[start : start + len(luma), : luma.shape[1], 0].astype(int)
    assert np.abs(seen - luma).mean() < 6
    assert np.abs(rows[..., -2].astype(int) - 128).mean() < 20


def test_what_is_odd_is_left_out_and_said() -> None:
    plain = jpeg(small())
    huge = plain.replace(struct.pack(">HH", 120, 160), struct.pack(">HH", 60_000, 60_000))
    scans = samples.sample("progressive.jpg")[:-2] + b"\xff\xda\0\x08\1\1\0\1\x3f\0" * 100 + b"\xff\xd9"
    for old, reason in (
        (b"no JPEG", "damaged"), (plain[:400], "damaged"), (huge, "larger than the picture"),
        (scans, "110 scans in a JPEG; the limit is 50"), (samples.sample("cmyk.jpg"), "of mode CMYK"),
    ):  # fmt: skip
        data, note = enhanced(with_exif(exif(old)))
        assert note == f"thumbnail in EXIF left out: {reason}"
        assert opened(data).size == scene().size
        tags = Image.Exif()
        tags.load(block_of(data))
        assert dict(tags.get_ifd(ExifTags.IFD.IFD1)) == {}
    deep = [(256, 3, 1, b"\x08\0"), (257, 3, 1, b"\x08\0"), (259, 3, 1, b"\1\0"), (258, 3, 1, b"\x10\0")]
    assert enhanced(with_exif(exif(bytes(200), tags=deep)))[1].endswith("left out: of an unknown kind")


@pytest.mark.parametrize("place", range(0, 500, 7))
def test_damaged_blocks(place: int) -> None:
    block = bytearray(exif(jpeg(small((40, 30), (0, 0, 40, 30)))))
    picture = Picture(np.zeros((30, 40, 3), np.uint8), "RGB")
    block[place % len(block)] ^= 0xFF
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exif_thumbnail, "remade_jpeg", lambda old, _, room: old[:room])
        patch.setattr(exif_thumbnail, "remade_pixels", lambda _, old, *__: old)
        made, _ = with_thumbnail(bytes(block), picture, 65_533)
        assert len(made) <= len(block)
        with_thumbnail(bytes(block[:place]), picture, 65_533)


def test_strength_0_changes_no_thumbnail() -> None:
    source = with_exif(exif(jpeg(small())))

    def same(pixels: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
        return pixels

    for options in ({"quality": 60}, {"file_format": "PNG"}):
        data, _ = changed_bytes(source, same, 0.0, **options)  # type: ignore[arg-type]
        assert block_of(data) == block_of(source)
    assert changed_bytes(source, same, 0.0)[0] == source


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_finds_nothing_wrong(tmp_path: Path) -> None:
    source = with_exif(exif(jpeg(small()), b"behind it"))
    (tmp_path / "a.jpg").write_bytes(source)
    (tmp_path / "b.jpg").write_bytes(enhanced(source)[0])
    told = []
    for name in ("a.jpg", "b.jpg"):
        done = subprocess.run(
            ["exiftool", "-j", "-validate", "-warning", "-a", "-G1", tmp_path / name], capture_output=True, check=True
        )
        told.append({key: value for key, value in json.loads(done.stdout)[0].items() if key != "SourceFile"})
    assert told[0] == told[1]
    image = subprocess.run(["exiftool", "-b", "-ThumbnailImage", tmp_path / "b.jpg"], capture_output=True, check=True)
    check_shows(opened(image.stdout), opened((tmp_path / "b.jpg").read_bytes()), small(), BARS)


def test_a_pillow_image_has_it_too() -> None:
    image = opened(with_exif(exif(jpeg(small()))))
    result = changed_image(image, brighter)
    check_shows(opened(thumbnail_of(result.info["exif"].removeprefix(EXIF))), result, small(), BARS)
    assert result.getexif()[271] == "maker"


@pytest.mark.parametrize("file_format", ["WEBP", "PNG"])
def test_that_of_an_animation_shows_its_first_frame(file_format: str) -> None:
    old = jpeg(small())
    frames = [scene(), scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    options: dict[str, Any] = {"lossless": True} if file_format == "WEBP" else {}
    source = samples.saved(
        frames[0], file_format, save_all=True, append_images=frames[1:], exif=EXIF + exif(old), **options
    )
    data, note = changed_bytes(source, brighter, 1.0)
    assert note == ""
    check_shows(opened(thumbnail_of(block_of(data))), opened(data).convert("RGB"), opened(old), BARS)


@pytest.mark.parametrize("seed", range(30))
def test_thumbnails_with_damaged_bytes_give_a_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    old = bytearray(jpeg(small((48, 32), (0, 0, 48, 32))))
    for place in rng.integers(2, 400 if seed % 2 else len(old), 1 + seed % 7):
        old[place] = rng.integers(0, 256)
    data, note = enhanced(with_exif(exif(bytes(old))))
    assert opened(data).size == scene().size
    assert note == "" or "\n" not in note
