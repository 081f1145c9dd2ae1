"""Camera RAW: developed, turned upright, with its EXIF."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import rawpy
from PIL import Image, ImageCms

from pielight.errors import PictureError
from pielight.io.codecs.raw.develop import is_raw, is_raw_file
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.formats import EXTENSIONS, RAW
from tests.io import samples


def test_it_is_developed_at_16_bits() -> None:
    picture = decode(samples.sample("camera.dng"))
    assert (picture.format, picture.mode, picture.pixels.dtype) == ("RAW", "RGB;16", np.uint16)
    with rawpy.imread(io.BytesIO(samples.dng())) as raw:
        reference = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(2.4, 12.92), user_flip=0
        )
    assert np.array_equal(picture.pixels, reference)
    white, gray = picture.pixels[10, 20].astype(float), picture.pixels[50, 80].astype(float)
    assert white.min() > 1.5 * gray.max()
    assert len(np.unique(picture.pixels)) > 2


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (0, 1)), (8, (1, 0))])
def test_it_is_upright(orientation: int, corner: tuple[int, int]) -> None:
    data = encode(decode(samples.dng(orientation=orientation)))
    picture = decode(data)
    height, width = picture.pixels.shape[:2]
    assert (width > height) == (orientation in (1, 3))
    quarters = picture.pixels.astype(float).reshape(2, height // 2, 2, width // 2, 3).mean(axis=(1, 3, 4))
    assert np.unravel_index(quarters.argmax(), (2, 2)) == corner
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif().get(274, 1) == 1


@pytest.mark.parametrize("file_format", ["TIFF", "JPEG"])
def test_its_exif_goes_along(file_format: str) -> None:
    data = encode(decode(samples.sample("camera.dng")), file_format)
    with Image.open(io.BytesIO(data)) as image:
        tags = image.getexif()
        assert (image.format, tags[271], tags[272]) == (file_format, "Maker", "Model")
        assert tags.get_ifd(34665)[33434] == pytest.approx(1 / 60)
        assert tags.get_ifd(34665)[37500] == b"maker's note"
        assert image.info["xmp"] == samples.XMP


def test_raw_is_distinguished_from_tiff() -> None:
    tiff = samples.sample("rgb.tif")
    assert is_raw(samples.dng(), "picture")
    assert not is_raw(tiff, "a.tif")
    assert is_raw(tiff, "a.NEF")
    assert is_raw(b"\0\0\0\x18ftypcrx ", "picture")
    assert is_raw(b"II*\0\x10\0\0\0CR\2\0", "picture")
    assert not is_raw(b"II*\0\xff\xff\xff\xff", "picture")


@pytest.mark.parametrize(
    "head",
    [
        b"FUJIFILMCCD-RAW ", b"IIRO\x08\0", b"IIU\0\x18", b"\0MRM\0\0", b"FOVb", b"ARRI", b"II\x1a\0\0\0HEAPCCDR",
        b"\0\0\0\x18ftypcrx ", b"II*\0\x10\0\0\0CR\2\0", b"MM\0*\0\0\0\x10MMMMRaw", bytes(25) + b"ARECOYK",
    ],
)  # fmt: skip
def test_kinds_of_raw_are_recognized_by_their_content(head: bytes, tmp_path: Path) -> None:
    assert is_raw(head, "picture")
    (tmp_path / "picture").write_bytes(head)
    assert is_raw_file(tmp_path / "picture")


OTHERS = [name for name in samples.MAKERS if EXTENSIONS[Path(name).suffix] not in (RAW, "TIFF")]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_another_picture_is_none_whatever_its_name(name: str) -> None:
    assert not is_raw(samples.sample(name), "a.kdc")
    comment = b"\xff\xd8\xff\xfe\0\x20xxCR\2\0"
    assert not is_raw(comment, "a.jpg")


def test_a_mosaic_in_a_tiff_of_any_order() -> None:
    for order, magic in (("<", b"II*\0"), (">", b"MM\0*")):
        tags = struct.pack(order + "LHHHLHHL", 8, 1, 262, 3, 1, 32803, 0, 0)
        assert is_raw(magic + tags, "picture")
        assert not is_raw(magic + tags.replace(struct.pack(order + "H", 32803), struct.pack(order + "H", 2)), "picture")


def test_what_is_no_file_is_not_raw(tmp_path: Path) -> None:
    assert not is_raw_file(tmp_path)
    assert not is_raw_file(tmp_path / "missing")
    assert not is_raw_file(Path("x\0y"))


def test_its_colors_are_named() -> None:
    profile = decode(samples.sample("camera.dng")).metadata.icc_profile
    assert profile is not None
    name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    assert name.startswith("sRGB")
    assert struct.unpack_from(">6H", profile, 24) == (2000, 1, 1, 0, 0, 0)  # alike at any time
    for file_format in ("TIFF", "JPEG"):
        with Image.open(io.BytesIO(encode(decode(samples.sample("camera.dng")), file_format))) as image:
            assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("data", [samples.dng()[:200], samples.dng()[:5000], samples.sample("rgb.tif")])
def test_damaged_raw(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PictureError, match=r"^a\.dng: ") as caught:
        decode(data, "a.dng")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_file_that_cannot_be_read_is_no_raw(tmp_path: Path) -> None:
    assert not is_raw_file(tmp_path / "nowhere.dng")
    assert not is_raw_file(Path("a\0b"))
