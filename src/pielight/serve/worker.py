"""A worker: a process that enhances one picture after another, and may crash without harm to anything else.

A message is a line of JSON and the bytes of a file, each as one message of a pipe; no pickles, so that a decoder that
was taken over cannot make the server run code.
"""

from __future__ import annotations

import io
import json
import signal
from multiprocessing.connection import Connection
from typing import Any, Literal, NamedTuple

import numpy as np

from pielight.core.extras import PACKAGES
from pielight.enhancer import Enhancer
from pielight.errors import MissingExtraError, OptionError, PielightError, install_command
from pielight.inference.exposure_map import ExposureMap
from pielight.io import size_limits
from pielight.options import BRIGHTEN, EnhanceOptions
from pielight.serve.media_types import media_type
from pielight.serve.settings import ServeSettings

ExposureFormat = Literal["json", "npz", "png"]
EXPOSURE_TYPES: dict[str, str] = {"json": "application/json", "npz": "application/x-npz", "png": "image/png"}
_WARM = np.full((64, 64, 3), 40, np.uint8)


class Message(NamedTuple):
    """A message between the server and a worker: a head, and the bytes of a file."""

    head: dict[str, Any]
    data: bytes = b""

    def send(self, connection: Connection) -> None:
        """Send it."""
        connection.send_bytes(json.dumps(self.head).encode())
        connection.send_bytes(self.data)

    @classmethod
    def receive(cls, connection: Connection) -> Message:
        """Wait for one; raises EOFError if the other process is gone."""
        return cls(json.loads(connection.recv_bytes()), connection.recv_bytes())


class Workbench:
    """What a worker has: the models, each opened when it is first used."""

    def __init__(self, model: str | None) -> None:
        self._model = model
        self._enhancers: dict[tuple[str, int], Enhancer] = {}

    def enhancer(self, task: str, threads: int) -> Enhancer:
        """Return the enhancer of a task."""
        key = (task, threads)
        if key not in self._enhancers:
            self._enhancers[key] = Enhancer(self._model if task == BRIGHTEN else None, threads, task=task)
        return self._enhancers[key]

    def answer(self, message: Message) -> Message:
        """Do what is asked for."""
        head = message.head
        try:
            if head["kind"] == "exposure":
                return self._exposure(message)
            options = EnhanceOptions(**head["options"])
            data, notes = self.enhancer(head["task"], head["threads"]).enhance_bytes(
                message.data, options, file_format=head["format"], quality=head["quality"], name=head["name"]
            )
            return Message({"media_type": media_type(data), "notes": without_paths(notes)}, data)
        except PielightError as error:
            return Message({"problem": problem_of(error), "detail": without_paths(str(error))})

    def _exposure(self, message: Message) -> Message:
        found = self.enhancer(BRIGHTEN, message.head["threads"]).exposure(message.data)
        return Message({"media_type": EXPOSURE_TYPES[message.head["format"]], "notes": ""},
                       encoded_map(found, message.head["format"]))  # fmt: skip


def work(connection: Connection, settings: ServeSettings) -> None:
    """Answer messages until the server is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # which the terminal or the service manager sends to all processes
        signal.signal(number, signal.SIG_IGN)
    size_limits.lower(settings.max_pixels)
    bench = Workbench(settings.model)
    bench.enhancer(BRIGHTEN, settings.cores)(_WARM)
    try:
        Message({"ready": True}).send(connection)
        while True:
            bench.answer(Message.receive(connection)).send(connection)
    except (EOFError, OSError):
        return


def problem_of(error: BaseException) -> str:
    """Return the kind of problem that an error is, one of :data:`pielight.serve.problems.TYPES`.

    >>> problem_of(OptionError("strength 9: must lie between -1.5 and 1.5")), problem_of(PielightError("damaged"))
    ('option', 'picture')
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, size_limits.SizeError):
            return "size"
        if isinstance(cause, MissingExtraError):
            return "extra"
        cause = cause.__cause__
    return "option" if isinstance(error, OptionError) else "picture"


def without_paths(text: str) -> str:
    """Return a text with commands that install extras as they are anywhere: where Python lies is nobody's business.

    >>> without_paths(str(MissingExtraError("rawpy", "raw")))
    'rawpy is not installed; run: pip install "pielight[raw]"'
    """
    if "pip install" in text:
        for extra in PACKAGES:
            text = text.replace(install_command(extra), f'pip install "pielight[{extra}]"')
    return text


def encoded_map(found: ExposureMap, file_format: ExposureFormat) -> bytes:
    """Encode a map of exposures: as JSON, as NPZ of the arrays ``ev``, ``ceiling`` and ``underexposed``, or drawn.

    >>> encoded_map(ExposureMap(np.ones((1, 2))), "json")
    b'{"ev": [[1.0, 1.0]], "ceiling": null, "underexposed": null}'
    """
    file = io.BytesIO()
    if file_format == "png":
        found.plot().save(file, "PNG")
        return file.getvalue()
    known = {"ev": found.ev, "ceiling": found.ceiling, "underexposed": found.underexposed}
    if file_format == "npz":
        np.savez(file, **{name: np.asarray(value) for name, value in known.items() if value is not None})  # type: ignore[arg-type]
        return file.getvalue()
    return json.dumps({name: _listed(value) for name, value in known.items()}).encode()


def _listed(value: Any) -> Any:
    """Return an array as lists; what is not finite, as the ceiling of what needs none, becomes null."""
    if not isinstance(value, np.ndarray):
        return value
    return [[round(float(one), 5) if np.isfinite(one) else None for one in row] for row in value]
