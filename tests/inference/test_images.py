from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pielight
from pielight.enhancer import Enhancer
from pielight.errors import PielightError


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
