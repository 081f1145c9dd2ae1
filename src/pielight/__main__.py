"""``python -m pielight`` and the command ``pielight``."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def run() -> None:
    """Run the command line; Ctrl-C ends it in one line also while it is still being imported."""
    try:
        from pielight.cli import main

        main(prog_name="pielight")
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    run()
