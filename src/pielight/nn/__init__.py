"""pielight as torch modules (extra ``train``): :class:`Enhance`, to put before, behind or into networks of your own."""

from __future__ import annotations

from pielight.core.extras import require

require("train")

from pielight.nn.enhance import Enhance

__all__ = ["Enhance"]
