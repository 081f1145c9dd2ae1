"""The environment of a result: date, system and package versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("pielight", "numpy", "pillow", "onnxruntime")


def environment(packages: Sequence[str] = _PACKAGES) -> dict[str, Any]:
    """Return date, system and versions, for the record of a result.

    Args:
        packages: Names in the package index; the version of one that is not installed is None.

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
