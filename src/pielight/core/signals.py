"""Signals that end the command; imports almost nothing, so that they work from the first milliseconds on."""

from __future__ import annotations

import os
import signal

STANDARD_ERROR = 2
FAILED, SIGNALED = 1, 128  # exit statuses: of a failure, and what a signal's number is added to
INTERRUPTED = SIGNALED + signal.SIGINT
screen = STANDARD_ERROR  # another descriptor while the output of libraries is captured


def leave_at_once() -> None:
    """Let Ctrl-C (SIGINT) and SIGTERM end the process at once with one line and exit status 130 or 143.

    Python's KeyboardInterrupt is for work that must clean up: while modules are imported, it gets lost, or turns into
    another error.
    """
    # Other handlers stay: jobs in the background ignore the signals.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, leave)


def raise_interrupts() -> None:
    """Undo :func:`leave_at_once`."""
    if signal.getsignal(signal.SIGINT) is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def leave(number: int, _: object = None) -> None:
    """End the process; a signal handler."""
    try:
        os.write(screen, b"stopped\n")
    finally:  # even if standard error is closed
        os._exit(SIGNALED + number)
