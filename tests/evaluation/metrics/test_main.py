"""The page of the metrics is that of their specs. Covers ``pielight.evaluation.metrics.__main__``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.__main__ import page

DOCS = Path(__file__).parents[3] / "docs" / "api" / "metrics.md"


def test_the_page_is_up_to_date() -> None:
    command = [sys.executable, "-m", "pielight.evaluation.metrics"]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert DOCS.read_text(encoding="utf-8") == written, (
        "run: python -m pielight.evaluation.metrics > docs/api/metrics.md"
    )


def test_every_metric_has_a_row_and_a_formula() -> None:
    text = page(METRICS.values())
    for name in METRICS:
        assert f"| `{name}` |" in text
        assert f"- **{name}**: `" in text


def test_a_former_name_is_looked_up_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="the metric ssim-grey is now called ssim-gray"):
        assert METRICS["ssim-grey"] is METRICS["ssim-gray"]
    with pytest.raises(KeyError, match="ssim-green"):
        METRICS["ssim-green"]
