"""Extras: groups of optional packages, and the error that names one that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from pielight.errors import MissingExtraError


def require(extra: str, packages: Mapping[str, str]) -> None:
    """Check, without importing them, that the packages of an extra are installed.

    Args:
        extra: Name of the extra in pyproject.toml.
        packages: What each module that is needed is called at the package index.

    Raises:
        MissingExtraError: for the first that is missing.

    >>> require("train", {"json": "json", "no_such_module": "no-such-package"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    pielight.errors.MissingExtraError: no-such-package is not installed; run: pip install 'pielight[train]' (in ...
    """
    for module, package in packages.items():
        if find_spec(module) is None:
            raise MissingExtraError(package, extra)
