"""Frames as planes come out as their pictures do, in order, and with less noise."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight import Enhancer
from pielight.errors import OptionError
from pielight.inference.plane_enhancer import PlaneEnhancer
from pielight.ops.yuv import Planes, YuvEncoding, rgb_to_yuv420, yuv_to_rgb
from pielight.options import EnhanceOptions
from tests.clips import light, pan, shot

PLAIN, SIZE = EnhanceOptions(denoise=0), (96, 128)


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(threads=1)


def frames_of(count: int = 12, ev: float = -4.0) -> list[NDArray[np.uint8]]:
    return [shot(view, ev) for view in pan(light("coffee"), count, SIZE, 1)]


def run(
    enhancer: Enhancer, frames: list[Planes], options: EnhanceOptions, encoding: YuvEncoding, ahead: float
) -> list[Planes]:
    planes: PlaneEnhancer[int] = PlaneEnhancer(enhancer.processor, options, encoding, ahead=ahead)
    results = [one for number, frame in enumerate(frames) for one in planes.push(frame, number)] + planes.flush()
    assert [number for _, number in results] == list(range(len(frames)))
    return [result for result, _ in results]


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
def test_the_result_is_that_of_pictures(enhancer: Enhancer, matrix: str) -> None:
    encoding = YuvEncoding(matrix)
    frames = [rgb_to_yuv420(frame, encoding) for frame in frames_of()]
    pictures = [yuv_to_rgb(frame, encoding) for frame in frames]
    expected = list(enhancer.frames(pictures, options=PLAIN))
    for result, wanted in zip(run(enhancer, frames, PLAIN, encoding, 0.0), expected, strict=True):
        for plane, other in zip(result, rgb_to_yuv420(wanted, encoding), strict=True):
            difference = np.abs(plane.astype(int) - other)
            assert difference.mean() < 1.0  # the picture was rounded to 8 bits before its exposure
            assert np.quantile(difference, 0.99) <= 4


@pytest.mark.parametrize("ahead", [0.0, 0.3])
def test_noise_is_averaged_from_the_first_frame_on_if_the_next_ones_are_known(enhancer: Enhancer, ahead: float) -> None:
    encoding, still = YuvEncoding(), [frames_of(1)[0]] * 16
    rng = np.random.default_rng(1)
    noisy = [np.rint(frame + rng.normal(0, 2, frame.shape)).clip(0, 255).astype(np.uint8) for frame in still]
    frames = [rgb_to_yuv420(frame, encoding) for frame in noisy]
    plain, clean = (run(enhancer, frames, options, encoding, ahead) for options in (PLAIN, EnhanceOptions()))

    def grain(results: list[Planes], number: int) -> float:
        other = results[number + 1][0].astype(float)
        return float(np.std(results[number][0] - other))

    assert grain(clean, 12) < 0.3 * grain(plain, 12)
    assert (grain(clean, 0) < 0.4 * grain(plain, 0)) == (ahead > 0)


def test_good_frames_come_back_themselves(enhancer: Enhancer) -> None:
    encoding = YuvEncoding()
    frames = [rgb_to_yuv420(frame, encoding) for frame in frames_of(3, 0.0)]
    for result, frame in zip(run(enhancer, frames, EnhanceOptions(), encoding, 0.2), frames, strict=True):
        assert all(one is other for one, other in zip(result, frame, strict=True))


def test_deep_planes_keep_their_depth(enhancer: Enhancer) -> None:
    encoding = YuvEncoding("bt2020", bits=10)
    frames: list[Planes] = []
    for frame in frames_of(4):
        y, u, v = rgb_to_yuv420(frame, YuvEncoding("bt2020"))
        frames.append((y.astype(np.uint16) << 2, u.astype(np.uint16) << 2, v.astype(np.uint16) << 2))
    for result, frame in zip(run(enhancer, frames, EnhanceOptions(), encoding, 0.0), frames, strict=True):
        assert result[0].dtype == np.uint16
        assert result[0].mean() > frame[0].mean() + 100


def test_what_is_not_for_planes(enhancer: Enhancer) -> None:
    with pytest.raises(OptionError, match="without black"):
        PlaneEnhancer(enhancer.processor, EnhanceOptions(warmth=0.5), YuvEncoding())
    with pytest.raises(OptionError, match="models of exposures"):
        PlaneEnhancer(Enhancer(task="dehaze", threads=1).processor, EnhanceOptions(), YuvEncoding())
    planes: PlaneEnhancer[None] = PlaneEnhancer(enhancer.processor, PLAIN, YuvEncoding())
    with pytest.raises(OptionError, match="no layout"):
        planes.push((np.zeros((4, 4), np.uint8), np.zeros((1, 4), np.uint8), np.zeros((1, 4), np.uint8)), None)


def test_shadows_lose_the_cast_of_a_wrong_black_level_as_in_pictures(enhancer: Enhancer) -> None:
    encoding, rng = YuvEncoding(full_range=True), np.random.default_rng(2)
    scene = np.full((96, 128, 3), (1.0, 3.0, 0.5)) + rng.normal(0, 0.7, (96, 128, 3))  # green, as raw black is off
    scene[20:60, 20:60] = (70, 20, 15)  # a lit thing, whose color is known
    frames = [np.rint(scene + rng.normal(0, 0.7, scene.shape)).clip(0, 255).astype(np.uint8) for _ in range(10)]
    planes = [rgb_to_yuv420(frame, encoding) for frame in frames]
    options = EnhanceOptions(target_ev=1.0, auto=False)
    cast, plain = (yuv_to_rgb(run(enhancer, planes, one, encoding, 0.0)[-1], encoding).astype(float)
                   for one in (options, EnhanceOptions(target_ev=1.0, auto=False, denoise=0)))  # fmt: skip
    pictures = list(enhancer.frames(frames, options=options))[-1].astype(float)
    photo = enhancer(frames[-1], options=options).astype(float)
    saturation = [float(np.ptp(one[70:, 70:].mean((0, 1)))) for one in (plain, cast, pictures, photo)]
    assert saturation[0] > 20  # what there is to fade
    assert max(saturation[1:]) < 0.5 * saturation[0]
    assert np.ptp(cast[30:50, 30:50].mean((0, 1))) > 0.9 * np.ptp(plain[30:50, 30:50].mean((0, 1)))


@pytest.mark.parametrize("ahead", [0.0, 0.3])
def test_what_is_remembered_follows_the_exposure_of_the_source(enhancer: Enhancer, ahead: float) -> None:
    encoding, rng = YuvEncoding(), np.random.default_rng(3)
    view = next(iter(pan(light("coffee"), 1, SIZE, 1)))
    shifts = np.where(np.arange(24) % 6 < 3, 0.15, -0.15)
    frames = [shot(view, -4 + ev) + rng.normal(0, 1.5, (*SIZE, 3)) for ev in shifts]
    planes = [rgb_to_yuv420(np.rint(frame).clip(0, 255).astype(np.uint8), encoding) for frame in frames]
    for options in (PLAIN, EnhanceOptions()):
        results = run(enhancer, planes, options, encoding, ahead)
        means = np.array([[plane.mean() for plane in planes] for planes in results[6:]])
        assert np.ptp(means[:, 0]) < 2.0
        assert np.ptp(means[:, 1:], axis=0).max() < 1.5
