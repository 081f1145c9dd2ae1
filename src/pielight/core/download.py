"""Files of others, fetched when and only when the user asks: said, shown, checked, and whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pielight.core.atomic_file import check_place, open_atomic, shown
from pielight.core.progress import Progress
from pielight.errors import ModelError

_MB = 1 << 20
_CHUNK = 1 << 18  # bytes
_SILENCE = 30  # seconds that a server may say nothing


class Remote(NamedTuple):
    """A file that can be fetched.

    Attributes:
        title: What it is, in words.
        url: Where it is.
        size: In bytes.
        sha256: Its checksum.
    """

    title: str
    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.url.rpartition("/")[2]

    @property
    def offer(self) -> str:
        """What the user is told before asking for it: how large it is, and from where it comes.

        >>> Remote("weights", "https://example.org/a/w.pth", 3 << 20, "").offer
        '3 MB from example.org'
        """
        return f"{round(self.size / _MB)} MB from {self.url.split('/')[2]}"


def fetch(remote: Remote, folder: Path, say: Callable[[str], None]) -> Path:
    """Return the file of a folder that holds what a remote file does; it is downloaded if it is not there.

    Args:
        remote: What is wanted.
        folder: Where it is kept; made if it is missing.
        say: Told in lines what is downloaded, from where, to where, how large it is, and how far that is.

    Raises:
        ModelError: It cannot be had, or is not what it should be.
        PictureError: The file cannot be written.
    """
    target = folder / remote.name
    if target.is_file():
        return target
    check_place(target)
    say(f"downloading {remote.title}: {round(remote.size / _MB)} MB from {remote.url} to {shown(target)}")
    digest, there = hashlib.sha256(), 0
    with open_atomic(target) as file:
        for chunk in _shown(_chunks(remote), remote, say):
            digest.update(chunk)
            there += len(chunk)
            file.write(chunk)
        if there != remote.size or digest.hexdigest() != remote.sha256:
            raise ModelError(
                f"{remote.url}: {there} bytes that are not {remote.title} (SHA-256 differs); nothing is kept"
            )
    return target


def _chunks(remote: Remote) -> Iterator[bytes]:
    """Yield what the server sends, one byte more than there should be at most."""
    left = remote.size + 1
    try:
        with closing(urllib.request.urlopen(remote.url, timeout=_SILENCE)) as answer:
            while left and (chunk := answer.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise ModelError(f"{remote.url}: cannot be downloaded ({shown(str(error))[:80]})") from None


def _shown(chunks: Iterator[bytes], remote: Remote, say: Callable[[str], None]) -> Iterator[bytes]:
    """Pass chunks on, and say at each tenth how much is there and how long the rest will take."""
    work, there, tenths = Progress(10), 0, 0
    for chunk in chunks:
        yield chunk
        there += len(chunk)
        if 10 * there // remote.size > tenths:
            work.step()
            tenths = 10 * there // remote.size
            left = work.left(10 - tenths)
            say(f"{10 * tenths} %: {round(there / _MB)} of {round(remote.size / _MB)} MB{left and f', {left}'}")
