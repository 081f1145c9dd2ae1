import os
import subprocess
import sys
from pathlib import Path

import pytest

LOW = """
import os, sys
from pathlib import Path
from pielight.core.atomic_file import open_atomic
target = Path(sys.argv[1])
for number in range(3):
    os.close(number)
with open_atomic(target) as file:
    file.write(b"picture")
    assert file.fileno() > 2
    for number in range(3):
        try:
            os.write(number, b"a message of a library")
        except OSError:
            pass
"""


@pytest.mark.parametrize("nameless", [True, False])
def test_no_file_gets_the_number_of_a_standard_stream(tmp_path: Path, nameless: bool) -> None:
    switch = "" if nameless else "from pielight.core import atomic_file; atomic_file._DESCRIPTORS = Path('none')\n"
    code = LOW.replace("target =", f"{switch}target =")
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.jpg"], check=False)
    assert done.returncode == 0
    assert (tmp_path / "a.jpg").read_bytes() == b"picture"


def test_reading_takes_no_such_number(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    code = (
        "import os, sys; from pielight.core.standard_streams import open_file; os.close(0); os.close(1); os.close(2)\n"
        "sys.exit(open_file(sys.argv[1], os.O_RDONLY))"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "a"], check=False).returncode == 3


def test_streams_that_are_open_stay_as_they_are() -> None:
    code = (
        "import sys; before = sys.stdin, sys.stdout; from pielight.core.standard_streams import open_standard_streams\n"
        "open_standard_streams(); assert before == (sys.stdin, sys.stdout); print('out'); print('err', file=sys.stderr)"
    )
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('\\u00e9\\u591c', file=sys.stderr)"], capture_output=True, check=True,
        env=environment,
    )  # fmt: skip
    assert (done.stdout.split(), done.stderr.split()) == ([b"out"], [b"err", b"\xe9\\u591c"])
