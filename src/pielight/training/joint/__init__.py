"""Joint optimization: the enhancer in front of a model for a task, trained together, in torch."""

from __future__ import annotations

import pielight.training  # noqa: F401 - it says which packages are missing
