import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
START = (  # a job in the background inherits that Ctrl-C is ignored
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from pielight.core.signals import leave_at_once, raise_interrupts\n"
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", START + code], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_with_its_status_and_a_line(number: int) -> None:
    done = run(f"leave_at_once(); os.kill(os.getpid(), {number}); print('alive')")
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "stopped\n")


def test_ctrl_c_raises_again_once_it_is_undone() -> None:
    done = run(
        "leave_at_once(); raise_interrupts()\ntry: signal.raise_signal(2)\nexcept KeyboardInterrupt: print('raised')"
    )
    assert done.stdout == "raised\n"


def test_ignored_signals_stay_ignored() -> None:
    done = run("signal.signal(2, signal.SIG_IGN); leave_at_once(); signal.raise_signal(2); print('alive')")
    assert done.stdout == "alive\n"


def test_closed_standard_error_does_not_keep_it_alive() -> None:
    done = run("os.close(2); leave_at_once(); signal.raise_signal(15)")
    assert done.returncode == 143


def test_almost_nothing_is_imported() -> None:
    code = "import signal, sys; old = set(sys.modules); import pielight.core.signals; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    others = {name for name in done.stdout.split() if not name.startswith(("pielight", "__future__"))}
    assert not others & {"typing", "contextlib", "threading", "numpy", "click"}
