"""What ``/metrics`` tells to Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from pielight.serve.byte_budget import ByteBudget
from pielight.serve.worker_pool import WorkerPool

_SECONDS = (0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Metrics:
    """Counters of one server.

    Args:
        pool: Its workers.
        budget: Its bytes.
    """

    def __init__(self, pool: WorkerPool, budget: ByteBudget) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        names = ["endpoint", "status"]
        self._requests = Counter("pielight_requests", "Requests answered.", names, registry=self._registry)
        self._seconds = Histogram(
            "pielight_request_seconds", "From the header of a request to the end of its answer.", names[:1],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        for name, text, value in (
            ("waiting", "Pictures that wait for a worker.", lambda: pool.waiting),
            ("running", "Pictures in work.", lambda: pool.running),
            ("worker_crashes", "Workers that died or were ended since the start.", lambda: pool.crashes),
            ("held_bytes", "Bytes of requests and results that are held.", lambda: budget.used),
        ):
            Gauge(f"pielight_{name}", text, registry=self._registry).set_function(value)

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def respond(self) -> Response:
        """Return all in the text format of Prometheus."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
