"""When the frames of a stream are denoised, and by how much."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pielight.inference import frame_denoiser
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.frame_denoiser import FrameDenoiser
from pielight.ops.noise import Noise, estimate
from pielight.options import EnhanceOptions

BRIGHTER, SAME = ExposureMap(np.full((1, 1), 4.0)), ExposureMap(np.zeros((1, 1)))


def grain(seed: int, sigma: float = 2.0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return (24 + rng.normal(0, sigma, (96, 96, 3))).round().clip(0, 255).astype(np.uint8)


def planes(frame: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [np.ascontiguousarray(frame[..., channel]) for channel in (1, 0, 2)]


@pytest.mark.parametrize(
    ("options", "exposure", "sigma", "expected"),
    [
        (EnhanceOptions(), BRIGHTER, 2.0, True),
        (EnhanceOptions(), SAME, 2.0, False),
        (EnhanceOptions(), BRIGHTER, 0.0, False),
        (EnhanceOptions(denoise=0), BRIGHTER, 2.0, False),
        (EnhanceOptions(denoise=0.5), SAME, 2.0, True),
    ],
)
def test_noise_goes_where_it_would_show(
    options: EnhanceOptions, exposure: ExposureMap, sigma: float, expected: bool
) -> None:
    denoiser = FrameDenoiser(options, 8, 1)
    frame = grain(0, sigma)
    denoiser.look(frame, exposure)
    assert denoiser.is_active == expected
    given = planes(frame)
    assert (denoiser.denoise(given) is given) == (not expected)


@pytest.mark.parametrize(("share", "left"), [(0.5, 0.5), (0.7, 0.3), ("auto", 0.25)])
def test_a_number_is_the_share_of_noise_that_goes(share: float, left: float) -> None:
    denoiser = FrameDenoiser(EnhanceOptions(denoise=share), 8, 1)
    denoiser.look(grain(0), BRIGHTER)
    for seed in range(30):
        result = denoiser.denoise(planes(grain(seed)))
    noise = np.std(result[0].astype(float))
    assert noise == pytest.approx(2 * left, abs=0.35)


def test_a_scene_begins_with_what_its_next_frames_show() -> None:
    denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    denoiser.look(grain(0), BRIGHTER)
    denoiser.prime(grain(0), BRIGHTER, [(planes(grain(seed)), 0.0) for seed in range(1, 9)])
    (first, *_) = denoiser.denoise(planes(grain(0)))
    assert np.std(first.astype(float)) < 1.2
    denoiser.restart()
    (first, *_) = denoiser.denoise(planes(grain(0)))
    np.testing.assert_array_equal(first, planes(grain(0))[0])


def test_deep_planes_have_their_own_noise() -> None:
    frame = grain(0)
    luma = (frame[..., 1].astype(np.uint16) << 2) + 1
    denoiser = FrameDenoiser(EnhanceOptions(), 10, 1)
    denoiser.look(frame, BRIGHTER)
    for _ in range(3):
        (result,) = denoiser.denoise([luma])
    assert result.dtype == np.uint16
    assert abs(float(result.mean()) - float(luma.mean())) < 1


def test_noise_is_estimated_at_some_looks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(pixels: NDArray[np.uint8]) -> Noise:
        asked.append(pixels.shape[2])
        return estimate(pixels)

    monkeypatch.setattr(frame_denoiser, "estimate", counted)
    denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    for seed in range(8):
        denoiser.look(grain(seed), BRIGHTER)
    assert asked == [3, 3]


def test_noise_that_compression_has_smoothed_is_seen_from_one_frame_to_the_next() -> None:
    scene = gaussian_filter(np.random.default_rng(99).normal(0, 1, (192, 256)), 1.5) * 40 + 40

    def blotchy(seed: int) -> NDArray[np.uint8]:
        blotches = gaussian_filter(np.random.default_rng(seed).normal(0, 1, scene.shape), 1.5)
        gray = np.rint(scene + 1.5 * blotches / blotches.std()).clip(0, 255)
        return np.repeat(gray[..., np.newaxis], 3, 2).astype(np.uint8)

    denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    denoiser.look(blotchy(0), BRIGHTER)
    assert not denoiser.is_active
    for seed in range(2):
        denoiser.denoise(planes(blotchy(seed)))
    denoiser.look(blotchy(2), BRIGHTER)
    assert denoiser.is_active
    for seed in range(2, 24):
        result = denoiser.denoise(planes(blotchy(seed)))
    assert np.std(result[0] - scene) < 0.75
