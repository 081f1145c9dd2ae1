"""Means over the cells of a grid."""

from __future__ import annotations

import numpy as np

from pielight.evaluation.metric_spec import Floats


def cell_means(plane: Floats, rows: int, columns: int) -> Floats:
    """Return the means over the cells of a grid, whose sides differ by one pixel where they must.

    Args:
        plane: (H, W).
        rows: Of cells; fewer if the plane has fewer pixels.
        columns: The same across.

    >>> cell_means(np.array([[1.0, 3.0, 5.0]]), 8, 2)
    array([[1., 4.]])
    """
    means = plane
    for axis, cells in enumerate((rows, columns)):
        side = plane.shape[axis]
        starts = np.arange(min(cells, side)) * side // min(cells, side)
        lengths = np.diff(np.append(starts, side))
        means = np.add.reduceat(means, starts, axis) / (lengths[:, None] if axis == 0 else lengths)
    return means
