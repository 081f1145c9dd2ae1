"""``python -m pielight`` and the command ``pielight``."""

from __future__ import annotations

import signal

from pielight.core.signals import leave, leave_at_once
from pielight.core.standard_streams import open_standard_streams


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
