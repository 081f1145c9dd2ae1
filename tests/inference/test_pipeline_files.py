import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.io.decode import decode
from tests.io import samples


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_bytes_give_bytes_of_the_same_format(
    enhancer: Enhancer, file_format: str, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, file_format)
    data = stream.getvalue()
    result = enhancer(data)
    assert Image.open(io.BytesIO(result)).format == file_format
    assert np.asarray(Image.open(io.BytesIO(result))).mean() > photo.mean() * 1.2
    assert enhancer(data, 0) == data
    path = tmp_path / f"night.{file_format.lower()}"
    path.write_bytes(data)
    assert enhancer.enhance_file(path) == tmp_path / f"night_pie.{file_format.lower()}"
    assert (tmp_path / f"night_pie.{file_format.lower()}").read_bytes() == result
    assert path.read_bytes() == data


def test_a_path_and_its_output(enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / "night.png"
    Image.fromarray(photo).save(path)
    target = tmp_path / "new" / "bright.jpg"
    assert enhancer.enhance_file(str(path), str(target)) == target
    assert Image.open(target).format == "JPEG"
    written = target.read_bytes()
    with pytest.raises(FileExistsError, match=r"bright\.jpg: already exists; pass exist_ok=True"):
        enhancer.enhance_file(path, target, 0.2)
    assert target.read_bytes() == written
    enhancer.enhance_file(path, target, 0.2, exist_ok=True)
    assert target.read_bytes() != written
    (tmp_path / "same.png").symlink_to(path)
    for target in (path, tmp_path / "same.png"):
        with pytest.raises(PielightError, match="overwrite"):
            enhancer.enhance_file(path, target, exist_ok=True)
        with pytest.raises(FileExistsError):
            enhancer.enhance_file(path, target)
    with pytest.raises(PielightError, match="output"):
        enhancer(photo, output="x.png")  # type: ignore[call-overload]


def test_a_path_in_place_of_a_picture_is_deprecated(
    enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / "night.png"
    Image.fromarray(photo).save(path)
    for call in (enhancer, pielight.enhance):
        for _ in range(2):  # the result is replaced, as ever
            with pytest.warns(DeprecationWarning, match="use enhance_file"):
                assert call(path) == tmp_path / "night_pie.png"
    with pytest.warns(DeprecationWarning, match="use enhance_file"):
        assert enhancer(path, output=tmp_path / "b.jpg", preserve_times=True) == tmp_path / "b.jpg"
    assert (tmp_path / "b.jpg").stat().st_mtime_ns == path.stat().st_mtime_ns


def test_a_wrong_name_does_not_change_the_format(tmp_path: Path, photo: np.ndarray, bright_model: Path) -> None:
    source, target = tmp_path / "screenshot.jpg", tmp_path / "out.jpg"
    Image.fromarray(photo).save(source, "PNG")
    enhancer = Enhancer(bright_model)
    enhancer.enhance_file(source, target, 0.0)
    assert target.read_bytes() == source.read_bytes()
    enhancer.enhance_file(source, target, 1.0, exist_ok=True)
    assert Image.open(target).format == "PNG"


def test_an_empty_path() -> None:
    with pytest.raises(PielightError, match="no picture"):
        Enhancer().enhance_file("")


def test_camera_raw_becomes_a_16_bit_tiff_or_a_jpeg(enhancer: Enhancer, tmp_path: Path) -> None:
    source = tmp_path / "night.dng"
    source.write_bytes(samples.sample("camera.dng"))
    for strength in (0, 1):
        target = enhancer.enhance_file(source, None, strength, exist_ok=True)
        assert target == tmp_path / "night_pie.tif"
        assert decode(target.read_bytes()).mode == "RGB;16"
        assert enhancer(source.read_bytes(), strength) == target.read_bytes()
    assert "rounded" in enhancer.enhance_and_save(source, tmp_path / "a.jpg").note
    assert Image.open(tmp_path / "a.jpg").format == "JPEG"
    with pytest.raises(PielightError, match=r"b\.dng: RAW cannot be written; name the result \.tif or \.jpg"):
        enhancer.enhance_file(source, tmp_path / "b.dng")
    assert not (tmp_path / "b.dng").exists()


@pytest.mark.parametrize("name", ["night.KDC", "night.nrw", "night.unheard", "night"])
def test_camera_raw_by_other_names_becomes_a_tif(enhancer: Enhancer, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(samples.sample("camera.dng"))
    target = enhancer.enhance_file(tmp_path / name)
    assert target == tmp_path / "night_pie.tif"
    assert Image.open(target).format == "TIFF"


@pytest.mark.parametrize("name", sorted(samples.MAKERS))
def test_every_kind_gets_brighter_and_stays_of_its_kind(enhancer: Enhancer, name: str) -> None:
    data = samples.sample(name)
    result, note = enhancer.enhance_bytes(data, name=name)
    before, after = decode(data, name), decode(result)
    assert (after.mode, after.pixels.shape) == (before.mode, before.pixels.shape)
    assert "first" not in note
    if name not in ("bits.png", "camera.rw2"):  # which is black
        assert after.pixels.mean() > before.pixels.mean() * 1.1
    assert (after.alpha is None) == (before.alpha is None)
    if before.alpha is not None and after.alpha is not None and name != "rgba.avif":
        assert np.array_equal(after.alpha, before.alpha)


def test_a_file_and_its_bytes_give_the_same(enhancer: Enhancer, tmp_path: Path) -> None:
    for name in samples.MAKERS:
        source, target = tmp_path / name, tmp_path / "out" / name.replace(".dng", ".tif").replace(".rw2", ".tif")
        source.write_bytes(samples.sample(name))
        note = enhancer.enhance_and_save(source, target).note
        assert (target.read_bytes(), note) == enhancer.enhance_bytes(source.read_bytes(), name=name)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("camera.dng", "rawpy", "raw"),
        ("rgb.heic", "pillow-heif", "heif"),
        ("rgb_16.png", "imagecodecs", "deep"),
        ("rgb_16.tif", "imagecodecs", "deep"),
    ],
)
def test_a_missing_extra_is_named(name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.core.extras.find_spec", lambda name: find_spec(name) if name == "pip" else None)
    with pytest.raises(PielightError) as caught:
        Enhancer().enhance_bytes(samples.sample(name), name=name)
    assert str(caught.value).startswith(f"{name}: {package} is not installed; run: ")
    assert str(caught.value).endswith(f' -m pip install "pielight[{extra}]"')
