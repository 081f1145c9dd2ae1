"""The errors pielight raises on purpose: one line each, naming the thing and the fix."""

from __future__ import annotations


class PielightError(Exception):
    """Base of every error that pielight raises on purpose; its text is one line for the user.

    >>> str(PielightError("dark.jpg: empty file"))
    'dark.jpg: empty file'
    """


class PictureError(PielightError):
    """A picture cannot be read, is too large, or cannot be written."""


class ExistsError(PictureError):
    """A file has the name of the one to be written, and is kept."""


class ModelError(PielightError):
    """A model or checkpoint is missing, damaged, or of another kind."""


class DeviceError(PielightError):
    """A device to compute on is not there, or its memory does not suffice."""


class ConfigError(PielightError):
    """A setting is unknown or has an impossible value."""


class DataError(PielightError):
    """A folder of training or evaluation pictures does not hold what it should."""


class MissingExtraError(PielightError):
    """An optional package is not installed; the text names the command that installs its extra where pielight runs.

    >>> str(MissingExtraError("torch", "train"))  # doctest: +ELLIPSIS
    'torch is not installed; run: ... "pielight[train]"'
    """

    def __init__(self, package: str, extra: str) -> None:
        from pielight.core.extras import install_command

        super().__init__(f"{package} is not installed; run: {install_command(extra)}")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:  # else a copy is made of the text
        return type(self), (self.package, self.extra)
