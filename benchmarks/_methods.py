"""Methods that scripts here compare, not a script itself: ``--method``, and tables with a row for each.

A script that imports this must have asked for the extra ``evaluate``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from pielight.core.messages import shown
from pielight.errors import ConfigError
from pielight.evaluation.datasets.pairing import nonempty
from pielight.evaluation.methods.method import find_method, open_enhancer
from pielight.evaluation.methods.spec import Enhance
from pielight.ops.exposure import canonical_exposure
from pielight.ops.thumbnail import thumbnail

_SIDE = 64


def add_option(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """Add ``--method``, which may be given again."""
    default = "" if required else " (default pielight)"
    parser.add_argument("--method", dest="methods", action="append", metavar="[LABEL=]SPEC", required=required,
                        help=f"as for pielight evaluate; may be given again{default}")  # fmt: skip


def opened(specs: Sequence[str] | None) -> dict[str, Enhance]:
    """Return what enhances pictures (H, W, 3) uint8, by label; PielightError if there is no such method."""
    methods = [find_method(text) for text in specs or ["pielight"]]
    labels = [method.label for method in methods]
    if len(set(labels)) < len(labels):
        raise ConfigError("two methods have the same label; name one otherwise, as in NAME=pielight")
    if any(method.folder for method in methods):
        raise ConfigError("dir: has results of a data set only; name another method")
    return {method.label: open_enhancer(method.spec) for method in methods}


def photographs(folder: Path, limit: int | None = None) -> list[Path]:
    """Return the pictures of a folder, or the first of them; DataError if there are none."""
    return nonempty(folder)[:limit]


def change_of_exposure(before: Any, after: Any) -> float:
    """Return by how many EV the one exposure ``E_k`` that gives the input the result's mean brightens a picture."""
    level = float(np.clip(thumbnail(after, _SIDE, 1).mean(), 1e-3, 1 - 1e-3))
    return canonical_exposure(thumbnail(before, _SIDE, 1), level)


def share(hits: Sequence[bool]) -> str:
    """Return a share in percent with its 95 % interval (Wilson)."""
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return f"{100 * np.mean(hits):.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def head(*columns: str) -> str:
    """Return the head of a Markdown table."""
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def row(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def set_name(folder: Path) -> str:
    """Return a short name of a folder of pictures, without words such as ``images``."""
    parts = [part for part in folder.absolute().parts if part not in ("images", "val", "train", "data")]
    return shown(parts[-1])
