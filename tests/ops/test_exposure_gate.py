import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.ops.exposure_gate import exposure_gate


def test_the_formula() -> None:
    rng = np.random.default_rng(0)
    for size in (32, 64, 128, 256, 384):
        thumbnail = rng.uniform(0, 0.6, (3, size, size)) * rng.uniform(0.2, 1, (1, size, size))
        step = size // 32
        lack = 0.0
        for row in range(32):
            for column in range(32):
                block = thumbnail[:, row * step : (row + 1) * step, column * step : (column + 1) * step].mean()
                lack += min(1, max(0, (0.25 - block) / 0.2)) / 1024
        t = min(1, lack / 0.2)
        assert exposure_gate(thumbnail) == pytest.approx(3 * t**2 - 2 * t**3)


def test_the_darker_the_needier() -> None:
    from skimage import data

    photo = data.astronaut()[::2, ::2].transpose(2, 0, 1) / 255
    needs = [exposure_gate(photo * light) for light in (0.05, 0.3, 0.5, 0.7, 1.0)]
    assert needs == sorted(needs, reverse=True)
    assert needs[0] == 1


def test_a_dark_fifth_is_enough() -> None:
    picture: NDArray[np.float64] = np.full((3, 64, 64), 0.6)
    assert exposure_gate(picture) == 0
    picture[:, :, :13] = 0.02
    assert exposure_gate(picture) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("size", [1, 8, 33, 100])
def test_any_size(size: int) -> None:
    assert exposure_gate(np.zeros((3, size, size))) == 1
