"""Training of PIE in torch: physics, networks, features, losses, data and the loop."""

from __future__ import annotations

from pielight.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError("torch", "train") from error
