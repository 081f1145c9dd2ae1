"""How many bytes of requests and results may be held at once."""

from __future__ import annotations

from pielight.serve.problems import Problem


class ByteBudget:
    """A number of bytes that requests share.

    Args:
        total: How many.

    Attributes:
        used: How many are taken.

    >>> budget = ByteBudget(100)
    >>> with budget.lease() as lease:
    ...     lease.take(60)
    ...     budget.used
    60
    >>> budget.used
    0
    """

    def __init__(self, total: int) -> None:
        self.total, self.used = total, 0

    def lease(self) -> Lease:
        """Return a share for one request, which is given back at the end of its block."""
        return Lease(self)


class Lease:
    """What one request has of a :class:`ByteBudget`."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget, self._taken = budget, 0

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self._budget.used -= self._taken
        self._taken = 0

    def take(self, count: int) -> None:
        """Take so many bytes more.

        Raises:
            Problem: There are not so many left; all are left to a request that has none to share with.
        """
        if self._budget.used + count > self._budget.total and self._budget.used > self._taken:
            raise Problem(503, "too many large pictures at once", retry_after=2)
        self.hold(count)

    def hold(self, count: int) -> None:
        """Count so many bytes more, even if there are not so many left: those of a result."""
        self._budget.used += count
        self._taken += count
