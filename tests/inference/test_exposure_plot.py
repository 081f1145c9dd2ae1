import numpy as np
import pytest

from pielight import ExposureMap
from pielight.inference.exposure_plot import colors, plot_exposure


@pytest.mark.parametrize("size", [(64, 48), (640, 480), (30, 200)])
@pytest.mark.parametrize("ev", [0.0, 0.3, -2.5, 12.0])
def test_the_sheet_holds_the_map_and_a_bar(size: tuple[int, int], ev: float) -> None:
    sheet = np.asarray(plot_exposure(np.full((3, 4), ev, np.float32), size))
    assert sheet.shape[0] == size[1]
    assert sheet.shape[1] > size[0] + 60
    assert len(np.unique(sheet[:, : size[0]].reshape(-1, 3), axis=0)) == 1
    assert (sheet[:, size[0] + 60 :] < 128).any()  # labels


def test_exposures_are_told_apart() -> None:
    sheet = np.asarray(ExposureMap(np.array([[-3.0, 0.0, 3.0]])).plot((90, 30))).astype(int)
    left, middle, right = sheet[15, 2], sheet[15, 45], sheet[15, 87]
    assert left[2] > left[0] + 50
    assert right[0] > right[2] + 50
    assert middle.min() > 235


def test_colors_darken_towards_both_ends() -> None:
    lightness = colors(np.linspace(-1, 1, 101)).astype(float) @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness[:51]) > 0).all()
    assert (np.diff(lightness[50:]) < 0).all()
