"""Camera RAW: developed, turned upright, with its EXIF."""

import io

import numpy as np
import pytest
import rawpy
from PIL import Image

from pielight.errors import PictureError
from pielight.media.picture import decode, encode
from pielight.media.raw import is_raw
from tests.media import samples


def test_it_is_developed_at_16_bits() -> None:
    picture = decode(samples.sample("camera.dng"))
    assert (picture.format, picture.mode, picture.pixels.dtype) == ("RAW", "RGB;16", np.uint16)
    with rawpy.imread(io.BytesIO(samples.dng())) as raw:
        reference = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(2.4, 12.92), user_flip=0
        )
    assert np.array_equal(picture.pixels, reference)
    white, grey = picture.pixels[10, 20].astype(float), picture.pixels[50, 80].astype(float)
    assert white.min() > 1.5 * grey.max()
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


def test_raw_is_told_from_tiff() -> None:
    tiff = samples.sample("rgb.tif")
    assert is_raw(samples.dng(), "picture")
    assert not is_raw(tiff, "a.tif")
    assert is_raw(tiff, "a.NEF")
    assert is_raw(b"\0\0\0\x18ftypcrx ", "picture")
    assert is_raw(b"II*\0\x10\0\0\0CR\2\0", "picture")
    assert not is_raw(b"II*\0\xff\xff\xff\xff", "picture")


@pytest.mark.parametrize("data", [samples.dng()[:200], samples.dng()[:5000], samples.sample("rgb.tif")])
def test_damaged_raw(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PictureError, match=r"^a\.dng: ") as caught:
        decode(data, "a.dng")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
