"""Training of PIE in torch: physics, networks, features, losses, data and the loop."""

from __future__ import annotations

from pielight.core.extras import require

require("train")
