"""Requests of the client: sent again to a busy server, and answers that are checked before they are used."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from pielight.core.extras import require
from pielight.core.messages import shown
from pielight.errors import OptionError, PictureError, ServiceError
from pielight.serve.media_types import OCTETS, essence

require("client")

import httpx

JSON = ("application/json",)
_LONGEST_WAIT = 30.0  # seconds that a server may ask to wait before the next try
_BUSY = (429, 503)


class Session:
    """A connection to one server.

    Args:
        url: Address of the server.
        token: What it asks for, if it does.
        timeout: Seconds that an answer may take.
        retries: How often a request is sent again to a server that is busy.

    Raises:
        OptionError: The address or the token cannot be one.

    >>> Session("http://127.0.0.1:9", "é", 1.0, 0)
    Traceback (most recent call last):
        ...
    pielight.errors.OptionError: token: must be printable ASCII, and not empty
    """

    def __init__(self, url: str, token: str | None, timeout: float, retries: int) -> None:
        if token is not None and not (token and token.isascii() and token.isprintable()):
            raise OptionError("token: must be printable ASCII, and not empty")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url, self._retries = url.rstrip("/"), retries
        try:
            self._http = httpx.Client(base_url=self._url, headers=headers, timeout=timeout, trust_env=False)
        except httpx.InvalidURL as error:
            raise OptionError(f"{shown(url)}: no address of a server ({error})") from error

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def ask(
        self, method: str, path: str, expected: tuple[str, ...] = (), data: bytes | None = None,
        query: dict[str, Any] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """Send a request, and return its answer.

        Args:
            method: Of HTTP.
            path: On the server.
            expected: Beginnings of the media types, one of which the answer must have; nothing for none.
            data: The body, if there is one.
            query: Parameters.

        Raises:
            ServiceError: The server cannot be reached, refuses, stays busy, or is none of pielight.
            PielightError: It cannot read the picture, or an option is out of range.
        """
        headers = {} if data is None else {"Content-Type": OCTETS}
        for left in range(self._retries, -1, -1):
            try:
                answer = self._http.request(method, path, content=data, params=query, headers=headers)
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            if answer.status_code not in _BUSY or not left:
                break
            time.sleep(seconds_of(answer.headers.get("Retry-After")) * random.uniform(1, 1.5))
        self._check(answer, expected)
        return answer

    def json_of(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the JSON object that an answer holds.

        Raises:
            ServiceError: It holds none.
        """
        return self._parsed(answer.text)

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the data of server-sent events."""
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                self._check(answer, ("text/event-stream",))
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        yield self._parsed(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def unexpected(self, what: str) -> ServiceError:
        """Return the error of an answer that a server of pielight would not give."""
        return ServiceError(f"{self._url}: answers with {what}; is it a server of pielight?")

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self.unexpected("what is no JSON object")
        return found

    def _check(self, answer: httpx.Response, expected: tuple[str, ...]) -> None:
        if not answer.is_success:
            raise self._refusal(answer)
        kind = essence(answer.headers.get("Content-Type"))
        if expected and not kind.startswith(expected):
            raise self.unexpected(shown(kind) or "no Content-Type")

    def _unreachable(self, error: httpx.HTTPError) -> ServiceError:
        return ServiceError(f"{self._url}: cannot be reached ({shown(str(error)) or type(error).__name__})")

    def _refusal(self, answer: httpx.Response) -> PictureError | OptionError | ServiceError:
        try:
            problem = answer.json()
            kind, detail = problem["type"].removeprefix("urn:pielight:"), shown(problem["detail"])
        except (ValueError, LookupError, TypeError, AttributeError):  # not of pielight
            kind, detail = "", answer.reason_phrase
        if kind == "option":
            return OptionError(detail)
        if kind in ("picture", "size", "extra"):
            return PictureError(detail)
        return ServiceError(f"{self._url}: {answer.status_code}, {detail}", answer.status_code)


def seconds_of(retry_after: str | None) -> float:
    """Return how long to wait by a header Retry-After, seconds or a date: 0 to 30 s, and 1 s if it says neither.

    >>> [seconds_of(value) for value in ("2", "-5", "1e9", "nan", "soon", None, "Wed, 21 Oct 2015 07:28:00 GMT")]
    [2.0, 0.0, 30.0, 1.0, 1.0, 1.0, 0.0]
    """
    try:
        seconds = float(retry_after or "")
    except ValueError:
        try:
            date = parsedate_to_datetime(retry_after or "")
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, OverflowError):
            seconds = math.nan
    return 1.0 if math.isnan(seconds) else min(_LONGEST_WAIT, max(0.0, seconds))
