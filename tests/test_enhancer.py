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


def test_a_palette_becomes_colours(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).quantize(32)
    assert enhancer(image).mode == "RGB"
    image.info["transparency"] = 0
    result = enhancer(image)
    assert result.mode == "RGBA"
    assert "transparency" not in result.info
    assert file_of(result)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
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
        (Image.new("CMYK", (2, 2)), "CMYK"),
    ],
)
def test_what_cannot_be_enhanced(enhancer: Enhancer, image: Any, reason: str) -> None:
    with pytest.raises(PielightError, match=reason) as caught:
        enhancer(image)
    assert "\n" not in str(caught.value)


def test_impossible_enhancers(tmp_path: Path) -> None:
    with pytest.raises(PielightError, match="threads"):
        Enhancer(threads=0)
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
