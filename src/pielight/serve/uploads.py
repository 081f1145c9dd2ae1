"""Bodies of requests, read whole and within limits before a worker is taken; nothing is written to disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import NamedTuple

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


class _InMemoryParser(MultiPartParser):
    spool_max_size = _NEVER


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
        return _checked(await _read_form(request, settings, lease))


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


async def _read_form(request: Request, settings: ServeSettings, lease: Lease) -> Upload:
    parts = limited(request, settings.max_body, lease)
    parser = _InMemoryParser(
        request.headers, parts, max_files=1, max_fields=_MAX_FIELDS, max_part_size=_FIELD_BYTES
    )  # fmt: skip
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem.of("request", f"form: {shown(error.message)}") from None
    except (ValueError, LookupError) as error:  # of its headers
        raise Problem.of("request", f"form: {shown(str(error)) or 'malformed'}") from None
    fields: dict[str, str] = {}
    data, name = b"", "picture"
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            data, name = await value.read(), file_name(value.filename)
            await value.close()
        elif key in fields:
            raise Problem.of("request", f"form: {shown(key)} is given twice")
        else:
            fields[key] = value
    return Upload(data, name, fields)


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
