"""Of ``pielight.enhancer``, and of its bases ``pielight._enhancer_base``, ``pielight._enhancer_files`` and
``pielight._enhancer_predictions``.
"""

import errno
import io
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data as photographs

from pielight.enhancer import Enhancer
from pielight.errors import ExistsError, ModelError, OptionError, PictureError, PielightError
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.lattice import Lattice
from pielight.ops.apply import apply
from pielight.options import EnhanceOptions
from tests.layouts import SCALE, laid_out

HAZY = np.full((40, 60, 3), 200, np.uint8)
CLEAR = round(255 * ((200 / 255 - 0.9) / 0.5 + 0.9))  # behind the haze of haze_model
WET = np.random.default_rng(0).integers(100, 150, (40, 60, 3), dtype=np.uint8)


@cache
def shipped(task: str) -> Enhancer:
    return Enhancer(task=task, threads=1)


@cache
def with_curves(model: Path) -> Enhancer:
    return Enhancer(model, threads=1)


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


@pytest.mark.parametrize(("name", "value"), [("strength", 7), ("highlights", 7), ("denoise", 7), ("denoise", "most")])
def test_files_check_their_arguments_even_at_strength_0(
    enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path, name: str, value: Any
) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(photo).save(source)
    arguments = {"strength": 0, name: value}
    with pytest.raises(PielightError, match=f"{name} {value!r}: must"):
        enhancer.enhance_file(source, target, **arguments)
    with pytest.raises(PielightError, match=f"{name} {value!r}: must"):
        enhancer(source.read_bytes(), **arguments)
    assert not target.exists()


@pytest.mark.parametrize(
    ("task", "denoise", "shape"),
    [("brighten", 0, (1, 2_000_001, 3)), ("dehaze", 0, (1_000_000, 1)), ("derain", 0, (1, 500_000)),
     ("derain", 0, (300_001, 1, 3)), ("brighten", 1, (500_000, 1)), ("brighten", 1, (1, 300_001, 3))],
)  # fmt: skip
def test_long_thin_pictures_take_little_memory(task: str, denoise: int, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 60, shape, np.uint8)
    tracemalloc.start()
    try:
        result = Enhancer(task=task, threads=1)(image, denoise=denoise)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (result.shape, result.dtype) == (image.shape, image.dtype)
    assert peak < 60 * max(shape) + 100_000  # five float copies of what is denoised, and a small picture


@pytest.mark.parametrize("size", [(500_000, 1), (1, 500_000)])
def test_a_long_thin_file(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.linear_gradient("L").resize(size).convert("RGB").save(tmp_path / "long.png")
    tracemalloc.start()
    try:
        result = Enhancer(task="derain", threads=1).enhance_file(tmp_path / "long.png")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with Image.open(result) as image:
        assert image.size == size
    assert peak < 40e6


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_arrays_of_any_layout(bright_model: Path, data: st.DataObject) -> None:
    """Planar, Fortran order, steps of any sign, no alignment, read-only: the bits of a contiguous copy."""
    dtype, task = (
        data.draw(st.sampled_from(sorted(SCALE))),
        data.draw(st.sampled_from(["brighten", "curves", "dehaze", "derain"])),
    )
    shape = data.draw(st.sampled_from([(1, 1), (5, 7), (40, 3), (33, 61)])) + data.draw(
        st.sampled_from([(), (1,), (2,), (3,), (4,)])
    )
    plain = (np.random.default_rng(0).uniform(0, 0.3, shape) * SCALE[dtype]).astype(dtype)
    image, out = data.draw(laid_out(shape, dtype)), data.draw(laid_out(shape, dtype))
    image[...] = plain
    image.flags.writeable = data.draw(st.booleans())
    denoise = 0.0 if task == "derain" else data.draw(st.sampled_from([0.0, 1.0]))
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):
            patch.setattr("pielight.ops.apply._loop", None)
            patch.setattr("pielight.ops.thumbnail._loop", None)
            patch.setattr("pielight.ops.exposure_map._loop", None)
        opened = shipped(task) if task != "curves" else with_curves(bright_model)
        wanted = opened(plain, denoise=denoise)
        assert np.array_equal(opened(image, denoise=denoise), wanted)
        if task == "derain":
            return
        predicted: Lattice | ExposureMap
        if task == "brighten":
            predicted = opened.exposure(plain)
            assert np.array_equal(opened.exposure(image).ev, predicted.ev)
        else:
            predicted = opened.curves(plain)
            assert np.array_equal(opened.curves(image).tables(), predicted.tables())
        assert np.array_equal(predicted.apply(image, out=out, denoise=denoise), wanted)
        if image.flags.writeable:
            assert np.array_equal(predicted.apply(image, out=image, denoise=denoise), wanted)


@pytest.mark.parametrize("dtype", sorted(SCALE))
@pytest.mark.parametrize("task", ["brighten", "dehaze", "derain"])
def test_broadcast_arrays(task: str, dtype: str) -> None:
    whole = (np.random.default_rng(0).uniform(0, 0.3, (33, 61, 3)) * SCALE[dtype]).astype(dtype)
    for part in (whole[:1], whole[:, :1], whole[..., :1], whole[:1, :1]):
        image = np.broadcast_to(part, whole.shape)
        assert 0 in image.strides
        assert np.array_equal(shipped(task)(image), shipped(task)(image.copy()))


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_a_foreign_byte_order_is_told(dtype: str) -> None:
    image = np.zeros((4, 5, 3), np.dtype(dtype).newbyteorder("S"))
    with pytest.raises(PielightError, match=rf"not in native byte order; use array\.astype\('{dtype}'\)$"):
        shipped("brighten")(image)
    assert shipped("brighten")(image.astype(dtype)).dtype == dtype


def test_all_types_agree(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    reference = enhancer(photo, denoise=0) / 255
    for image in (photo.astype(np.uint16) * 257, photo / 255, (photo / 255).astype(np.float32)):
        result = enhancer(image, denoise=0) / SCALE[str(image.dtype)]
        assert np.abs(result - reference).max() < 0.6 / 255
    gray = photo[..., 1]
    assert np.array_equal(enhancer(gray), enhancer(gray[..., np.newaxis])[..., 0])


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
    result.save(io.BytesIO(), "PNG")


def test_cmyk_stays_cmyk(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    image = Image.fromarray(photo).convert("CMYK")
    result = enhancer(image)
    assert result.mode == "CMYK"
    assert np.asarray(result.convert("RGB")).mean() > photo.mean() * 1.2


def test_curves_once_apply_often(enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    lattice = enhancer.curves(photo)
    assert np.array_equal(apply(photo, lattice, EnhanceOptions(0.7)), enhancer(photo, 0.7, denoise=0))
    path = tmp_path / "night.png"
    Image.fromarray(photo).save(path)
    for image in (path, path.read_bytes(), Image.open(path)):
        assert np.array_equal(enhancer.curves(image).alphas, lattice.alphas)
    assert enhancer.curves(photo[..., 0]).nodes == lattice.nodes


@pytest.mark.parametrize("image", [None, [[1]]])
def test_curves_of_nothing_else(enhancer: Enhancer, image: Any) -> None:
    with pytest.raises(PielightError, match="expected a path, bytes, a Pillow image, NumPy array or torch tensor"):
        enhancer.curves(image)


def test_strength(enhancer: Enhancer, photo: NDArray[np.uint8]) -> None:
    means = [enhancer(photo, strength).mean() for strength in (-1.5, -0.5, 0, 0.25, 0.5, 1, 1.5)]
    assert means == sorted(means)
    for strength in (-1.6, 1.6, float("nan")):
        with pytest.raises(PielightError, match="strength"):
            enhancer(photo, strength)


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


def test_pillow_images_at_strength_0_and_damaged_ones(photo: np.ndarray, bright_model: Path) -> None:
    enhancer = Enhancer(bright_model)
    palette = Image.fromarray(photo).quantize(16)
    same = enhancer(palette, 0.0)
    assert (same.mode, same.tobytes()) == ("P", palette.tobytes())
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "JPEG")
    with pytest.raises(PielightError, match="damaged"):
        enhancer(Image.open(io.BytesIO(stream.getvalue()[:-900])))


@pytest.mark.parametrize("strength", ["1", float("nan"), -1.6, 1.6])
def test_strength_is_a_number_in_range(strength: Any, photo: np.ndarray, bright_model: Path) -> None:
    with pytest.raises(PielightError, match="strength"):
        Enhancer(bright_model)(photo, strength)


@pytest.mark.parametrize("strength", [0, 1])
def test_floats_that_are_no_numbers_are_refused_at_any_strength(strength: float) -> None:
    with pytest.raises(PielightError, match="finite"):
        Enhancer()(np.array([[0.5, np.nan]]), strength)


def test_dehazing(haze_model: Path) -> None:
    clear = Enhancer(haze_model, task="dehaze")
    assert np.abs(clear(HAZY).astype(int) - CLEAR).max() <= 1
    assert np.array_equal(clear(HAZY, 0), HAZY)
    assert np.array_equal(apply(HAZY, clear.curves(HAZY)), clear(HAZY))
    assert clear(HAZY, -1).mean() > 200  # more haze
    assert isinstance(clear(Image.fromarray(HAZY)), Image.Image)
    assert clear(HAZY, denoise="auto").shape == HAZY.shape


def test_deraining(rain_model: Path) -> None:
    dry = Enhancer(rain_model, task="derain")
    assert dry(WET).std() < 0.7 * WET.std()
    assert dry(Image.fromarray(WET).convert("L")).mode == "L"
    with pytest.raises(PielightError, match=r"predicts no curves$"):
        dry.curves(WET)
    with pytest.raises(PielightError, match="denoise: has no meaning for derain"):
        dry(WET, denoise=0.5)


def test_settings_that_a_task_has_not(haze_model: Path, rain_model: Path) -> None:
    for model, task in ((haze_model, "dehaze"), (rain_model, "derain")):
        with pytest.raises(PielightError, match=f"highlights: has no meaning for {task}; leave it out"):
            Enhancer(model, task=task)(HAZY, highlights=0.3)
    with pytest.raises(PielightError, match="auto: has no meaning for derain; leave it out"):
        Enhancer(rain_model, auto=False, task="derain")
    with pytest.raises(PielightError, match="device: has no meaning for derain; leave it out"):
        Enhancer(rain_model, device="cuda", task="derain")


def test_a_model_of_another_task_says_whose_it_is(haze_model: Path, bright_model: Path, rain_model: Path) -> None:
    for model, task, reason in (
        (haze_model, "brighten", "it is for --task dehaze"),
        (bright_model, "dehaze", "it is for --task brighten"),
        (rain_model, "dehaze", "not a network to dehaze pictures.*it is for --task derain"),
        (rain_model, "brighten", "it is for --task derain"),
        (haze_model, "derain", "not a network to derain pictures.*it is for --task dehaze"),
        (bright_model, "derain", "it is for --task brighten"),
    ):
        with pytest.raises(PielightError, match=reason):
            Enhancer(model, task=task)(HAZY)
    with pytest.raises(PielightError, match="choose brighten, dehaze, derain"):
        Enhancer(task="dust")


def test_options_in_one_object(enhancer: Enhancer, photo: NDArray[np.uint8], tmp_path: Path, rain_model: Path) -> None:
    options = EnhanceOptions(0.7, 0.2, 0.5)
    wanted = enhancer(photo, 0.7, 0.2, denoise=0.5)
    assert np.array_equal(enhancer(photo, options=options), wanted)
    Image.fromarray(photo).save(tmp_path / "a.png")
    assert np.array_equal(np.asarray(Image.open(enhancer.enhance_file(tmp_path / "a.png", options=options))), wanted)
    with pytest.raises(PielightError, match="options: hold strength"):
        enhancer(photo, 0.5, options=options)
    with pytest.raises(PielightError, match="auto: has no meaning for derain"):
        Enhancer(rain_model, task="derain")(photo, options=EnhanceOptions(auto=False))
    with pytest.raises(PielightError, match="auto: has no meaning for brighten with this model"):
        enhancer(photo, options=EnhanceOptions(auto=False))
    assert "Auto" not in dict(enhancer.record().options)


def test_a_missing_file(enhancer: Enhancer, tmp_path: Path) -> None:
    with pytest.raises(PielightError, match=r"missing\.jpg: no such file"):
        enhancer.enhance_file(tmp_path / "missing.jpg")


@pytest.fixture
def night(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 30), (20, 30, 40)).save(tmp_path / "p.jpg")
    return tmp_path / "p.jpg"


def test_a_result_that_exists_is_named_with_the_fix(night: Path, enhancer: Enhancer) -> None:
    written = enhancer.enhance_file(night)
    with pytest.raises(ExistsError, match=r"p_pie.jpg: already exists; pass exist_ok=True to replace it") as kept:
        enhancer.enhance_file(night)
    assert (kept.value.errno, kept.value.filename) == (errno.EEXIST, str(written))
    for exist_ok in (False, True):
        with pytest.raises(PictureError, match="the result would overwrite the picture"):
            enhancer.enhance_file(night, night, exist_ok=exist_ok)
    with pytest.raises(FileNotFoundError, match=r"none.jpg: no such file") as missing:
        enhancer.enhance_file(night.with_name("none.jpg"))
    assert isinstance(missing.value, PictureError)
    assert (missing.value.errno, missing.value.filename) == (errno.ENOENT, str(night.with_name("none.jpg")))


def test_a_folder_a_format_and_a_quality_are_those_of_the_command(
    night: Path, enhancer: Enhancer, caplog: pytest.LogCaptureFixture
) -> None:
    new = night.parent / "new"
    assert enhancer.enhance_file(night, f"{new}/") == new / "p.jpg"
    assert enhancer.enhance_file(night, new, file_format="png") == new / "p.png"
    assert enhancer.enhance_file(night, night.parent) == night.parent / "p_pie.jpg"
    for name in ("png", "PNG", ".png"):
        data = enhancer.enhance_bytes(night.read_bytes(), file_format=name)[0]
        assert data.startswith(b"\x89PNG")
    with pytest.raises(OptionError, match="file_format 'psd': must be one of jpeg, png"):
        enhancer.enhance_file(night, file_format="psd")
    for quality in (0, 101):
        with pytest.raises(OptionError, match=f"quality {quality}: must lie between 1 and 100"):
            enhancer.enhance_file(night, quality=quality)
    Image.new("CMYK", (40, 30), (200, 190, 180, 90)).save(night)
    with caplog.at_level("INFO", "pielight"):
        enhancer.enhance_file(night, new / "c.png")
    assert caplog.messages == [f"{night}: CMYK converted to sRGB"]


def test_the_enhancers_own_auto_holds_unless_options_have_one() -> None:
    lit = photographs.coffee()[::4, ::4]  # well exposed, and below the mean of the canonical exposure
    gated, always = Enhancer(threads=1), Enhancer(threads=1, auto=False)
    assert np.array_equal(gated(lit), lit)
    assert np.array_equal(always(lit, options=EnhanceOptions()), always(lit))
    assert not np.array_equal(gated(lit), always(lit))
    assert np.array_equal(always(lit, options=EnhanceOptions(auto=True)), gated(lit))
    assert np.array_equal(gated(lit, options=EnhanceOptions(auto=False)), always(lit))
    assert dict(always.record(EnhanceOptions()).options)["Auto"] == dict(always.record().options)["Auto"] == "False"


def test_curves_take_tensors_and_wrong_types_are_named(enhancer: Enhancer) -> None:
    torch = pytest.importorskip("torch")
    dark = np.random.default_rng(0).integers(0, 60, (40, 60, 3), np.uint8)
    tensor = torch.from_numpy(dark).permute(2, 0, 1)
    expected = enhancer(dark)
    assert np.array_equal(enhancer.curves(tensor).apply(dark), expected)
    assert torch.equal(enhancer.curves(tensor[None]).apply(tensor), torch.from_numpy(expected).permute(2, 0, 1))
    with pytest.raises(OptionError, match=r"expected one picture, \(3, H, W\)"):
        enhancer.curves(torch.stack([tensor, tensor]))
    wrong: Any = 3
    with pytest.raises(OptionError, match="int: expected bytes, a Pillow image, NumPy array or torch tensor"):
        enhancer(wrong)
    with pytest.raises(OptionError, match="options: int, expected EnhanceOptions"):
        enhancer(dark, options=wrong)
    with pytest.raises(OptionError, match="auto 'x': must be True, False or None"):
        EnhanceOptions(auto="x")  # type: ignore[arg-type]
    for tensor in (torch.zeros(3, 4, 5).to_sparse(), torch.zeros(3, 4, 5, device="meta")):
        with pytest.raises(OptionError, match="expected a dense tensor"):
            enhancer(tensor)


def test_frames_follow_at_once_and_in_order() -> None:
    given: list[int] = []

    def camera() -> Iterator[NDArray[np.uint8]]:
        for number in range(9):
            given.append(number)
            yield np.full((40, 60, 3), 20 + number % 2, np.uint8)

    results = shipped("brighten").frames(camera(), denoise=0, fps=25)
    assert given == []
    for number, result in enumerate(results):
        assert given == list(range(number + 1))
        assert result.shape == (40, 60, 3)
        assert result.mean() > 60
    assert len(given) == 9


def test_frames_of_one_kind_are_that_of_a_photo() -> None:
    still = [np.random.default_rng(0).integers(0, 40, (48, 64, 3), np.uint8)] * 7
    enhancer = shipped("brighten")
    options = {"strength": 0.7, "highlights": 0.5, "denoise": 0, "target_ev": 0.3, "black": 0.2, "warmth": 0.1}
    wanted = enhancer(still[0], **options)  # type: ignore[arg-type]
    for result in enhancer.frames(still, **options):  # type: ignore[arg-type]
        assert np.abs(result.astype(int) - wanted).max() <= 1


def test_frames_take_no_more_memory_the_more_there_are() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in shipped("brighten").frames((np.full((96, 128, 3), 20, np.uint8) for _ in range(count)), denoise=0):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(5) > 0
    assert peak(60) < 1.1 * peak(12) + 20_000


def test_arguments_of_frames_are_checked_at_once() -> None:
    enhancer = shipped("brighten")
    for options in ({"every": 0}, {"fps": 0}, {"strength": 3}, {"denoise": "much"}, {"preset": "day"}):
        with pytest.raises(OptionError, match=next(iter(options))):
            enhancer.frames([], **options)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="frame 0: str"):
        next(enhancer.frames(["a.jpg"]))  # type: ignore[list-item]
