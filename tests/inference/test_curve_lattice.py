import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from pielight import CurveLattice
from pielight.errors import ModelError, PielightError


def random_lattice(seed: int = 0, nodes: tuple[int, int] = (4, 5), iterations: int = 8) -> CurveLattice:
    return CurveLattice(np.random.default_rng(seed).uniform(-1, 1, (iterations, 3, *nodes)).astype(np.float32))


def curve(x: float, alphas: np.ndarray) -> float:
    for alpha in alphas:
        x = x + alpha * (x**2 - x)
    return x


@pytest.mark.parametrize("highlights", [0.0, 0.7])
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 1.25, 1.5])
def test_tables_are_the_formula_at_every_node(strength: float, highlights: float) -> None:
    lattice = random_lattice()
    tables = lattice.tables(strength, highlights)
    for row, column, channel, level in [(0, 0, 0, 7), (3, 4, 2, 255), (2, 1, 1, 128), (1, 3, 0, 1)]:
        x, alphas = level / 255, lattice.alphas[:, channel, row, column].astype(float)
        once = curve(x, alphas)
        expected = x + strength * (once - x)
        if strength > 1:
            expected = once + (strength - 1) * (curve(once, alphas) - once)
        expected = expected / (1 + (expected / (40 * x)) ** 4) ** 0.25
        expected = x + max(expected - x, 0) * (1 - highlights * 0.05 / (1.05 - x))
        assert tables[row, column, channel, level] == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("strength", [-1.0, -0.4])
def test_negative_strength_goes_towards_the_inverse(strength: float) -> None:
    lattice = random_lattice(nodes=(2, 2))
    back = lattice.tables(strength)
    for row, column, channel, level in [(0, 0, 0, 7), (1, 1, 2, 200), (0, 1, 1, 128)]:
        x, alphas = level / 255, np.minimum(lattice.alphas[:, channel, row, column].astype(float), -0.1)
        inverse = brentq(lambda v, x=x, alphas=alphas: curve(v, alphas) - x, 0, 1)
        expected = x - strength * (inverse - x)
        assert back[row, column, channel, level] == pytest.approx(expected, abs=2e-6)


def test_other_places_than_the_levels() -> None:
    at = np.array([0.0, 51 / 255, 1.0], np.float32)
    lattice = random_lattice()
    for other in (at, at.astype(np.float64), np.repeat(at, 2)[::2]):
        assert np.array_equal(lattice.tables(0.8, at=other), lattice.tables(0.8)[..., [0, 51, 255]])


def test_faded() -> None:
    lattice = random_lattice()
    assert np.array_equal(lattice.faded(0.5).alphas, lattice.alphas / 2)
    assert (lattice.faded(0).tables() == lattice.tables(0)).all()
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(PielightError, match="share"):
            lattice.faded(share)


def test_strength_0_is_the_identity() -> None:
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    assert (random_lattice().tables(0.0) == levels).all()


@given(seed=st.integers(0, 1000), strength=st.floats(-1.5, 1.5), highlights=st.floats(0, 1))
def test_tables_are_monotone_and_keep_black_and_white(seed: int, strength: float, highlights: float) -> None:
    tables = random_lattice(seed, (2, 2)).tables(strength, highlights)
    assert (np.diff(tables, axis=-1) >= -1e-6).all()
    assert (tables[..., 0] == 0).all()
    assert tables[..., 255] == pytest.approx(1, abs=1e-6)


@given(seed=st.integers(0, 1000), low=st.floats(-1.5, 1.5), high=st.floats(-1.5, 1.5))
def test_brightening_grows_with_strength(seed: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    lattice = CurveLattice(-np.abs(random_lattice(seed, (2, 2)).alphas))
    assert (lattice.tables(high) - lattice.tables(low) >= -1e-6).all()


@pytest.mark.parametrize("strength", [-1.51, 1.51, float("nan"), float("inf")])
def test_strength_out_of_range(strength: float) -> None:
    with pytest.raises(PielightError, match="strength"):
        random_lattice().tables(strength)


@pytest.mark.parametrize("highlights", [-0.1, 1.01, float("nan")])
def test_highlights_out_of_range(highlights: float) -> None:
    with pytest.raises(PielightError, match="highlights"):
        random_lattice().tables(1.0, highlights)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.1, -1.1])
def test_impossible_alphas(value: float) -> None:
    with pytest.raises(ModelError, match="finite"):
        CurveLattice(np.full((8, 3, 2, 2), value))


@pytest.mark.parametrize("shape", [(8, 3, 2), (8, 4, 2, 2), (0, 3, 2, 2), (8, 3, 0, 2)])
def test_impossible_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="shape"):
        CurveLattice(np.zeros(shape))


def test_alphas_are_a_copy_that_cannot_change() -> None:
    alphas = np.zeros((8, 3, 2, 2), np.float32)
    lattice = CurveLattice(alphas)
    alphas[:] = 1
    assert (lattice.alphas == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        lattice.alphas[:] = 1
