"""Whatever decoders and encoders raise becomes one line that names the file."""

import errno

import pytest
from PIL import UnidentifiedImageError

from pielight.errors import MissingExtraError, PictureError
from pielight.io.codec_errors import errors_named


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PictureError("too large"), "a.jpg: too large"),
        (MissingExtraError("rawpy", "raw"), "a.jpg: rawpy is not installed; run: .*"),
        (UnidentifiedImageError("?"), "a.jpg: not a JPEG, PNG, .*, or damaged"),
        (MemoryError(), "a.jpg: not enough memory"),
        (KeyError(), r"a.jpg: damaged picture \(KeyError\)"),
        (OSError(errno.EIO, "broken\npipe"), r"a.jpg: damaged picture \(.*broken\?pipe\)"),
    ],
)
def test_errors_become_one_line(error: Exception, line: str) -> None:
    with pytest.raises(PictureError, match=f"^{line}$"), errors_named("a.jpg"):
        raise error


def test_errors_of_the_disk_pass_while_writing() -> None:
    with pytest.raises(OSError, match="No space") as caught, errors_named("a.jpg", writing=True):
        raise OSError(errno.ENOSPC, "No space")
    assert not isinstance(caught.value, PictureError)
    with pytest.raises(PictureError, match="encoder error"), errors_named("a.jpg", writing=True):
        raise OSError("encoder error")


def test_errors_of_the_program_itself_are_not_hidden() -> None:
    class BugError(Exception):
        pass

    with pytest.raises(BugError), errors_named("a.jpg"):
        raise BugError
