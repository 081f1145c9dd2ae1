import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight.curves.apply import apply
from pielight.enhancer import Enhancer
from pielight.errors import ModelError, PielightError
from pielight.media.picture import decode
from tests.media import samples

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


@pytest.fixture(scope="module")
def enhancer(bright_model: Path) -> Enhancer:
    return Enhancer(bright_model, threads=1, auto=False)


def file_of(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 2), (20, 30, 3), (20, 30, 4), (1, 1), (1, 900, 3)])
def test_an_array_gives_an_array_like_it(enhancer: Enhancer, shape: tuple[int, ...], dtype: str) -> None:
    values = np.random.default_rng(0).uniform(0.1, 0.5, shape) * SCALE[dtype]
    image = values.astype(dtype)
    before = image.copy()
    result = enhancer(image)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    assert np.array_equal(image, before)
    if shape[-1] in (2, 4) and len(shape) == 3:
        assert np.array_equal(result[..., -1], image[..., -1])
        result, image = result[..., :-1], image[..., :-1]
    assert (result > image).all()
    assert np.array_equal(enhancer(before, 0), before)


def test_all_types_agree(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    reference = enhancer(photo) / 255
    for image in (photo.astype(np.uint16) * 257, photo / 255, (photo / 255).astype(np.float32)):
        result = enhancer(image) / SCALE[str(image.dtype)]
        assert np.abs(result - reference).max() < 0.6 / 255
    grey = photo[..., 1]
    assert np.array_equal(enhancer(grey), enhancer(grey[..., np.newaxis])[..., 0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_gives_one_of_its_mode(enhancer: Enhancer, mode: str, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo)
    deep = Image.fromarray(photo[..., 0].astype(np.uint16) * 257)
    image = deep if mode == "I;16" else image.convert(mode)
    image.info["icc_profile"] = b"profile"
    result = enhancer(image)
    assert (result.mode, result.size, result.info["icc_profile"]) == (mode, image.size, b"profile")
    assert np.asarray(result).mean() >= np.asarray(image).mean()
    assert np.array_equal(np.asarray(enhancer(image, 0)), np.asarray(image))


def test_a_palette_stays_one(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).quantize(32)
    image.info["transparency"] = 0
    result = enhancer(image)
    assert (result.mode, result.info["transparency"]) == ("P", 0)
    assert np.array_equal(np.asarray(result), np.asarray(image))
    assert np.asarray(result.convert("RGB")).mean() > photo.mean() * 1.2
    assert file_of(result)


def test_inks_stay_inks(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).convert("CMYK")
    result = enhancer(image)
    assert result.mode == "CMYK"
    assert np.asarray(result.convert("RGB")).mean() > photo.mean() * 1.2


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"])
def test_bytes_give_bytes_of_the_same_format(
    enhancer: Enhancer, file_format: str, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    data = file_of(Image.fromarray(photo), file_format)
    result = enhancer(data)
    assert Image.open(io.BytesIO(result)).format == file_format
    assert np.asarray(Image.open(io.BytesIO(result))).mean() > photo.mean() * 1.2
    assert enhancer(data, 0) == data
    path = tmp_path / f"night.{file_format.lower()}"
    path.write_bytes(data)
    assert enhancer(path) == tmp_path / f"night_pie.{file_format.lower()}"
    assert (tmp_path / f"night_pie.{file_format.lower()}").read_bytes() == result
    assert path.read_bytes() == data


def test_a_path_and_its_output(enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / "night.png"
    Image.fromarray(photo).save(path)
    assert enhancer(str(path), output=tmp_path / "new" / "bright.jpg") == tmp_path / "new" / "bright.jpg"
    assert Image.open(tmp_path / "new" / "bright.jpg").format == "JPEG"
    (tmp_path / "same.png").symlink_to(path)
    for target in (path, tmp_path / "same.png"):
        with pytest.raises(PielightError, match="overwrite"):
            enhancer(path, output=target)
    with pytest.raises(PielightError, match="output"):
        enhancer(photo, output="x.png")  # type: ignore[call-overload]


def test_curves_once_apply_often(enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    lattice = enhancer.curves(photo)
    assert np.array_equal(apply(photo, lattice, 0.7), enhancer(photo, 0.7))
    path = tmp_path / "night.png"
    Image.fromarray(photo).save(path)
    for image in (path, path.read_bytes(), Image.open(path)):
        assert np.array_equal(enhancer.curves(image).alphas, lattice.alphas)
    assert enhancer.curves(photo[..., 0]).nodes == lattice.nodes


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 2), (20, 30, 3), (20, 30, 4)])
def test_curves_apply_to_any_array(enhancer: Enhancer, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 90, shape, dtype=np.uint8)
    lattice, wanted = enhancer.curves(image), enhancer(image)
    assert np.array_equal(pielight.apply(image, lattice), wanted)
    assert np.array_equal(pielight.apply(image, lattice, 0), image)
    out = np.empty_like(image)
    assert pielight.apply(image, lattice, out=out) is out
    assert np.array_equal(out, wanted)
    pielight.apply(image, lattice, out=image)
    assert np.array_equal(image, wanted)
    with pytest.raises(PielightError, match="out"):
        pielight.apply(image, lattice, out=np.empty((3, 3), np.uint8))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK"])
def test_curves_apply_to_images(enhancer: Enhancer, mode: str, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).convert(mode)
    result = pielight.apply(image, enhancer.curves(image), 0.8, 0.3)
    assert result.mode == mode
    assert result.tobytes() == enhancer(image, 0.8, 0.3).tobytes()
    assert pielight.apply(image, enhancer.curves(image), 0).tobytes() == image.tobytes()


@pytest.mark.parametrize("image", [None, [[1]]])
def test_curves_of_nothing_else(enhancer: Enhancer, image: Any) -> None:
    with pytest.raises(PielightError, match="expected a path, bytes, Pillow image or NumPy array"):
        enhancer.curves(image)


@pytest.mark.parametrize("image", ["night.jpg", None])
def test_curves_apply_to_nothing_else(enhancer: Enhancer, image: Any, photo: NDArray[np.uint8]) -> None:
    with pytest.raises(PielightError, match="expected a Pillow image or NumPy array"):
        pielight.apply(image, enhancer.curves(photo))
    with pytest.raises(PielightError, match="CurveLattice"):
        pielight.apply(photo, enhancer.curves(photo).alphas)  # type: ignore[call-overload]
    with pytest.raises(PielightError, match="threads"):
        pielight.apply(photo, enhancer.curves(photo), threads=0)


def test_a_result_over_other_pixels_of_the_same_array(enhancer: Enhancer) -> None:
    rolling = np.random.default_rng(1).integers(0, 90, (90, 40, 3), dtype=np.uint8)
    wanted = enhancer(rolling[:80])
    pielight.apply(rolling[:80], enhancer.curves(rolling[:80]), out=rolling[10:])
    assert np.array_equal(rolling[10:], wanted)


def test_strength(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    means = [enhancer(photo, strength).mean() for strength in (-1.5, -0.5, 0, 0.25, 0.5, 1, 1.5)]
    assert means == sorted(means)
    for strength in (-1.6, 1.6, float("nan")):
        with pytest.raises(PielightError, match="strength"):
            enhancer(photo, strength)


def test_the_shipped_model_brightens_a_dark_photo(photo: NDArray[np.uint8]) -> None:
    dark = (photo * 0.4).astype(np.uint8)
    assert pielight.enhance(dark).mean() > dark.mean() * 1.2


def test_threads_share_the_default_enhancer(photo: NDArray[np.uint8]) -> None:
    results: list[NDArray[np.uint8]] = []
    workers = [threading.Thread(target=lambda: results.append(pielight.enhance(photo))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 6
    assert all(np.array_equal(result, results[0]) for result in results)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((4, 4, 5), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((2, 2, 2, 3), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "empty"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.full((4, 4), np.nan), "finite"),
        (np.full((4, 4), 255.0), "finite"),
        (b"", "picture"),
        (b"junk", "not a JPEG"),
        ("missing.jpg", r"missing\.jpg: no such file"),
        (None, "NoneType"),
        (Image.new("LAB", (2, 2)), "LAB"),
        (Image.new("F", (2, 2)), "mode F"),
    ],
)
def test_what_cannot_be_enhanced(enhancer: Enhancer, image: Any, reason: str) -> None:
    with pytest.raises(PielightError, match=reason) as caught:
        enhancer(image)
    assert "\n" not in str(caught.value)


def test_impossible_enhancers(tmp_path: Path) -> None:
    for threads in (0, -1, 1.5, "2"):
        with pytest.raises(PielightError, match="threads"):
            Enhancer(threads=threads)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="no such model"):
        Enhancer(tmp_path / "none.onnx")


def test_a_wrong_name_does_not_change_the_format(tmp_path: Path, photo: np.ndarray, bright_model: Path) -> None:
    source, target = tmp_path / "screenshot.jpg", tmp_path / "out.jpg"
    Image.fromarray(photo).save(source, "PNG")
    enhancer = Enhancer(bright_model)
    enhancer(source, 0.0, output=target)
    assert target.read_bytes() == source.read_bytes()
    enhancer(source, 1.0, output=target)
    assert Image.open(target).format == "PNG"


def test_pillow_images_at_strength_0_and_damaged_ones(photo: np.ndarray, bright_model: Path) -> None:
    enhancer = Enhancer(bright_model)
    palette = Image.fromarray(photo).quantize(16)
    same = enhancer(palette, 0.0)
    assert (same.mode, same.tobytes()) == ("P", palette.tobytes())
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "JPEG")
    with pytest.raises(PielightError, match="damaged"):
        enhancer(Image.open(io.BytesIO(stream.getvalue()[:-900])))


@pytest.mark.parametrize("strength", ["1", None, float("nan"), -1.6, 1.6])
def test_strength_is_a_number_in_range(strength: Any, photo: np.ndarray, bright_model: Path) -> None:
    with pytest.raises(PielightError, match="strength"):
        Enhancer(bright_model)(photo, strength)


def test_an_empty_path() -> None:
    with pytest.raises(PielightError, match="no picture"):
        Enhancer()("")


@pytest.mark.parametrize("strength", [0, 1])
def test_floats_that_are_no_numbers_are_refused_at_any_strength(strength: float) -> None:
    with pytest.raises(PielightError, match="finite"):
        Enhancer()(np.array([[0.5, np.nan]]), strength)


def test_camera_raw_becomes_a_16_bit_tiff_or_a_jpeg(enhancer: Enhancer, tmp_path: Path) -> None:
    source = tmp_path / "night.dng"
    source.write_bytes(samples.sample("camera.dng"))
    for strength in (0, 1):
        target = enhancer(source, strength)
        assert target == tmp_path / "night_pie.tif"
        assert decode(target.read_bytes()).mode == "RGB;16"
        assert enhancer(source.read_bytes(), strength) == target.read_bytes()
    assert "rounded" in enhancer.file(source, tmp_path / "a.jpg")
    assert Image.open(tmp_path / "a.jpg").format == "JPEG"
    with pytest.raises(PielightError, match=r"b\.dng: RAW cannot be written; name the result \.tif or \.jpg"):
        enhancer(source, output=tmp_path / "b.dng")
    assert not (tmp_path / "b.dng").exists()


@pytest.mark.parametrize("name", sorted(samples.MAKERS))
def test_every_kind_gets_brighter_and_stays_of_its_kind(enhancer: Enhancer, name: str) -> None:
    data = samples.sample(name)
    result, note = enhancer.encoded(data, name=name)
    before, after = decode(data, name), decode(result)
    assert (after.mode, after.pixels.shape) == (before.mode, before.pixels.shape)
    assert ("first" in note) == ("several" in name)
    if name != "bits.png":
        assert after.pixels.mean() > before.pixels.mean() * 1.1
    assert (after.alpha is None) == (before.alpha is None)
    if before.alpha is not None and after.alpha is not None and name != "rgba.avif":
        assert np.array_equal(after.alpha, before.alpha)


def test_a_file_and_its_bytes_give_the_same(enhancer: Enhancer, tmp_path: Path) -> None:
    for name in samples.MAKERS:
        source, target = tmp_path / name, tmp_path / "out" / name.replace(".dng", ".tif")
        source.write_bytes(samples.sample(name))
        note = enhancer.file(source, target)
        assert (target.read_bytes(), note) == enhancer.encoded(source.read_bytes(), name=name)


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
    monkeypatch.setattr("pielight.extras.find_spec", lambda name: None)
    with pytest.raises(PielightError) as caught:
        Enhancer().encoded(samples.sample(name), name=name)
    assert str(caught.value).startswith(f"{name}: {package} is not installed; run: pip install 'pielight[{extra}]'")
