"""Domains: which real pictures want light, and what their well-exposed ones say."""

from __future__ import annotations

import torch

from pielight.ops.exposure_statistics import SEEN, WHITE_POINT
from pielight.training.data.exposure_domains import measure_domain
from pielight.training.data.exposure_samples import PUBLISHED, REAL, ExposureSamples


def samples() -> ExposureSamples:
    """Return two well-exposed pictures and four real ones of domain 0: dark, dim, backlit, bright; and one of none."""
    levels = torch.tensor([0.4, 0.6, 0.1, 0.4, 0.4, 0.7, 0.9])
    pictures = levels.view(-1, 1, 1, 1).expand(-1, 3, 64, 64).half()
    statistics = torch.zeros(7, SEEN)
    statistics[4:6, WHITE_POINT] = 1.0
    kind = torch.tensor([PUBLISHED] * 2 + [REAL] * 4 + [PUBLISHED])
    domain = torch.tensor([0] * 6 + [-1])
    ones = torch.ones(7)
    return ExposureSamples(pictures, pictures, statistics, torch.zeros(7, 64, 64), ones, ones, kind, domain)


def test_dark_and_backlit_pictures_want_light() -> None:
    domain = measure_domain(samples(), 0)
    assert domain is not None
    assert domain.dark.tolist() == [2, 4]
    torch.testing.assert_close(domain.mean, torch.tensor(0.5), atol=1e-3, rtol=0)


def test_a_domain_without_pictures_says_nothing() -> None:
    assert measure_domain(samples(), 1) is None
