"""The system and the versions that a result depends on."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("pielight", "numpy", "pillow", "onnxruntime")


def environment(packages: Sequence[str] = _PACKAGES) -> dict[str, Any]:
    """Return what a result depends on besides its settings: when, on what system, with which versions.

    Args:
        packages: Names as the package index has them; one that is not installed has no version.

    >>> sorted(environment())
    ['date', 'system', 'versions']
    """
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }
