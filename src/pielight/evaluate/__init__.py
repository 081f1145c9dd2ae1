"""Measures of quality: how near a reference, how natural, and what was harmed."""

from __future__ import annotations

from pielight.extras import require

require("evaluate")
