"""Runs ``pielight`` and then prints its own peak memory in MB: ``python -m pielight.bench.peak enhance photo.jpg``.

What a parent process is told of it would count the parent's memory in.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pielight.cli import main

_STATUS = Path("/proc/self/status")


def peak() -> float | None:
    """Return the most memory that this process has had, in MB, if the system tells.

    >>> (peak() or 100) > 10
    True
    """
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return None


if __name__ == "__main__":
    status = main(sys.argv[1:], standalone_mode=False)
    if (found := peak()) is not None:
        sys.stdout.write(f"{found}\n")
    sys.exit(status)
