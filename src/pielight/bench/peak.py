"""Runs ``pielight`` and then prints its own peak memory in MB: ``python -m pielight.bench.peak enhance photo.jpg``.

The figure that a parent process gets for a child would include the parent's own memory.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak() -> float | None:
    """Return the most memory that this process has had, in MB, if the system provides it."""
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return None


if __name__ == "__main__":
    try:
        runpy.run_module("pielight", run_name="__main__")  # as `python -m pielight` does
    except SystemExit as end:
        if end.code:
            raise
    if (megabytes := peak()) is not None:
        sys.stdout.write(f"{megabytes}\n")
