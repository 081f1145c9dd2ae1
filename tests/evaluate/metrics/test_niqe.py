"""NIQE: order of quality, and the value with the original parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import gennorm
from skimage import data

from pielight.errors import DataError
from pielight.evaluate.metrics import METRICS
from pielight.evaluate.metrics.niqe import (
    Pristine,
    _asymmetric_gaussian,
    found_pristine,
    niqe,
    read_pristine,
    use_pristine,
)

SHARED = Path(__file__).parents[4] / "shared"
PARAMETERS = SHARED / "weights" / "niqe_pris_params.npz"
DARK = SHARED / "data" / "dicm_dev"
needs_parameters = pytest.mark.skipif(not PARAMETERS.exists(), reason="needs ../shared/weights")


@pytest.mark.parametrize("shape", [0.8, 1.5, 2.0, 3.0])
def test_fit_finds_the_shape_and_scale_of_drawn_values(shape: float) -> None:
    values = gennorm.rvs(shape, scale=2.0, size=200_000, random_state=0)
    found, left, right = _asymmetric_gaussian(values.reshape(400, 500))
    assert found == pytest.approx(shape, rel=0.03)
    assert left == pytest.approx(2.0, rel=0.03)
    assert right == pytest.approx(2.0, rel=0.03)


@needs_parameters
def test_prefers_the_photograph_to_its_noisy_and_its_blurred_version() -> None:
    pristine, photo = read_pristine(PARAMETERS), data.astronaut()
    noise = np.random.default_rng(0).normal(0, 25, photo.shape)
    noisy = (photo + noise).clip(0, 255).astype(np.uint8)
    blurred = gaussian_filter(photo, (3, 3, 0))
    good = niqe(photo, pristine)
    assert 2 < good < 6
    assert niqe(noisy, pristine) > good + 1
    assert niqe(blurred, pristine) > good + 1


@needs_parameters
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("astronaut", 3.0649476661849033),
        ("coffee", 4.115241615372864),
        ("chelsea", 2.625524381291432),
        ("rocket", 6.9691549749810555),
        ("camera", 3.155215748805674),
    ],
)
def test_within_two_percent_of_the_implementation_that_gives_the_authors_value(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of BasicSR 1.4.2, whose 5.72958 of its baboon.png is that of the authors' code, 5.72957."""
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    use_pristine(PARAMETERS)
    assert METRICS["niqe"].measure(getattr(data, name)()) == pytest.approx(value, rel=0.02)


@needs_parameters
@pytest.mark.skipif(not DARK.exists(), reason="needs ../shared/data")
def test_the_published_mean_of_the_dark_photographs_when_scales_are_means() -> None:
    from PIL import Image

    pristine = read_pristine(PARAMETERS)
    found = [niqe(np.asarray(Image.open(path).convert("RGB")), pristine, "mean") for path in sorted(DARK.iterdir())]
    assert np.mean(found) == pytest.approx(4.75, abs=0.01)


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least two blocks"):
        niqe(np.zeros((100, 100, 3), np.uint8), Pristine(np.zeros(36), np.eye(36)))
    odd = tmp_path / "odd.npz"
    for content in (None, b"", b"PK\x03\x04 not a zip", b"text"):
        if content is not None:
            odd.write_bytes(content)
        with pytest.raises(DataError, match=r"odd\.npz: not NIQE's pristine parameters"):
            read_pristine(odd)
    np.savez(odd, mu_pris_param=np.zeros(35), cov_pris_param=np.eye(35))
    with pytest.raises(DataError, match="of shapes"):
        read_pristine(odd)
    with odd.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="pristine"):
        read_pristine(odd)


def stored(path: Path, mean: float) -> Path:
    np.savez(path, mu_pris_param=np.full((1, 36), mean), cov_pris_param=np.eye(36))
    return path


def test_parameters_come_from_the_file_that_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    for mean in (1.0, 2.0):
        use_pristine(stored(tmp_path / f"{mean}.npz", mean))
        assert found_pristine().mean.tolist() == [mean] * 36
    with pytest.raises(DataError, match="not NIQE's pristine parameters"):
        use_pristine(tmp_path / "none.npz")
    assert found_pristine().mean[0] == 2


def test_parameters_of_basicsr_are_taken_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIELIGHT_NIQE", raising=False)
    package = tmp_path / "basicsr"
    (package / "metrics").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('is not imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="needs its authors' pristine parameters"):
        found_pristine()
    stored(package / "metrics" / "niqe_pris_params.npz", 3.0)
    assert found_pristine().mean[0] == 3
