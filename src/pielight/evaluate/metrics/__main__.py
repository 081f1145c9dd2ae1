"""``python -m pielight.evaluate.metrics > docs/metrics.md``."""

from __future__ import annotations

import sys

from pielight.evaluate.metrics import METRICS
from pielight.evaluate.metrics.page import page

if __name__ == "__main__":
    sys.stdout.write(page(METRICS.values()))
