"""Plans by a few words."""

from __future__ import annotations

from pathlib import Path

from pielight.evaluation.datasets import presets
from pielight.evaluation.methods.method import find_method
from pielight.evaluation.plan import Plan, choose


def plan_of(folder: Path, *methods: str, metrics: str = "psnr,mae", gt_mean: bool = False) -> Plan:
    """Return the plan of methods and metrics on one folder."""
    data = (presets.find_dataset("own", folder),)
    return Plan(data, tuple(map(find_method, methods)), choose(metrics.split(",")), gt_mean)
