"""How fast pielight is here, and how much memory it takes, beside what decoding and encoding alone cost."""

from pielight.bench.machine import machine
from pielight.bench.rows import Row, measure

__all__ = ["Row", "machine", "measure"]
