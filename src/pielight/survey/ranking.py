"""Strengths of methods from comparisons in pairs, ties included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax

from pielight.errors import DataError
from pielight.survey.separation import reach

Floats = npt.NDArray[np.float64]
PRIOR = 0.01  # of a variance of 100: it binds only what the votes leave open
_SLOPE = 1e-6  # of the logarithm of the likelihood where it counts as the top


@dataclass(frozen=True)
class Ranking:
    """Strengths of methods.

    Attributes:
        scores: Log-odds of each method, centered: of two that differ by d, the better wins ``exp(d)`` times as often.
        tie: Logarithm of Davidson's nu; between equals, ``nu / (2 + nu)`` of the answers are ties. -inf without ties.
    """

    scores: Floats
    tie: float


def rank(wins: npt.ArrayLike, ties: npt.ArrayLike | None = None, prior: float = PRIOR) -> Ranking:
    """Fit the Bradley-Terry model with ties to comparisons, by maximum likelihood.

    ``P(i beats j) = exp(s_i) / Z`` and ``P(tie) = nu exp((s_i + s_j) / 2) / Z`` with ``Z`` their sum over both orders
    and the tie (Davidson, "On Extending the Bradley-Terry Model to Accommodate Ties in Paired Comparison Experiments",
    JASA 65, 1970); without ties it is the model of Bradley and Terry (Biometrika 39, 1952). The logarithm of the
    likelihood is concave in ``s`` and ``log nu``.

    Args:
        wins: ``(M, M)``: how often the row's method beat the column's.
        ties: ``(M, M)``, symmetric: how often neither did.
        prior: Precision of a Gaussian prior on all parameters; it keeps the score of one that never lost finite.

    Raises:
        DataError: The tables are not square, not of one shape, or negative; or without a prior the votes leave scores
            unbounded.

    >>> found = rank([[0, 30], [10, 0]], prior=0)
    >>> bool(np.isclose(found.scores[0] - found.scores[1], np.log(3)))
    True
    """
    won = np.asarray(wins, float)
    tied = np.zeros_like(won) if ties is None else np.asarray(ties, float)
    if won.ndim != 2 or won.shape[0] != won.shape[1] or tied.shape != won.shape or not ((won >= 0) & (tied >= 0)).all():
        raise DataError(f"tables of wins {won.shape} and ties {tied.shape}: must be square, alike and not negative")
    if prior == 0 and not reach(won, tied).all():
        raise DataError(
            "without a prior the scores have no bounds: no chain of wins leads from each method to each other"
        )
    first, second = np.triu_indices(len(won), 1)
    counts = np.stack([won[first, second], won[second, first], tied[first, second]], 1)
    return fit(counts, len(won), prior)


def fit(counts: Floats, methods: int, prior: float = PRIOR, start: Ranking | None = None) -> Ranking:
    """Fit the model of :func:`rank` to counts of each pair.

    Args:
        counts: ``(P, 3)``: how often the first, the second or neither won, for pairs in the order of
            ``np.triu_indices(methods, 1)``.
        methods: How many there are.
        prior: As for :func:`rank`.
        start: Where to begin.

    Raises:
        DataError: No maximum was found.

    >>> round(np.exp(fit(np.array([[5.0, 5.0, 10.0]]), 2, prior=0).tie), 3).item()
    2.0
    """
    has_ties = bool(counts[:, 2].any())
    features = _features(methods)
    if not has_ties:
        features, counts = features[:, :2, :-1], counts[:, :2]
    totals = counts.sum(1)

    def cost(point: Floats) -> tuple[float, Floats]:
        logs = log_softmax(features @ point, axis=1)
        excess = totals[:, None] * np.exp(logs) - counts
        return -float((counts * logs).sum()) + prior / 2 * float(point @ point), np.einsum(
            "pk,pkm->m", excess, features
        ) + prior * point

    def curvature(point: Floats) -> Floats:
        shares = np.exp(log_softmax(features @ point, axis=1))
        mean = np.einsum("pk,pkm->pm", shares, features)
        spread = np.einsum("pk,pkm,pkn->pmn", shares, features, features) - mean[:, :, None] * mean[:, None, :]
        hessian: Floats = np.einsum("p,pmn->mn", totals, spread) + prior * np.eye(len(point))
        return hessian

    begin = np.zeros(features.shape[2])
    if start is not None:
        begin[:methods] = start.scores
        if has_ties and np.isfinite(start.tie):
            begin[-1] = start.tie
    found = minimize(cost, begin, jac=True, hess=curvature, method="trust-exact", options={"gtol": _SLOPE})
    # Rounding may keep the slope of a million votes above the aim, which is no failure.
    if not found.success and not np.abs(found.jac).max() <= _SLOPE * max(1.0, float(totals.sum())):
        raise DataError(f"no maximum of the likelihood was found ({found.message})")
    scores = found.x[:methods] - found.x[:methods].mean()
    return Ranking(scores, float(found.x[-1]) if has_ties else -np.inf)


def _features(methods: int) -> Floats:
    """Return what the logarithm of each outcome's weight is made of: ``(pairs, outcomes, methods + 1)``."""
    first, second = np.triu_indices(methods, 1)
    pairs = np.arange(len(first))
    features = np.zeros((len(first), 3, methods + 1))
    features[pairs, 0, first] = features[pairs, 1, second] = 1
    features[pairs, 2, first] = features[pairs, 2, second] = 0.5
    features[:, 2, -1] = 1
    return features
