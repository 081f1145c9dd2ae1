"""The errors that pielight raises on purpose: one line each, naming what is wrong and the fix.

Each is also the built-in error that fits, so that callers who know nothing of pielight can catch it: ``ValueError`` for
arguments, models, settings and data, ``OSError`` for picture files and servers, ``ImportError`` for missing packages.
"""

from __future__ import annotations

import errno
import sys
from importlib.util import find_spec
from pathlib import Path


class PielightError(Exception):
    """Base of every error that pielight raises on purpose; its text is one line for the user.

    >>> str(PielightError("dark.jpg: empty file"))
    'dark.jpg: empty file'
    """


class OptionError(PielightError, ValueError):
    """An argument is out of range, of the wrong type, or not for this task.

    >>> issubclass(OptionError, ValueError)
    True
    """


class PictureError(PielightError, OSError):
    """A picture cannot be read, is too large, or cannot be written.

    >>> issubclass(PictureError, OSError)
    True
    """

    def __str__(self) -> str:  # the text alone, where an OSError would add its number and the name of the file
        return str(self.args[0]) if self.args else ""


class MissingFileError(PictureError, FileNotFoundError):
    """There is no such file.

    >>> MissingFileError("a.jpg: no such file", "a.jpg").filename
    'a.jpg'
    """

    def __init__(self, text: str, filename: str | None = None) -> None:
        super().__init__(text)
        self.errno, self.filename = errno.ENOENT, filename


class ExistsError(PictureError, FileExistsError):
    """A file with the name of the result exists, and is kept.

    >>> issubclass(ExistsError, FileExistsError)
    True
    """

    def __init__(self, text: str, filename: str | None = None) -> None:
        super().__init__(text)
        self.errno, self.filename = errno.EEXIST, filename


class ModelError(PielightError, ValueError):
    """A model or checkpoint is missing, damaged, or of another kind.

    >>> issubclass(ModelError, ValueError)
    True
    """


class DeviceError(PielightError, ValueError):
    """A device to compute on is not there, or its memory does not suffice.

    >>> issubclass(DeviceError, ValueError)
    True
    """


class ConfigError(PielightError, ValueError):
    """A setting is unknown or has an impossible value.

    >>> issubclass(ConfigError, ValueError)
    True
    """


class DataError(PielightError, ValueError):
    """A folder of training or evaluation pictures does not hold what it should.

    >>> issubclass(DataError, ValueError)
    True
    """


class ServiceError(PielightError, OSError):
    """A server of pielight cannot be reached, refuses a request, or stays busy.

    Attributes:
        status: Of HTTP; None if it cannot be reached.

    >>> ServiceError("http://127.0.0.1:8000: 401, send a token", 401).status
    401
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtraError(PielightError, ImportError):
    """An optional package is not installed; the text names the command that installs its extra where pielight runs.

    >>> str(MissingExtraError("torch", "train"))  # doctest: +ELLIPSIS
    'torch is not installed; run: ... "pielight[train]"'
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: {install_command(extra)}")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:  # else a copy is made of the text
        return type(self), (self.package, self.extra)


def install_command(extra: str) -> str:
    """Return the command that installs an extra for the Python that runs.

    Where pielight is installed, its name is enough, wherever it came from: pip takes the installed one and fetches
    the packages of the extra alone. Where it runs from a clone that is not installed, or was before it had that
    extra, the clone is named.

    >>> install_command("raw")  # doctest: +ELLIPSIS
    '... "pielight[raw]"'
    """
    pip = f"{_quoted(sys.executable)} -m pip install" if find_spec("pip") else "uv pip install"
    if not find_spec("pip"):  # environments of uv have none of their own
        pip += f" --python {_quoted(sys.executable)}"
    clone = Path(__file__).parents[2]
    if not _is_offered(extra) and (clone / "pyproject.toml").is_file():
        return f'{pip} --editable "{clone}[{extra}]"'
    return f'{pip} "pielight[{extra}]"'


def _is_offered(extra: str) -> bool:
    """Return whether the installed pielight names an extra in its metadata."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        return extra in (metadata("pielight").get_all("Provides-Extra") or ())
    except PackageNotFoundError:
        return False


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path


class RenamedWarning(DeprecationWarning):
    """An option, a setting or a name has a new name; the old one works for this release alone."""
