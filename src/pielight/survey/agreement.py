"""Agreement of raters."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Unknown = Literal["no pairs", "one value"]


def krippendorff_alpha(counts: npt.ArrayLike, level: Literal["nominal", "ordinal"]) -> float | Unknown:
    """Return Krippendorff's alpha: 1 if raters agree, 0 if as by chance, below 0 if they contradict each other.

    ``alpha = 1 - D_o / D_e``, the observed over the expected disagreement of values paired within units, where not
    every rater need have seen every unit (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011). Two
    values disagree by 1 if nominal; if ordinal by the square of the number of values from one to the other, half of
    each end.

    Args:
        counts: ``(units, values)``: how many raters gave each value, values in order.
        level: What the values are.

    Returns:
        Why there is none, if no unit has two raters, or if they gave but one value: no disagreement was possible.

    >>> krippendorff_alpha([[2, 0], [0, 2]], "nominal")
    1.0
    """
    table = np.asarray(counts, float)
    raters = table.sum(1)
    table, raters = table[raters > 1], raters[raters > 1]
    totals = table.sum(0)
    if not len(table):
        return "no pairs"
    if np.count_nonzero(totals) < 2:
        return "one value"
    coincidences = np.einsum("uv,uw,u->vw", table, table, 1 / (raters - 1)) - np.diag(table.T @ (1 / (raters - 1)))
    if level == "nominal":
        distances = 1 - np.eye(len(totals))
    else:
        places = np.cumsum(totals) - totals / 2  # the middle of each value's ranks
        distances = (places[:, None] - places) ** 2
    observed = (coincidences * distances).sum()
    expected = (np.outer(totals, totals) * distances).sum() / (totals.sum() - 1)
    return float(1 - observed / expected)


def both_ways(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return units of comparisons in both orientations, so that agreement does not depend on who is named first.

    "The first" and "the second" are no values that units share: which is which hangs on the order of the methods.
    Counted both ways each comes up as often as the other, so that chance is a toss of a coin between preferences.

    Args:
        counts: ``(units, 3)``: how many raters preferred the first, the second, neither.

    >>> both_ways([[3, 1, 0]]).tolist()
    [[3.0, 1.0, 0.0], [1.0, 3.0, 0.0]]
    """
    table = np.asarray(counts, float)
    return np.vstack([table, table[:, [1, 0, 2]]])
