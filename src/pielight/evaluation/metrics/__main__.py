"""``python -m pielight.evaluation.metrics > docs/api/metrics.md``."""

from __future__ import annotations

import sys

from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.page import page

if __name__ == "__main__":
    sys.stdout.write(page(METRICS.values()))
