"""Bodies of requests, read whole and within limits before a worker is taken; only clips are written to disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from pielight.core.messages import shown
from pielight.serve.byte_budget import Lease
from pielight.serve.media_types import OCTETS, essence
from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings

FORM = "multipart/form-data"
_MAX_FIELDS, _FIELD_BYTES, _MAX_NAME = 32, 1000, 200
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it would report every broken form
_NEVER = 1 << 62  # bytes after which Starlette would move a file to the disk


class Upload(NamedTuple):
    """A picture's file, the name that the client has for it, and the fields of the form that it came in."""

    data: bytes
    name: str
    fields: dict[str, str]


class Form(NamedTuple):
    """A form: its file, if it has one, and its fields."""

    file: UploadFile | None
    fields: dict[str, str]


class _FormParser(MultiPartParser):
    """A parser that writes the file of a form to a file, or keeps it in memory if that is None."""

    spool_max_size = _NEVER
    target: BinaryIO | None = None

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        if self.target is not None and self._current_part.file is not None:
            self._current_part.file.file = self.target


async def read_upload(request: Request, settings: ServeSettings, lease: Lease) -> Upload:
    """Read a picture: a form with one file, or the body itself.

    Raises:
        Problem: It is too large, comes too slowly, or is none of these.
    """
    kind = essence(request.headers.get("content-type"))
    if kind != FORM and kind not in ("", OCTETS) and not kind.startswith("image/"):
        raise Problem(415, f"{shown(kind)}: expected {FORM}, image/* or {OCTETS}")
    check_length(request, settings.max_body)
    async with within(settings.body_seconds):
        if kind != FORM:
            parts = [part async for part in limited(request, settings.max_body, lease)]
            return _checked(Upload(b"".join(parts), "picture", {}))
        form = await read_form(request, limited(request, settings.max_body, lease))
        if form.file is None:
            return _checked(Upload(b"", "picture", form.fields))
        with form.file.file as file:
            return _checked(Upload(file.read(), file_name(form.file.filename), form.fields))


def check_length(request: Request, most: int) -> None:
    """Refuse a body that is too long by what its header says.

    Raises:
        Problem: It is.
    """
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise _too_long(most)


@asynccontextmanager
async def within(seconds: float) -> AsyncGenerator[None]:
    """Refuse a body that takes longer.

    Raises:
        Problem: It does.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {seconds:g} s") from None


async def limited(request: Request, most: int, lease: Lease | None = None) -> AsyncGenerator[bytes, None]:
    """Yield the parts of a body.

    Raises:
        Problem: It is longer than ``most``, or the server holds too many bytes.
    """
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > most:
            raise _too_long(most)
        if lease is not None:
            lease.take(len(part))
        yield part


async def read_form(request: Request, parts: AsyncGenerator[bytes, None], target: BinaryIO | None = None) -> Form:
    """Read a form that has at most one file.

    Args:
        request: Whose body it is.
        parts: The body.
        target: Where its file is written; None keeps it in memory.

    Raises:
        Problem: It is malformed.
    """
    parser = _FormParser(request.headers, parts, max_files=1, max_fields=_MAX_FIELDS, max_part_size=_FIELD_BYTES)
    parser.target = target
    try:
        items = (await parser.parse()).multi_items()
    except MultiPartException as error:
        raise Problem.of("request", f"form: {shown(error.message)}") from None
    except (ValueError, LookupError) as error:  # of its headers
        raise Problem.of("request", f"form: {shown(str(error)) or 'malformed'}") from None
    form = Form(next((value for _, value in items if isinstance(value, UploadFile)), None), {})
    for key, value in items:
        if isinstance(value, str):
            if key in form.fields:
                raise Problem.of("request", f"form: {shown(key)} is given twice")
            form.fields[key] = value
    return form


def _checked(upload: Upload) -> Upload:
    if not upload.data:
        raise Problem.of("request", "no picture: send it as the body, or as the file of a form")
    return upload


def file_name(given: str | None) -> str:
    """Return the last part of a client's name of a file, which only tells some kinds of camera RAW apart.

    >>> file_name("C:\\\\photos\\\\night.NEF"), file_name("../../etc/passwd"), file_name("")
    ('night.NEF', 'passwd', 'picture')
    """
    name = PurePosixPath((given or "").replace("\\", "/")).name
    return shown(name)[-_MAX_NAME:] or "picture"


def _too_long(most: int) -> Problem:
    return Problem.of("size", f"the body is longer than {most:,} bytes")
