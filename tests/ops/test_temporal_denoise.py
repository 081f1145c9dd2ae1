"""Temporal denoising on moving scenes with known truth, and the compiled loops against NumPy."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from pielight.errors import OptionError
from pielight.ops import motion, motion_compensation
from pielight.ops.motion import FRACTIONS, MotionField, estimate_motion, halved
from pielight.ops.motion_compensation import compare, predict
from pielight.ops.temporal_denoise import LONGEST, TemporalDenoiser

compiled = pytest.mark.skipif(motion_compensation._loop is None, reason="built without a compiler: nothing moves")
SIZES, SEEDS, HALVES = st.tuples(st.integers(1, 50), st.integers(1, 50)), st.integers(0, 99), st.sampled_from([0, 1])
SIGMA = 2.0  # levels of 8 bits


def scene(height: int = 160, width: int = 224, seed: int = 0) -> NDArray[np.float64]:
    """Return a scene with texture of several sizes, 20 to 100."""
    rng = np.random.default_rng(seed)
    total = sum(gaussian_filter(rng.normal(size=(height, width)), s) * s**1.5 for s in (1.5, 4, 12))
    return np.interp(total, (total.min(), total.max()), (20, 100))


def panned(frames: int, speed: tuple[float, float], seed: int = 0) -> list[NDArray[np.float64]]:
    """Return windows of 96 x 128 pixels that move over a scene by so many pixels a frame."""
    whole = scene(seed=seed)
    y, x = np.mgrid[:96, :128] + np.array([20.0, 20.0])[:, np.newaxis, np.newaxis]
    return [
        map_coordinates(whole, [y + t * speed[0], x + t * speed[1]], order=3, mode="reflect") for t in range(frames)
    ]


def noisy(frame: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.rint(frame + rng.normal(0, SIGMA, frame.shape)).clip(0, 255).astype(np.uint8)


def run(frames: list[NDArray[np.float64]], seed: int = 1) -> Iterator[tuple[NDArray[Any], NDArray[Any], float]]:
    """Yield each frame with noise, what becomes of it, and the mean weight of the new frame."""
    rng, denoiser = np.random.default_rng(seed), TemporalDenoiser(threads=1)
    for frame in frames:
        seen = noisy(frame, rng)
        (result,) = denoiser.denoise([seen], lambda value: np.full_like(value, SIGMA / 255))
        yield seen, result, denoiser.share_of_new


def error(result: NDArray[Any], truth: NDArray[np.float64]) -> float:
    return float(np.square(result - truth)[8:-8, 8:-8].mean())


@pytest.mark.parametrize(
    "speed", [(0, 0), pytest.param((0.7, 2.3), marks=compiled), pytest.param((-1, 4), marks=compiled)]
)
def test_noise_falls_where_nothing_moves_and_where_the_camera_pans(speed: tuple[float, float]) -> None:
    frames = panned(20, speed)
    *_, (seen, result, _) = run(frames)
    assert error(seen, frames[-1]) > 0.9 * SIGMA**2
    assert error(result, frames[-1]) < (0.15 if speed == (0, 0) else 0.3) * SIGMA**2


def test_a_light_that_is_switched_on_shows_in_its_first_frame() -> None:
    dark = scene()[:96, :128]
    lit = dark.copy()
    lit[30:60, 40:90] += 60
    *_, (_, result, _) = run([dark] * 16 + [lit])
    assert abs(float((result - lit)[34:56, 44:86].mean())) < 0.5
    assert error(result, lit) < SIGMA**2


@compiled
def test_nothing_moving_leaves_a_ghost() -> None:
    ground, thing = scene()[:96, :128], scene(seed=5)[:24, :24] + 50
    frames = []
    for t in range(16):
        frame = ground.copy()
        frame[30:54, 4 + 6 * t : 28 + 6 * t] = thing
        frames.append(frame)
    *_, (_, result, _) = run(frames)
    behind = result[30:54, 64:88] - ground[30:54, 64:88]  # it was there up to two frames ago
    assert abs(float(behind.mean())) < 0.5
    assert float(np.square(behind).mean()) < 1.3 * SIGMA**2


def test_another_picture_is_taken_as_it_is() -> None:
    one, other = scene()[:96, :128], scene(seed=9)[:96, :128][::-1]
    *_, (seen, result, share) = run([one] * 10 + [other])
    assert share > 0.8
    assert np.abs(result.astype(int) - seen).mean() < 0.6


def test_the_average_reaches_over_so_many_frames() -> None:
    *_, (_, _, share) = run([np.full((64, 64), 50.0)] * (LONGEST + 8))
    assert share == pytest.approx(1 / LONGEST, rel=0.35)


def test_chroma_is_averaged_with_the_weights_of_luma() -> None:
    rng, denoiser = np.random.default_rng(0), TemporalDenoiser(threads=1)
    for _ in range(12):
        planes = [noisy(np.full(size, 60.0), rng) for size in ((47, 63), (24, 32), (24, 32))]
        results = denoiser.denoise(planes, lambda value: np.full_like(value, SIGMA / 255))
    assert [result.shape for result in results] == [(47, 63), (24, 32), (24, 32)]
    for plane, result in zip(planes, results, strict=True):
        assert result.std() < 0.5 * plane.std()


def test_deep_planes_keep_their_depth() -> None:
    rng, denoiser = np.random.default_rng(0), TemporalDenoiser(10, 1)
    for _ in range(12):
        plane = np.rint(240 + rng.normal(0, 8, (64, 64))).astype(np.uint16)
        (result,) = denoiser.denoise([plane], lambda value: np.full_like(value, 8 / 1023))
    assert result.dtype == np.uint16
    assert abs(result.mean() - 240) < 0.5
    assert result.std() < 0.5 * plane.std()


def test_frames_without_noise_stay_as_they_are() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 56), np.uint8)
    denoiser = TemporalDenoiser(threads=1)
    for _ in range(3):
        (result,) = denoiser.denoise([picture], np.zeros_like)
        np.testing.assert_array_equal(result, picture)


def test_wrong_planes_are_refused_and_a_reset_takes_another_size() -> None:
    denoiser, sigma = TemporalDenoiser(threads=1), np.zeros_like
    denoiser.denoise([np.zeros((8, 8), np.uint8)], sigma)
    for plane in (np.zeros((8, 10), np.uint8), np.zeros((8, 8), np.uint16), np.zeros((8, 16), np.uint8)[:, ::2]):
        with pytest.raises(OptionError):
            denoiser.denoise([plane], sigma)
    with pytest.raises(OptionError):
        denoiser.denoise([np.zeros((8, 8), np.uint8), np.zeros((3, 8), np.uint8)], sigma)
    denoiser.reset()
    assert denoiser.denoise([np.ones((8, 10), np.uint8)], sigma)[0].max() == 1
    with pytest.raises(OptionError):
        TemporalDenoiser(16)


@compiled
@pytest.mark.parametrize("speed", [(0.0, 0.0), (0.5, -1.75), (3.0, 7.0)])
def test_the_motion_of_a_pan_is_found(speed: tuple[float, float]) -> None:
    rng = np.random.default_rng(2)
    frames = panned(6, speed)
    field = MotionField.still(96, 128)
    for before, frame in pairwise(frames):
        clean = halved(np.rint(before * 128).astype(np.uint16))
        field = estimate_motion(halved(noisy(frame, rng), 8), clean, field, SIGMA * 64)
    found = np.median(field.vectors[1:-1, 1:-1], axis=(0, 1)) / FRACTIONS
    np.testing.assert_allclose(found, speed, atol=0.1)


@settings(max_examples=40, deadline=None)
@given(SIZES, HALVES, HALVES, SEEDS)
def test_the_compiled_prediction_is_that_of_numpy(size: tuple[int, int], tall: int, wide: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = -(-size[0] // (1 + tall)), -(-size[1] // (1 + wide))
    before = rng.integers(0, 32768, shape).astype(np.uint16)
    vectors = rng.integers(-800, 800, MotionField.still(*size).vectors.shape).astype(np.int16)
    results = []
    for loop in (motion_compensation._loop, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(motion_compensation, "_loop", loop)
            results.append(np.empty_like(before))
            predict(before, vectors, (tall, wide), results[-1], 2)
    np.testing.assert_array_equal(*results)


def test_a_prediction_is_that_of_keys() -> None:
    y, x = np.mgrid[:48, :48] / 8.0
    wave = 16384 + 9000 * np.sin(y) * np.cos(x)  # exact to the fourth order: steps of 1/8 leave 1e-4 of it
    vectors = np.broadcast_to(np.array([43, -53], np.int16), (3, 3, 2)).copy()
    result = np.empty((48, 48), np.uint16)
    predict(np.rint(wave).astype(np.uint16), vectors, (0, 0), result, 1)
    moved = 16384 + 9000 * np.sin(y + 43 / FRACTIONS / 8) * np.cos(x - 53 / FRACTIONS / 8)
    error = (result - moved)[5:-5, 5:-5]
    assert np.abs(error).max() < 16
    assert abs(error.mean()) < 0.5


def test_a_prediction_keeps_what_is_flat() -> None:
    for value in (0, 1, 999, 32767):
        before, vectors = np.full((32, 32), value, np.uint16), np.full((2, 2, 2), 5, np.int16)
        result = np.empty_like(before)
        predict(before, vectors, (0, 0), result, 1)
        assert (result == value).all()


@compiled
def test_the_motion_of_a_zoom_is_found() -> None:
    rng, whole = np.random.default_rng(2), scene(256, 320)
    y, x = np.mgrid[:192, :256] - np.array([96.0, 128.0])[:, np.newaxis, np.newaxis]
    frames = [map_coordinates(whole, [128 + y / 1.02**t, 160 + x / 1.02**t], order=3) for t in range(4)]
    field = MotionField.still(192, 256)
    for before, frame in pairwise(frames):
        clean = halved(np.rint(before * 128).astype(np.uint16))
        field = estimate_motion(halved(noisy(frame, rng), 8), clean, field, SIGMA * 64)
    np.testing.assert_allclose(field.camera[1:] / 16, np.eye(2) * (1 / 1.02 - 1), atol=0.002)
    middles = (np.arange(16) - 7.5) * 16 * (1 / 1.02 - 1)
    np.testing.assert_allclose(np.median(field.vectors[..., 1], axis=0) / FRACTIONS, middles, atol=0.1)


@settings(max_examples=40, deadline=None)
@given(SIZES, st.sampled_from([8, 10, 15]), SEEDS)
def test_the_compiled_comparison_and_halving_are_those_of_numpy(size: tuple[int, int], bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 1 << bits, size).astype(np.uint8 if bits == 8 else np.uint16)
    predicted = rng.integers(0, 32768, size).astype(np.uint16)
    found, halves = [], []
    for loop in (motion_compensation._loop, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(motion_compensation, "_loop", loop)
            patch.setattr(motion, "_loop", loop)
            found.append(compare(plane, bits, predicted, 2))
            halves.append(halved(plane, bits, 2))
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(*halves)


@settings(max_examples=30, deadline=None)
@given(SIZES, HALVES, HALVES, st.sampled_from([8, 12]), SEEDS)
def test_the_compiled_blend_is_that_of_numpy(size: tuple[int, int], tall: int, wide: int, bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = size, (-(-size[0] // (1 + tall)), -(-size[1] // (1 + wide)))
    kind = np.uint8 if bits == 8 else np.uint16
    frames = [[rng.integers(0, 1 << bits, shape).astype(kind) for shape in shapes] for _ in range(3)]
    results = []
    for loop in (motion_compensation._loop, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(motion_compensation, "_loop", loop)
            patch.setattr(motion, "_loop", None)  # the same motion
            denoiser = TemporalDenoiser(bits, 2)
            results.append([denoiser.denoise(frame, lambda value: np.full_like(value, 0.3)) for frame in frames][-1])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@compiled
def test_the_compiled_loops_refuse_what_does_not_fit() -> None:
    loop = motion_compensation._loop
    assert loop is not None
    plane, half = np.zeros((40, 48), np.uint16), np.zeros((20, 24), np.uint16)
    blocks, cells = np.zeros((3, 3, 2), np.int16), np.zeros((5, 6, 3), np.int32)
    weights, table = np.zeros((5, 6), np.int32), np.zeros((FRACTIONS, 6), np.int16)
    fine, sure = np.zeros((5, 6, 2), np.float32), np.zeros((5, 6), np.float32)
    good: dict[str, tuple[Any, ...]] = {
        "halve_rows": (plane, 0, half, 0, 20),
        "match_rows": (plane, plane.copy(), blocks, blocks.copy(), 5, blocks.copy(), 0, 3),
        "refine_rows": (plane, plane.copy(), np.zeros((5, 6, 2), np.int16), 1.0, fine, sure, 0, 5),
        "predict_rows": (plane, blocks, table, 0, 0, plane.copy(), 0, 3),
        "compare_rows": (plane, 0, plane.copy(), cells, 0, 5),
        "blend_rows": (plane, 0, plane.copy(), weights, 0, 0, plane.copy(), plane.copy(), 0, 40),
    }
    for name, arguments in good.items():
        assert getattr(loop, name)(*arguments) is None
        for at, argument in enumerate(arguments):
            wrong = list(arguments)
            wrong[at] = (
                argument[:-1].copy() if isinstance(argument, np.ndarray) else -1 if at < len(arguments) - 1 else 99
            )
            with pytest.raises(ValueError, match="fit together"):
                getattr(loop, name)(*wrong)
