"""Enhancement methods to compare: pielight, classical filters, ONNX files, folders of results."""

from __future__ import annotations

from pielight.core.extras import require

require("evaluate")
