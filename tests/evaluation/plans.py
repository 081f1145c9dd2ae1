"""Plans by a few words."""

from __future__ import annotations

from pathlib import Path

from pielight.evaluation.datasets import presets
from pielight.evaluation.methods.method import method
from pielight.evaluation.plan import Plan, choose


def plan_of(folder: Path, *methods: str, metrics: str = "psnr,mae", gt_mean: bool = False) -> Plan:
    """Return the plan of methods and metrics on one folder."""
    data = (presets.find("own", folder),)
    return Plan(data, tuple(map(method, methods)), choose(metrics.split(",")), gt_mean)
