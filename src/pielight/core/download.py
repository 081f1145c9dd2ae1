"""Downloads that the user asked for: announced, shown with progress, verified by checksum, and written atomically."""

from __future__ import annotations

import hashlib
import http.client
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pielight.core.atomic_file import check_writable, open_atomic
from pielight.core.messages import shown
from pielight.core.progress import Progress
from pielight.errors import ModelError

_MB = 1 << 20
_CHUNK = 1 << 18  # bytes
_TIMEOUT = 30  # seconds without an answer


class Remote(NamedTuple):
    """A file that can be downloaded."""

    title: str  # a description
    url: str  # its address
    size: int  # in bytes
    sha256: str  # checksum in hexadecimal

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.url.rpartition("/")[2]

    @property
    def offer(self) -> str:
        """Its size and host, for a message that offers the download.

        >>> Remote("weights", "https://example.org/a/w.pth", 3 << 20, "").offer
        '3 MB from example.org'
        """
        return f"{round(self.size / _MB)} MB from {self.url.split('/')[2]}"


def fetch(remote: Remote, folder: Path, say: Callable[[str], None]) -> Path:
    """Return the local copy of a remote file, which is downloaded if it is not in the folder.

    Args:
        folder: Where it is kept; created if it is missing.
        say: Called with lines: what is downloaded, from where, to where, its size, and the progress.

    Raises:
        ModelError: It cannot be downloaded, or differs from the checksum.
        PictureError: The file cannot be written.
    """
    target = folder / remote.name
    if target.is_file():
        return target
    check_writable(target)
    say(f"downloading {remote.title}: {round(remote.size / _MB)} MB from {remote.url} to {shown(target)}")
    digest, received = hashlib.sha256(), 0
    with open_atomic(target) as file:
        for chunk in _with_progress(_chunks(remote), remote, say):
            digest.update(chunk)
            received += len(chunk)
            file.write(chunk)
        if received != remote.size or digest.hexdigest() != remote.sha256:
            raise ModelError(
                f"{remote.url}: {received} bytes that are not {remote.title} (SHA-256 differs); nothing is kept"
            )
    return target


def _chunks(remote: Remote) -> Iterator[bytes]:
    """Yield what the server sends, at most one byte more than the expected size."""
    left = remote.size + 1
    try:
        with closing(urllib.request.urlopen(remote.url, timeout=_TIMEOUT)) as answer:
            while left and (chunk := answer.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise ModelError(f"{remote.url}: cannot be downloaded ({shown(str(error))[:80]})") from None


def _with_progress(chunks: Iterator[bytes], remote: Remote, say: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the chunks, and report progress at each tenth."""
    progress, received = Progress(10), 0
    for chunk in chunks:
        yield chunk
        received += len(chunk)
        if 10 * received // remote.size > progress.done:
            progress.step(10 * received // remote.size - progress.done)
            left = progress.left()
            percent, megabytes = 10 * progress.done, f"{round(received / _MB)} of {round(remote.size / _MB)} MB"
            say(f"{percent} %: {megabytes}{left and f', {left}'}")
