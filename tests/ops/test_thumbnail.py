from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pielight.ops import thumbnail as thumbnails
from pielight.ops.thumbnail import mean_thumbnail, thumbnail

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def test_thumbnail_keeps_means_and_range(photo: NDArray[np.uint8]) -> None:
    small = thumbnail(photo, 32)
    assert small.shape == (3, 32, 32)
    assert small.dtype == np.float32
    assert small.mean(axis=(1, 2)) == pytest.approx(photo.mean(axis=(0, 1)) / 255, abs=0.005)


def test_thumbnail_of_every_type_is_the_same(photo: NDArray[np.uint8]) -> None:
    reference = thumbnail(photo, 48)
    for other in (photo.astype(np.uint16) * 257, (photo / 255).astype(np.float32), photo / 255):
        assert np.abs(thumbnail(other, 48) - reference).max() <= 1 / 255
        assert np.abs(thumbnail(other, 16) - thumbnail(photo, 16)).max() <= 1e-6


def test_thumbnail_of_16_bits_is_not_rounded_to_8() -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64, 1)
    assert len(np.unique(thumbnail(ramp, 32))) > 500


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 1), (3000, 1, 3), (7, 5, 1)])
def test_thumbnail_of_any_size(shape: tuple[int, int, int]) -> None:
    assert thumbnail(np.full(shape, 255, np.uint8), 16).min() == 1


def test_pillows_own_box_filter_is_the_oracle(photo: NDArray[np.uint8]) -> None:
    large = np.asarray(Image.fromarray(photo).resize((1536, 1088), Image.Resampling.BICUBIC))
    exact = np.asarray(Image.fromarray(large).resize((64, 64), Image.Resampling.BOX)).transpose(2, 0, 1)
    assert np.abs(thumbnail(large, 64) * 255 - exact).max() <= 1  # it rounds twice, we never


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(16, 90), st.integers(16, 90)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from(sorted(SCALE)),
    seed=st.integers(0, 99),
)
def test_compiled_loop_and_numpy_agree(size: tuple[int, int], channels: int, dtype: str, seed: int) -> None:
    pytest.importorskip("pielight.ops._loop", reason="built without a compiler")
    pixels: NDArray[Any] = (np.random.default_rng(seed).random((*size, channels)) * SCALE[dtype]).astype(dtype)
    edges = [np.append(np.arange(0, side, 5), side).astype(np.intc) for side in size]
    compiled = thumbnails.box_means(pixels, *edges, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thumbnails, "_loop", None)
        reference = thumbnails.box_means(pixels, *edges, 1)
    assert compiled.shape == reference.shape
    assert np.abs(compiled.astype(float) - reference).max() <= 1e-6


def test_many_rows_a_box_do_not_overflow() -> None:
    for dtype in ("uint8", "uint16"):
        white = np.full((70_000, 5, 1), SCALE[dtype], dtype)
        assert thumbnail(white, 1).min() == 1


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_any_view(dtype: str, photo: NDArray[np.uint8]) -> None:
    base = (np.dstack([photo, photo[..., :1]]) / 255 * SCALE[dtype]).astype(dtype)
    views = [base[..., :3], base[::-1, ::-1, :3], base[:, ::2, 1:], base[..., :1], base[..., 2::-1]]
    views += [np.rot90(base[..., :3]), base.transpose(1, 0, 2)[..., :1], base[:, ::7, :3]]
    for view in views:
        for size in (8, 24):
            assert np.array_equal(thumbnail(view, size), thumbnail(np.ascontiguousarray(view), size))


def test_the_mean_of_frames_leaves_out_black_ones() -> None:
    frames = [np.full((12, 10, 3), value, np.uint8) for value in (40, 0, 80, 120)]
    assert mean_thumbnail(frames, 4) == pytest.approx(np.full((4, 4, 3), 80 / 255), abs=1e-6)
    assert mean_thumbnail(frames[1:2], 4).max() == 0
