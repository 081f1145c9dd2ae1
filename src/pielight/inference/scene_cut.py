"""Scene cuts between frames, told from small thumbnails and blind to changes of exposure."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pielight.errors import OptionError

_REACH = 6  # cells of a 32 x 32 thumbnail by which a camera may turn from one frame to the next
_FLAT = 0.4 / 255  # spread of a thumbnail that shows nothing: black, or a fade
_GRAIN = 0.55  # share of its spread that a blurred thumbnail keeps, if it shows more than noise, which keeps 0.375
_ENOUGH = 0.9  # likeness of frames as they are, with which no shift is looked for
_CUT = 0.75  # likeness above which no cut is seen, as pans by 10 % of a side and zooms by 2 % a frame keep
_DROP = 0.12  # below the likeness of the scene's other frames, which noise and motion lower
_MEMORY = 0.1  # share of the newest frame in that


def likeness(before: NDArray[np.floating], after: NDArray[np.floating]) -> float:
    """Return how alike two thumbnails are, whatever their exposures: the best Spearman correlation of shifted ones.

    ``max_d corr(rank a(x), rank b(x + d))`` over the middle of a and shifts d of up to six cells. Ranks of cells do not
    change with exposure, contrast or any other rising curve, and the shift follows a camera that turns. Ranks are
    blurred by ``[1 2 1] / 4``, since most shifts are no whole cells.

    Args:
        before: (h, w), brightness of the cells, more than 12 along each side.
        after: The same of another frame.

    Returns:
        -1 to 1; 1 for the same content.

    >>> scene = np.random.default_rng(0).random((32, 32))
    >>> round(likeness(scene, 0.3 * scene**2), 6)
    1.0
    >>> likeness(scene, np.random.default_rng(1).random((32, 32))) < 0.3
    True
    """
    old, new = _blurred(_ranks(before)), _blurred(_ranks(after))
    middle = old[_REACH:-_REACH, _REACH:-_REACH]
    unmoved = float(np.corrcoef(middle.reshape(-1), new[_REACH:-_REACH, _REACH:-_REACH].reshape(-1))[0, 1])
    if unmoved > _ENOUGH:
        return unmoved
    middle = middle - middle.mean()
    windows = sliding_window_view(new, middle.shape)
    count = middle.size
    sums = windows.sum((2, 3))
    squares = np.einsum("ijkl,ijkl->ij", windows, windows) - sums**2 / count
    products = np.einsum("ijkl,kl->ij", windows, middle)
    scale = np.sqrt(np.maximum(squares, 0) * np.square(middle).sum())
    return float((products / np.maximum(scale, 1e-9)).max())


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the ranks of values, from -0.5 to 0.5."""
    order = np.empty(values.size, np.float64)
    order[values.reshape(-1).argsort(kind="stable")] = np.linspace(-0.5, 0.5, values.size)
    return order.reshape(values.shape)


def _blurred(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return values blurred by [1 2 1] / 4 along both sides."""
    for _ in range(2):
        wide = np.pad(values, ((1, 1), (0, 0)), mode="edge")
        values = ((wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4).T
    return values


class SceneCutDetector:
    """Sees the thumbnails of a clip in their order, and tells where a scene begins.

    A frame begins a scene if its :func:`likeness` to the one before is below 0.75, and by more than 0.12 below that of
    the scene's other frames. Frames that show nothing but noise, as at the end of a fade, are passed over: the next one
    that shows something is compared with the last one that did. A dissolve is no cut.

    >>> rising, detector = np.arange(1024.0).reshape(32, 32) / 1024, SceneCutDetector()
    >>> [detector.see(scene) for scene in (rising, rising / 4, rising[::-1], rising[::-1])]
    [False, False, True, False]
    """

    def __init__(self) -> None:
        self.is_blank = False
        self._began_blank = False
        self._last: NDArray[np.floating] | None = None
        self._typical = 1.0

    def see(self, thumbnail: NDArray[np.floating]) -> bool:
        """Return whether a frame begins another scene than the frames before; the first frame does not.

        Args:
            thumbnail: Brightness of the frame in cells, (h, w) in [0, 1], such as
                :func:`pielight.ops.frame_thumbnail.frame_thumbnail` returns.

        Raises:
            OptionError: It is no thumbnail, or has another shape than the one before.
        """
        if thumbnail.ndim != 2 or min(thumbnail.shape) <= 2 * _REACH:
            raise OptionError(f"thumbnail of shape {thumbnail.shape}: expected (h, w), more than {2 * _REACH} each")
        if self._last is not None and self._last.shape != thumbnail.shape:
            raise OptionError(f"thumbnail of shape {thumbnail.shape}: expected {self._last.shape} as before")
        spread = float(thumbnail.std())
        self.is_blank = spread < _FLAT or float(_blurred(thumbnail).std()) < _GRAIN * spread
        if self.is_blank:
            self._began_blank = self._last is None
            return False
        if self._last is None:
            self._last = thumbnail
            return self._began_blank
        alike = likeness(self._last, thumbnail)
        self._last = thumbnail
        if alike < min(_CUT, self._typical - _DROP):
            self._typical = 1.0
            return True
        self._typical += _MEMORY * (alike - self._typical)
        return False
