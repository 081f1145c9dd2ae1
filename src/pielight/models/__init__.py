"""Model files: the shipped networks, a user's own, and their cards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pielight.core.json_file import read_json
from pielight.errors import ModelError

DEFAULT = "pie"
DENOISER = "denoise"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Model:
    """A model file and its card.

    Attributes:
        name: Name of a shipped model, or the stem of the user's file.
        path: The ONNX file.
        card: The facts of the JSON file beside it (data, terms, command, commit, seed, ...); may be empty.
    """

    name: str
    path: Path
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def license(self) -> str:
        """The terms of the weights and of the data that they were trained on; empty if the card does not tell."""
        return str(self.card.get("terms", ""))

    @property
    def is_for_research_only(self) -> bool:
        """Whether the terms allow research use only."""
        return "research" in self.license

    def sha256(self) -> str:
        """Return the SHA-256 checksum of the ONNX file, in hexadecimal.

        Raises:
            ModelError: The file cannot be read.
        """
        try:
            state = self.path.stat()
            return _sha256(self.path, state.st_mtime_ns, state.st_size)
        except OSError as error:
            raise ModelError(f"{self.path}: {error.strerror}") from error

    def verify(self) -> bool:
        """Compare the file with the checksum on its card.

        Returns:
            False if the card has no checksum for it.

        Raises:
            ModelError: The checksum is another one.
        """
        checksums = self.card.get("sha256")
        expected = checksums.get(self.path.name) if isinstance(checksums, dict) else None
        if expected is None:
            return False
        if expected != self.sha256():
            is_shipped = self.path.parent == _FOLDER
            hint = "reinstall pielight" if is_shipped else f"export it again, or remove {self.path.stem}.json"
            raise ModelError(f"{self.path}: does not match its checksum; {hint}")
        return True


def shipped() -> tuple[str, ...]:
    """Return the names of all models that come with pielight, of every kind.

    >>> shipped()
    ('dehaze', 'denoise', 'derain', 'free', 'pie')
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.onnx")))


def find(name_or_path: str | Path | None = None, default: str = DEFAULT, names: Sequence[str] | None = None) -> Model:
    """Find a shipped model by name, or the user's own by the path of its ONNX file.

    Args:
        name_or_path: ``"pie"``, ``"own.onnx"``, ...; None is the default.
        default: Name of the model to take if none is named.
        names: Which to list in the error if there is no such model; None is all.

    Raises:
        ModelError: There is no such model, or its card is damaged.

    >>> find("pie").path.name
    'pie.onnx'
    """
    wanted = default if name_or_path is None else name_or_path
    path = path_of(wanted)
    if not path.is_file():
        known = ", ".join(names or shipped())
        raise ModelError(f"{wanted}: no such model; give the path of an ONNX file, or one of: {known}")
    return Model(path.stem, path, _card(path.with_suffix(".json")))


def path_of(name_or_path: str | Path) -> Path:
    """Return the path of a shipped model by name, whether there is one or not, or the path itself if it has a suffix.

    >>> path_of("pie").name, str(path_of("own.onnx"))
    ('pie.onnx', 'own.onnx')
    """
    path = Path(name_or_path)
    return path if path.suffix else _FOLDER / f"{path}.onnx"


@lru_cache(maxsize=8)
def _sha256(path: Path, *_: int) -> str:
    """Read a file once while its state, the other arguments, stays; every result names the checksum of its model."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _card(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        card = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the model's card cannot be read ({error})") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path}: the model's card must be a JSON object")
    return card
