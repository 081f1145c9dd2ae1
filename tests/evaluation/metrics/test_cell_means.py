from __future__ import annotations

import numpy as np
import pytest

from pielight.evaluation.metrics.cell_means import cell_means


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (16, 33), (90, 161)])
@pytest.mark.parametrize("cells", [(1, 1), (4, 7), (16, 16)])
def test_means_of_cells_are_those_of_slices(shape: tuple[int, int], cells: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).random(shape)
    rows, columns = (min(count, side) for count, side in zip(cells, shape, strict=True))
    edges = [[side * k // count for k in range(count + 1)] for side, count in zip(shape, (rows, columns), strict=True)]
    expected = [
        [plane[edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]].mean() for j in range(columns)]
        for i in range(rows)
    ]
    np.testing.assert_allclose(cell_means(plane, *cells), expected, rtol=1e-12)
