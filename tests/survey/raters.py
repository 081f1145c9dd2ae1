"""What the tests of surveys share: the methods, and raters who need no browser."""

from __future__ import annotations

import http.client
import json
import subprocess
from typing import Any, NamedTuple
from urllib.parse import urlsplit

METHODS = ("dim", "fair", "bright", "best")  # each brighter than the last
SCENES = 6


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A rater's browser, without the browser."""

    def __init__(self, address: str) -> None:
        self.address, self.token = address, ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> Reply:
        sent = {"X-Rater": self.token, "Content-Type": "application/json"} if self.token or body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        place = urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body)
        try:
            connection.request(method, path, data, {name: value for name, value in sent.items() if value is not None})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def begin(self) -> dict[str, Any]:
        state: dict[str, Any] = self.ask("POST", "/raters", {}).json()
        self.token = state["token"]
        return state

    def vote(self, question: int, answer: str) -> Reply:
        return self.ask("POST", "/votes", {"question": question, "answer": answer, "seconds": 1.5})


class Server(NamedTuple):
    address: str
    process: subprocess.Popen[str]
