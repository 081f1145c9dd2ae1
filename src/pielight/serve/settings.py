"""The settings of the server: one frozen object."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pielight.errors import OptionError

MEGABYTE = 1 << 20
_OPEN = ("queue", "rate", "clips_per_address")  # which may be 0
_MOST = 1e6  # of seconds, and of requests in one


@dataclass(frozen=True)
class ServeSettings:
    """What the server does, and its limits.

    Attributes:
        workers: Processes that enhance, one picture each at a time.
        cores: Cores that they share; a picture alone gets all of them.
        model: Model of brightening; None is the default.
        token: What clients must send as ``Authorization: Bearer TOKEN``; None asks for nothing.
        origins: Origins of pages that may use the API, besides its own.
        max_body: Bytes of a photo's request.
        max_bytes: Bytes of all photos, those of requests and of results, that are held at once.
        max_pixels: Pixels of a photo, or of all frames of an animation.
        max_clip: Bytes of a clip.
        queue: Photos that may wait for a worker; one more is refused.
        queue_seconds: How long a photo waits for a worker.
        picture_seconds: How long a photo may take.
        body_seconds: How long a request's body may take.
        clip_body_seconds: How long the body of a clip may take.
        answer_seconds: How long a client may take to read an answer, or the next part of one.
        rate: Requests a second of one client's address, on average; 0 does not count them.
        connections: Connections at once.
        clips: Clips that are received, wait or are in work at once.
        clips_per_address: Clips of one client's address, with results that are kept; 0 does not count them.
        max_results: Bytes of clips' results that are kept; beyond them, the oldest are deleted.
        clip_seconds: How long a clip may take.
        keep_seconds: How long a clip's result is kept.

    Raises:
        OptionError: A number is below 0 or not finite, or one that must be above it is not.

    >>> ServeSettings(workers=0)
    Traceback (most recent call last):
        ...
    pielight.errors.OptionError: workers 0: must be above 0
    """

    workers: int = 1
    cores: int = 1
    model: str | None = None
    token: str | None = None
    origins: tuple[str, ...] = ()
    max_body: int = 64 * MEGABYTE
    max_bytes: int = 1024 * MEGABYTE
    max_pixels: int = 120_000_000
    max_clip: int = 1024 * MEGABYTE
    queue: int = 64
    queue_seconds: float = 60.0
    picture_seconds: float = 120.0
    body_seconds: float = 60.0
    clip_body_seconds: float = 600.0
    answer_seconds: float = 60.0
    rate: float = 0.0
    connections: int = 500
    clips: int = 4
    clips_per_address: int = 0
    max_results: int = 4096 * MEGABYTE
    clip_seconds: float = 7200.0
    keep_seconds: float = 1800.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not value <= _MOST:
                raise OptionError(f"{field.name} {value!r}: must be a number, at most {_MOST:g}")
            if isinstance(value, int | float) and (value < 0 or (value == 0 and field.name not in _OPEN)):
                raise OptionError(f"{field.name} {value!r}: must be above 0")
        if self.token is not None and not (self.token and self.token.isascii() and self.token.isprintable()):
            raise OptionError("token: must be printable ASCII, and not empty")
