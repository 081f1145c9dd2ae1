"""A queue between two threads that holds a bounded number of bytes."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """The queue was closed: whoever waits for it has nothing left to do."""


class ByteQueue(Generic[T]):
    """Hands items from one thread to another, and lets the giver wait while they hold too many bytes.

    An empty queue takes an item of any size, so that one huge frame passes, alone.

    Args:
        most: Bytes that wait at most.

    >>> queue = ByteQueue[str](10)
    >>> queue.put("frame", 100)
    >>> queue.get(1.0)
    'frame'
    """

    def __init__(self, most: int) -> None:
        self._most, self._used, self._is_closed = most, 0, False
        self._items: deque[tuple[T, int]] = deque()
        self._changed = threading.Condition()

    def put(self, item: T, size: int) -> None:
        """Add an item once there is room.

        Raises:
            Closed: The queue is, or was meanwhile.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or not self._items or self._used + size <= self._most)
            if self._is_closed:
                raise Closed
            self._items.append((item, size))
            self._used += size
            self._changed.notify_all()

    def get(self, seconds: float | None = None) -> T:
        """Take the oldest item, once there is one.

        Raises:
            Closed: The queue is, or was meanwhile.
            TimeoutError: There was none for so many seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_closed or bool(self._items), seconds):
                raise TimeoutError
            if self._is_closed:
                raise Closed
            item, size = self._items.popleft()
            self._used -= size
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Drop what is in it, and wake whoever waits."""
        with self._changed:
            self._is_closed = True
            self._items.clear()
            self._changed.notify_all()
