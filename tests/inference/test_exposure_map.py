"""Maps of exposures, and networks that predict them (``pielight.inference.pointwise`` applies both kinds of model)."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pielight import CurveLattice, EnhanceOptions, Enhancer, ExposureMap, HazeLattice, ModelError, OptionError
from pielight.core.color import smooth_step
from pielight.inference.descriptor import kind_for
from pielight.inference.exposure_map import DESCRIPTOR, MOST_EV, SURE, UNSURE
from pielight.ops.exposure import canonical_exposure, expose, exposure_slope
from pielight.ops.exposure_map import apply_exposure
from pielight.ops.exposure_statistics import SEEN
from pielight.ops.thumbnail import thumbnail
from pielight.options import BRIGHTEN

DARK = (np.random.default_rng(0).random((70, 90, 3)) * 60).astype(np.uint8)
Write = Callable[..., Path]


@pytest.fixture
def write_model(tmp_path: Path) -> Write:
    """Write a network that returns the mean of the thumbnail less 0.4 at each node, and a statistic as probability."""

    def write(statistics: int = SEEN, probability: str = "Sigmoid", scale: float = 10.0) -> Path:
        node, tensor = onnx.helper.make_node, onnx.helper.make_tensor_value_info
        kind = onnx.TensorProto.FLOAT
        constants = {
            "target": np.float32(0.4),
            "scale": np.float32(scale),
            "first": np.array([0]),
            "next": np.array([1]),
        }
        graph = onnx.helper.make_graph(
            [
                node("AveragePool", ["thumbnail"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
                node("ReduceMean", ["cells"], ["mean"], axes=[1], keepdims=1),
                node("Sub", ["mean", "target"], ["exposure"]),
                node("Slice", ["statistics", "first", "next", "next"], ["one"]),
                node("Sub", ["target", "one"], ["darkness"]),
                node("Mul", ["darkness", "scale"], ["logit"]),
                node(probability, ["logit"], ["underexposed"]),
            ],
            "exposure",
            [tensor("thumbnail", kind, (1, 3, 32, 32)), tensor("statistics", kind, (1, statistics))],
            [tensor("exposure", kind, (1, 1, 4, 4)), tensor("underexposed", kind, (1, 1))],
            [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        path = tmp_path / f"exposure{statistics}{probability}{scale}.onnx"
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
        return path

    return write


def a_map(seed: int = 0, nodes: tuple[int, int] = (4, 5)) -> ExposureMap:
    return ExposureMap(np.random.default_rng(seed).normal(1, 1, nodes))


def test_the_map_is_a_copy_that_cannot_change() -> None:
    ev = np.ones((2, 3))
    made = ExposureMap(ev, np.ones((2, 3)), 0.5)
    ev[:] = 2
    for each in (made, copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301
        assert (each.ev == 1).all()
        assert each.ev.dtype == np.float32
        assert each.underexposed == 0.5
        for array in (each.ev, each.ceiling):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 3  # type: ignore[index]


@pytest.mark.parametrize("ev", [np.zeros(3), np.zeros((1, 2, 3)), np.zeros((0, 3))])
def test_impossible_shapes(ev: np.ndarray) -> None:
    with pytest.raises(ModelError, match="shape"):
        ExposureMap(ev)


@pytest.mark.parametrize("value", [np.nan, np.inf, MOST_EV + 1, -MOST_EV - 1])
def test_impossible_exposures(value: float) -> None:
    with pytest.raises(ModelError, match="finite"):
        ExposureMap(np.full((2, 2), value))
    with pytest.raises(ModelError, match="ceiling"):
        ExposureMap(np.zeros((2, 2)), np.zeros((2, 3)))


@given(strength=st.floats(-1.5, 1.5))
def test_strength_scales_exposures(strength: float) -> None:
    made = a_map()
    wanted = apply_exposure(DARK, made.ev * np.float32(strength))
    assert np.array_equal(made.apply(DARK, strength, 0.0, denoise=0), wanted)
    assert np.array_equal(made.scaled(strength).apply(DARK, 1.0, 0.0, denoise=0), wanted)
    if strength == 0:
        assert np.array_equal(wanted, DARK)


@given(strength=st.floats(0, 1.5), highlights=st.floats(0, 1))
def test_a_scaled_map_is_the_map_at_that_strength(strength: float, highlights: float) -> None:
    made = ExposureMap(np.linspace(-1, 6, 6).reshape(2, 3), np.linspace(0, 4, 6).reshape(2, 3))
    wanted = made.at(EnhanceOptions(strength, highlights))
    assert made.scaled(strength).at(EnhanceOptions(1, highlights)) == pytest.approx(wanted, abs=1e-5)
    assert np.array_equal(made.scaled(0.5).at(EnhanceOptions(1, 1)), made.at(EnhanceOptions(0.5, 1)))
    back = made.scaled(0.5).scaled(2)
    assert (np.array_equal(back.ev, made.ev), np.array_equal(back.ceiling, made.ceiling)) == (True, True)  # type: ignore[arg-type]


def test_what_a_scaled_map_does_otherwise() -> None:
    made = ExposureMap(np.full((1, 2), 4.0), np.array([[1.0, np.inf]]))
    assert made.scaled(-1).at(EnhanceOptions(1, 1)).tolist() == [[-4, -4]]
    assert made.at(EnhanceOptions(-1, 1)).tolist() == [[-1, -4]]
    assert made.scaled(0).at(EnhanceOptions(1, 1)).tolist() == [[0, 0]]
    assert made.scaled(0.5).at(EnhanceOptions(1, 0, target_ev=1)).tolist() == [[3, 3]]
    assert made.at(EnhanceOptions(0.5, 0, target_ev=1)).tolist() == [[2.5, 2.5]]


def test_scaled_out_of_range() -> None:
    for strength in (np.nan, np.inf, 1e3):
        with pytest.raises(OptionError, match="strength"):
            ExposureMap(np.ones((2, 2))).scaled(strength)


@given(t=st.floats(0, 1), nodes=st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_blend(t: float, nodes: tuple[int, int]) -> None:
    one, other = a_map(1), ExposureMap(np.full(nodes, 3.0), np.full(nodes, 2.0))
    assert np.allclose(one.blend(other, t).ev, (1 - t) * one.ev + t * 3, atol=1e-5)
    assert one.blend(other, t).ceiling is None
    both = other.blend(ExposureMap(np.zeros((2, 2)), np.zeros((2, 2))), t)
    assert both.ceiling == pytest.approx(np.full(nodes, 2 * (1 - t)), abs=1e-5)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda made: made.scaled("a"), "strength 'a': must be finite"),
        (lambda made: made.blend(3, 0.5), "other: int, expected ExposureMap"),
        (lambda made: made.blend(made, "a"), "t 'a': must lie between 0 and 1"),
        (lambda made: made.plot((0, 0)), r"size \(0, 0\): must be width and height"),
        (lambda made: made.plot((8.0, 8)), r"size \(8.0, 8\): must be"),
        (lambda made: made.plot(8), "size 8: must be"),
        (lambda made: made.at(0.5), "options: float, expected EnhanceOptions"),
        (lambda _: CurveLattice(np.zeros((1, 3, 2, 2))).faded("a"), "share 'a': must lie"),
    ],
)
def test_wrong_arguments_are_told(call: Callable[[ExposureMap], object], reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        call(a_map())


def test_a_blend_has_what_both_have() -> None:
    one, other = (ExposureMap(np.zeros((1, 1)), np.ones((1, 1)), share) for share in (0.2, 0.6))
    assert one.blend(other, 0.25).underexposed == pytest.approx(0.3)
    for mixed in (one.blend(a_map(), 0.5), a_map().blend(one, 0.5)):
        assert (mixed.ceiling, mixed.underexposed) == (None, None)


def test_maps_and_lattices_are_equal_to_themselves_only() -> None:
    for make in (
        a_map,
        lambda: CurveLattice(np.zeros((1, 3, 2, 2))),
        lambda: HazeLattice(np.full((4, 2, 2), 0.5), np.full(3, 0.8)),
    ):
        one, other = make(), make()
        assert (one == one, one == other, len({one, other, one})) == (True, False, 2)


@pytest.mark.parametrize("t", [-0.1, 1.1, np.nan])
def test_blend_out_of_range(t: float) -> None:
    with pytest.raises(OptionError, match="t "):
        a_map().blend(a_map(), t)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "I;16"])
def test_applies_to_images_of_every_mode(mode: str) -> None:
    image = Image.fromarray(DARK).convert("RGB" if mode != "I;16" else "L")
    image = image.convert(mode) if mode != "I;16" else Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    result = a_map().apply(image)
    assert (result.mode, result.size) == (image.mode, image.size)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4)])
def test_applies_to_arrays_of_every_type(dtype: str, shape: tuple[int, ...]) -> None:
    pixels = (np.random.default_rng(1).random(shape) * (1 if dtype[0] == "f" else 200)).astype(dtype)
    result = a_map().apply(pixels)
    assert (result.dtype, result.shape) == (pixels.dtype, pixels.shape)
    if shape[-1] in (2, 4):
        assert np.array_equal(result[..., -1], pixels[..., -1])


def test_applies_to_batches_of_tensors() -> None:
    batch = torch.from_numpy(np.stack([DARK, DARK[::-1]]).copy()).permute(0, 3, 1, 2)
    result = a_map().apply(batch)
    assert np.array_equal(result[1].permute(1, 2, 0).numpy(), a_map().apply(DARK[::-1]))


def test_highlights_hold_a_whole_facade() -> None:
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[80:160, 100:200] = 153  # 0.6, a tenth of the frame
    made = ExposureMap(np.full((16, 16), 8.0))
    assert made.apply(frame, highlights=0).max() > 250
    held = [made.apply(frame, highlights=h)[80:160, 100:200] / 255 for h in (0.5, 0.9, 1.0)]
    assert held[0].mean() > held[1].mean() > held[2].mean()
    assert (held[2] > 0.94).mean() <= 0.01
    assert np.array_equal(made.apply(frame, -1, 1.0), apply_exposure(frame, -made.at(EnhanceOptions(1, 1), frame)))


def test_a_stored_ceiling_is_that_of_the_first_picture() -> None:
    made = ExposureMap(np.full((2, 2), 4.0), np.full((2, 2), 1.0))
    assert np.array_equal(made.apply(DARK, highlights=1, denoise=0), apply_exposure(DARK, np.ones((2, 2), np.float32)))


def test_slope_is_that_of_the_curve_at_every_cell() -> None:
    made, cells = ExposureMap(np.full((3, 3), 2.0)), np.random.default_rng(0).random((10, 12, 3))
    wanted = exposure_slope(cells, 1.0)
    assert made.slope(cells, EnhanceOptions(0.5, 0)) == pytest.approx(wanted.astype(np.float32))


def test_noise_is_removed_where_it_shows(write_model: Write) -> None:
    rng = np.random.default_rng(0)
    noisy = (np.full((160, 160, 3), 10.0) + rng.normal(0, 2, (160, 160, 3))).clip(0, 255).astype(np.uint8)
    made = ExposureMap(np.full((4, 4), 4.0))
    plain, clean = made.apply(noisy, denoise=0), made.apply(noisy)
    assert clean.astype(float).std() < 0.5 * plain.astype(float).std()


def test_the_network_adds_to_the_canonical_exposure(write_model: Write) -> None:
    path = write_model()
    enhancer = Enhancer(path, threads=1)
    assert kind_for(BRIGHTEN, path) is DESCRIPTOR
    found = enhancer.exposure(DARK)
    small = thumbnail(DARK, 32)
    canonical = canonical_exposure(small)
    seen = expose(small, canonical).mean(axis=0).reshape(4, 8, 4, 8).mean(axis=(1, 3))
    always = Enhancer(path, threads=1, auto=False).exposure(DARK)
    assert always.ev == pytest.approx(canonical + seen - 0.4, abs=1e-3)
    assert found.underexposed is not None
    assert found.ev == pytest.approx(smooth_step(found.underexposed, UNSURE, SURE) * always.ev, abs=1e-3)
    assert found.underexposed > 0.75
    assert np.array_equal(found.apply(DARK), enhancer(DARK))
    assert np.array_equal(enhancer(DARK, 0), DARK)


def test_well_exposed_pictures_stay_and_none_is_darkened(write_model: Write) -> None:
    bright = np.random.default_rng(0).integers(100, 256, (70, 90, 3), np.uint8)
    enhancer = Enhancer(write_model(), threads=1)
    assert np.array_equal(enhancer(bright), bright)
    assert (enhancer.exposure(bright).ev == 0).all()
    assert (Enhancer(write_model(), threads=1, auto=False).exposure(bright).ev == 0).all()  # not below


def test_every_kind_of_picture_has_a_map(write_model: Write, tmp_path: Path) -> None:
    enhancer = Enhancer(write_model(), threads=1)
    wanted = enhancer.exposure(DARK).ev
    path = tmp_path / "dark.png"
    Image.fromarray(DARK).save(path)
    tensor = torch.from_numpy(DARK.copy()).permute(2, 0, 1)
    for each in (path, str(path), path.read_bytes(), Image.fromarray(DARK), tensor, tensor[None]):
        assert np.array_equal(enhancer.exposure(each).ev, wanted)
    with pytest.raises(OptionError, match="one picture"):
        enhancer.exposure(torch.zeros(2, 3, 8, 8))
    with pytest.raises(OptionError, match="expected a path"):
        enhancer.exposure(5)  # type: ignore[arg-type]


def test_curves_and_exposures_name_each_other(write_model: Write) -> None:
    with pytest.raises(OptionError, match=r"curves: .* use Enhancer.exposure"):
        Enhancer(write_model(), threads=1).curves(DARK)
    with pytest.raises(OptionError, match=r"exposure: .* use Enhancer.curves"):
        Enhancer("dehaze", threads=1, task="dehaze").exposure(DARK)


def test_frames_share_one_map(write_model: Write) -> None:
    network = DESCRIPTOR.open(write_model(), 1)
    black = np.zeros_like(DARK)
    frames = [black, DARK, black, DARK]
    shared, single = network.predict_for_all(iter(frames)), network.predict(DARK)
    assert shared.ev == pytest.approx(single.ev, abs=1e-4)
    assert network.predict_for_all([black]).ev.max() > 5


def test_a_file_with_other_statistics_is_refused(write_model: Write) -> None:
    path = write_model(SEEN + 1)
    with pytest.raises(ModelError, match=f"statistics has shape .*; expected .*{SEEN}"):
        Enhancer(path, threads=1)(DARK)


def test_what_is_no_probability_or_exposure_is_refused(write_model: Write) -> None:
    with pytest.raises(ModelError, match="expected a probability"):
        Enhancer(write_model(probability="Identity"), threads=1)(DARK)


def test_options_are_recorded(write_model: Write) -> None:
    record = dict(Enhancer(write_model(), threads=1).record(EnhanceOptions(0.5, 1.0)).options)
    assert (record["Strength"], record["Highlights"]) == ("0.5", "1")


def test_highlights_are_not_protected_unless_asked(write_model: Write, bright_model: Path) -> None:
    made = ExposureMap(np.full((2, 2), 4.0), np.zeros((2, 2)))
    assert np.array_equal(made.apply(DARK, denoise=0), apply_exposure(DARK, made.ev))
    for model, highlights in ((write_model(), "0"), ("pie", "0"), (bright_model, "0.5")):
        assert dict(Enhancer(model, threads=1).record().options)["Highlights"] == highlights
