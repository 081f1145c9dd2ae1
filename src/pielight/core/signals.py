"""Signals that end the command; loads next to nothing, so that they are heard from the first milliseconds on."""

from __future__ import annotations

import os
import signal

STANDARD_ERROR = 2
screen = STANDARD_ERROR  # another descriptor while what libraries print there is caught


def leave_at_once() -> None:
    """Have Ctrl-C (SIGINT) and SIGTERM end the process at once with a line and status 130 or 143.

    Raising KeyboardInterrupt, as Python does, is for work that has something to put in order: while modules are
    loaded, it is lost, or garbled into another error.
    """
    # Where they are another's, they are to be ignored, as for jobs in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, leave)


def raise_interrupts() -> None:
    """Take :func:`leave_at_once` back."""
    if signal.getsignal(signal.SIGINT) is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def leave(number: int, _: object = None) -> None:
    """End the process as a signal's handler."""
    try:
        os.write(screen, b"stopped\n")
    finally:  # also if nobody is there to be told
        os._exit(128 + number)
