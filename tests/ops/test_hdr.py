"""Transfers of HDR against the formulas of ITU-R BT.2100, and exposure in them against what SDR shows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.ops.exposure import expose
from pielight.ops.hdr import expose_signal, hdr_to_linear, linear_to_hdr, render_sdr, sdr_of

SIGNAL = np.linspace(0, 1, 4096)


def eotf(signal: NDArray[np.float64], transfer: str) -> NDArray[np.float64]:
    """Light in cd/m2, one value at a time."""

    def hlg(x: float) -> float:
        scene = x**2 / 3 if x <= 0.5 else (np.exp((x - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return float(1000 * scene**1.2)

    def pq(x: float) -> float:
        root = x ** (32 / 2523)
        return float(10000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (8192 / 1305))

    return np.vectorize(hlg if transfer == "hlg" else pq, otypes=[float])(signal)  # type: ignore[no-any-return]


def inverse_eotf(light: NDArray[np.float64], transfer: str) -> NDArray[np.float64]:
    """The signal of light in cd/m2, by bisection."""
    low, high = np.zeros(light.shape), np.ones(light.shape)
    for _ in range(40):
        middle = (low + high) / 2
        is_below = eotf(middle, transfer) < light
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return (low + high) / 2


@pytest.mark.parametrize("transfer", ["hlg", "pq"])
def test_the_transfer_is_that_of_the_standard(transfer: str) -> None:
    light = hdr_to_linear(SIGNAL, transfer)
    np.testing.assert_allclose(light * 1000, eotf(SIGNAL, transfer), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(linear_to_hdr(light, transfer), SIGNAL, atol=1e-6)


@pytest.mark.parametrize("transfer", ["hlg", "pq"])
@pytest.mark.parametrize("ev", [-3.0, 1.0, 4.0, 8.0])
def test_exposed_and_shown_is_shown_and_exposed(transfer: str, ev: float) -> None:
    result = expose_signal(SIGNAL, ev, transfer)
    assert (np.diff(result) > 0).all()  # nothing clips
    assert (result[0], result[-1]) == pytest.approx((0, 1), abs=1e-6)
    np.testing.assert_allclose(sdr_of(result, transfer), expose(sdr_of(SIGNAL, transfer), ev), atol=1e-6)


@pytest.mark.parametrize("transfer", ["srgb", "hlg", "pq"])
def test_no_exposure_changes_nothing(transfer: str) -> None:
    np.testing.assert_allclose(expose_signal(SIGNAL, 0.0, transfer), SIGNAL, atol=1e-6)


def test_hlg_looks_like_its_signal_in_sdr_for_which_it_was_made() -> None:
    assert np.abs(sdr_of(SIGNAL, "hlg") - SIGNAL).max() < 0.05


def test_light_beyond_the_peak_stays() -> None:
    signal = SIGNAL[eotf(SIGNAL, "pq") > 1000]
    np.testing.assert_allclose(expose_signal(signal, 3.0, "pq"), signal, atol=1e-9)


def test_colors_get_the_primaries_of_sdr() -> None:
    red = np.zeros((2, 2, 3), np.uint16)
    red[..., 0] = 30000
    shown = render_sdr(red, "hlg")
    assert (shown[..., 1:] == 0).all()
    assert (shown[..., 0] > sdr_of(np.array(30000 / 65535), "hlg") * 65535).all()
    gray = np.full((2, 2, 3), 90, np.uint8)
    assert render_sdr(gray, "pq").std() < 40  # of 65535
