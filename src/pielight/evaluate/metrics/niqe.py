"""NIQE with the pristine parameters that the user named."""

from __future__ import annotations

import os
from pathlib import Path

from pielight.errors import DataError
from pielight.evaluate.niqe import Pristine, niqe, read_pristine

__all__ = ["PARAMETERS", "found_pristine", "niqe", "read_pristine", "use_pristine"]
PARAMETERS = "PIELIGHT_NIQE"


def use_pristine(path: str | Path) -> None:
    """Take the parameters from a file, in this process and those that it starts."""
    read_pristine(path)
    os.environ[PARAMETERS] = str(Path(path).resolve())


def found_pristine() -> Pristine:
    """Return the parameters.

    Raises:
        DataError: There are none.
    """
    path = os.environ.get(PARAMETERS)
    if not path:
        raise DataError("niqe needs its authors' pristine parameters: give niqe_pris_params.npz of the package BasicSR")
    return read_pristine(path)
