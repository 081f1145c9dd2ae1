"""The cast of the light is found where it is plain, and not made up where it is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops.illuminant import MeanThumbnail, estimate_cast
from pielight.ops.white_balance import white_balance


def still_life(seed: int = 0) -> NDArray[np.float32]:
    """Return a thumbnail (3, 64, 64) of 64 patches of muted colors around gray."""
    generator = np.random.default_rng(seed)
    patches = generator.uniform(0.1, 0.6, (1, 8, 8)) * generator.uniform(0.85, 1.15, (3, 8, 8))
    return linear_to_srgb(np.clip(patches, 0, 1)).repeat(8, 1).repeat(8, 2).astype(np.float32)


def lit(thumbnail: NDArray[np.float32], warmth: float, tint: float) -> NDArray[np.float32]:
    light = np.tensordot(white_balance(warmth, tint), srgb_to_linear(thumbnail), 1)
    return linear_to_srgb(np.clip(light * 0.6, 0, 1)).astype(np.float32)


@pytest.mark.parametrize(("warmth", "tint"), [(0, 0), (0.5, 0), (1, 0.2), (1.5, 0), (-0.6, -0.2), (0.2, 0.5)])
def test_a_cast_is_found(warmth: float, tint: float) -> None:
    of_itself = estimate_cast(still_life())
    found = estimate_cast(lit(still_life(), warmth, tint))
    assert of_itself is not None
    assert found is not None
    assert found.warmth == pytest.approx(of_itself.warmth + warmth, abs=0.1)
    assert found.tint == pytest.approx(of_itself.tint + tint, abs=0.15)


@pytest.mark.parametrize("color", [(0.1, 0.6, 0.1), (0.5, 0.05, 0.4), (0.02, 0.1, 0.7)])
def test_saturated_colors_are_no_light(color: tuple[float, float, float]) -> None:
    shade = np.linspace(0.5, 1, 32, dtype=np.float32) * np.ones((32, 1), np.float32)
    assert estimate_cast(np.array(color, np.float32)[:, None, None] * shade) is None


def test_no_light_no_cast() -> None:
    assert estimate_cast(np.zeros((3, 32, 32), np.float32)) is None
    assert estimate_cast(np.ones((3, 32, 32), np.float32)) is None
    assert estimate_cast(np.full((3, 32, 32), 0.5, np.float32)) is None  # without edges the two cannot agree


def test_frames_that_disagree_with_their_surroundings_share_one_estimate() -> None:
    frames = [np.ascontiguousarray(still_life(seed).transpose(1, 2, 0)) for seed in range(3)]
    mean = MeanThumbnail(threads=1)
    assert [frame is passed for frame, passed in zip(frames, mean.passing(frames), strict=True)] == [True] * 3
    assert mean.thumbnail().mean() == pytest.approx(np.mean(frames), abs=1e-3)
    assert MeanThumbnail().thumbnail().max() == 0


def test_a_slight_cast_is_left() -> None:
    found = [estimate_cast(lit(still_life(), warmth, 0)) for warmth in (0.0, 0.12, 0.35, 0.7)]
    assert all(cast is not None for cast in found)
    warmths = [cast.warmth for cast in found if cast is not None]
    assert warmths[:2] == [0, 0]
    assert 0.05 < warmths[2] < 0.3
    assert warmths[3] == pytest.approx(0.7, abs=0.1)


def test_of_a_result_the_cast_counts_that_it_has_then() -> None:
    before = lit(still_life(), 0.7, 0)
    curve = np.sqrt(before)  # a tone curve makes a cast weaker
    alone, of_result = estimate_cast(before), estimate_cast(before, curve)
    assert alone is not None
    assert of_result is not None
    assert 0.2 < of_result.warmth < 0.8 * alone.warmth
    assert estimate_cast(np.full((3, 32, 32), 0.5, np.float32), curve) is None
