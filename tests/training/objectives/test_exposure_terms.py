"""Terms of exposure maps that are PIE's, stated on the map, and which pictures they are about."""

from __future__ import annotations

from typing import Any

import torch

from pielight.training.networks.exposure_net import Estimate
from pielight.training.objectives.exposure_terms import TERMS, Batch, Outputs
from pielight.training.schema import ExposureConfig, ExposureLosses


def outputs(correction: torch.Tensor, regions: torch.Tensor) -> Any:
    """Return what the terms on the map read."""
    count = len(correction)

    class Samples:
        pass

    samples = Samples()
    samples.regions = regions  # type: ignore[attr-defined]
    batch = Batch(samples, count, 0, [], None, None)  # type: ignore[arg-type]
    empty = torch.zeros(count, 3, 64, 64)
    estimate = Estimate(correction, correction, *torch.zeros(3, count, 1))
    return Outputs(ExposureConfig(), batch, empty, empty, empty, estimate, {}, None)


def test_regional_consistency_is_about_exposures_inside_regions() -> None:
    correction = torch.zeros(1, 1, 16, 16)
    correction[..., 8:] = 2.0
    halves = torch.zeros(1, 64, 64, dtype=torch.int16)
    halves[..., 32:] = 1
    one = TERMS["regional_consistency"](outputs(correction, torch.zeros_like(halves)))
    two = TERMS["regional_consistency"](outputs(correction, halves))
    assert one is not None
    assert two is not None
    assert float(one) > 0.9
    assert float(two) < 0.1 * float(one)


def test_every_term_has_a_weight() -> None:
    assert set(TERMS) == set(vars(ExposureLosses()))


def test_without_domains_and_features_terms_are_left_out() -> None:
    nothing = outputs(torch.zeros(2, 1, 16, 16), torch.zeros(2, 64, 64))
    for name in ("brightness", "spread", "contrastive", "feature_preservation"):
        assert TERMS[name](nothing) is None
    assert nothing.anchors == slice(0, 2)
