"""Which scores the votes bound at all: a method that never lost may be better than any other by any amount."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Relation = npt.NDArray[np.bool_]


def reach(wins: npt.ArrayLike, ties: npt.ArrayLike) -> Relation:
    """Say from which method a chain of wins or ties leads down to which.

    The likelihood of Bradley and Terry has its maximum at finite scores if and only if a chain leads from each method
    to each other (Ford, "Solution of a Ranking Problem from Binary Comparisons", American Mathematical Monthly 64,
    1957). With the ties of Davidson's model a tie leads both ways, unless the frequency of ties is without bounds
    itself: then all scores may move apart at once, with wins of at least 1 and ties of at most 1 between methods.

    Args:
        wins: ``(M, M)``: how often the row's method beat the column's.
        ties: ``(M, M)``, symmetric.

    Returns:
        ``(M, M)``. ``s_row - s_column`` is bounded from below if the row leads to the column, from above if the column
        leads to the row.

    >>> reach([[0, 3], [0, 0]], np.zeros((2, 2))).tolist()
    [[True, True], [False, True]]
    """
    won, tied = np.asarray(wins) > 0, np.asarray(ties) > 0
    if won.any() and tied.any():
        apart = _furthest_apart(won, tied)
        if (apart.diagonal() >= 0).all():
            return apart.T <= 0
    return closure(won | tied)


def _furthest_apart(won: Relation, tied: Relation) -> Floats:
    """Return how far the row's score may lie above the column's, if wins are of at least 1 and ties of at most 1.

    Such scores explain all answers the better the further they are stretched, with the logarithm of nu growing half
    as fast. Constraints on differences can be met unless a cycle of bounds is negative: then something lies below
    itself (Bellman, "On a Routing Problem", Quarterly of Applied Mathematics 16, 1958).
    """
    bounds = np.where(won.T, -1.0, np.where(tied, 1.0, np.inf))
    np.fill_diagonal(bounds, 0)
    for middle in range(len(bounds)):
        bounds = np.minimum(bounds, bounds[:, middle, None] + bounds[middle])
    return bounds


def closure(lines: Relation) -> Relation:
    """Return from where to where a chain of lines leads; to each from itself.

    >>> closure(np.array([[False, True, False], [False, False, True], [False, False, False]])).astype(int).tolist()
    [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    """
    reached = lines | np.eye(len(lines), dtype=bool)
    for _ in range(len(lines).bit_length()):
        reached = reached @ reached  # of truth values: any chain of twice the length
    return reached


def common_scale(bound: Relation) -> Relation:
    """Choose the methods that scores are told from: the most that bound one another, or all if no such set is largest.

    Args:
        bound: ``(M, M)``, symmetric: whether the difference of two is bounded on both sides.

    Returns:
        ``(M,)``: whether each is one of them.

    >>> common_scale(np.array([[1, 0, 0], [0, 1, 1], [0, 1, 1]], bool)).tolist()
    [False, True, True]
    """
    sizes = bound.sum(1)
    largest: Relation = bound[int(sizes.argmax())]
    rivals = (bound[sizes == sizes.max()] != largest).any()
    return np.ones(len(bound), bool) if rivals else largest


def sides(reached: Relation, scale: Relation) -> tuple[Relation, Relation]:
    """Say which methods' scores have no upper and no lower bound, as told from the mean of some.

    Args:
        reached: As :func:`reach` says.
        scale: As :func:`common_scale` says.

    >>> above, below = sides(reach([[0, 3, 3], [0, 0, 2], [0, 2, 0]], np.zeros((3, 3))), np.array([False, True, True]))
    >>> above.tolist(), below.tolist()
    ([True, False, False], [False, False, False])
    """
    return np.any(~reached[scale], axis=0), np.any(~reached[:, scale], axis=1)
