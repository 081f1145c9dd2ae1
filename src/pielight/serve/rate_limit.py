"""How many requests a client may send: a token bucket for each address."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import Scope

_BURST_SECONDS = 10.0  # of requests that may come at once
_MAX_CLIENTS = 10_000  # who are remembered; the one that was quiet longest is forgotten


class RateLimit:
    """Token buckets: each holds ``10 rate`` requests, at least one, and gets ``rate`` a second.

    Args:
        rate: Requests a second on average; 0 limits nothing.
        clock: Returns seconds.

    >>> times = iter([0.0, 0.0, 2.0])
    >>> limit = RateLimit(0.1, lambda: next(times))
    >>> [limit.wait("a") for _ in range(3)]
    [0.0, 10.0, 8.0]
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._most = max(1.0, rate * _BURST_SECONDS)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count a request of a client, and return 0; or how many seconds it has to wait, without counting it."""
        if not self._rate:
            return 0.0
        now = self._clock()
        left, then = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - then) * self._rate)
        seconds = 0.0 if left >= 1 else (1 - left) / self._rate
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return seconds


def client_address(scope: Scope) -> str:
    """Return the address whose requests and clips are counted: that of the connection.

    >>> client_address({"client": ("10.0.0.7", 50000)}), client_address({})
    ('10.0.0.7', '')
    """
    client = scope.get("client")
    return str(client[0]) if client else ""
