"""``python -m pielight`` and the command ``pielight``."""

from __future__ import annotations

import signal

from pielight.descriptors import open_standard_streams
from pielight.signals import leave, leave_at_once


def run() -> None:
    """Run the command line; Ctrl-C and SIGTERM end it in one line also while it is still being imported."""
    leave_at_once()
    open_standard_streams()
    try:
        from pielight.cli import main

        main(prog_name="pielight")
    except KeyboardInterrupt:
        leave(signal.SIGINT)


if __name__ == "__main__":
    run()
