"""Ray's workers, on this machine or on many; a shard whose worker or node dies is told as lost."""

from __future__ import annotations

import logging
import os
from typing import Any

from pielight.cluster.enhance_shard import ShardFailure, ShardTask, try_shard
from pielight.cluster.workers import Finished
from pielight.core.messages import shown
from pielight.errors import PielightError

_AHEAD = 2  # shards in flight for each core: none idles, and an autoscaler sees that more are wanted
_STORE = 80 << 20  # bytes of Ray's own object store here: manifests are all that passes


class RayWorkers:
    """Ray's workers: tasks of one core each, whose processes keep their engine.

    Photos never pass through Ray's object store: tasks name files, and return manifests.

    Args:
        address: Of the cluster, as ``auto`` or ``ray://head:10001``; None starts Ray on this machine.
        cores: To use on this machine; None for all, and with an address.

    Raises:
        PielightError: There is no such cluster.
    """

    def __init__(self, address: str | None, cores: int | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's 15 is for machines whose owners work meanwhile
        import ray

        self._ray: Any = ray
        self._is_own = not ray.is_initialized()
        if self._is_own:
            here: dict[str, Any] = {"num_cpus": cores, "object_store_memory": _STORE, "include_dashboard": False}
            try:
                self._ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR,
                         **({} if address else here))  # fmt: skip
            except Exception as error:  # a bare one if it does not start in time
                raise PielightError(f"--address {shown(address or 'local')}: {_first_line(error)}") from error
        self._task = self._ray.remote(num_cpus=1, max_retries=0)(try_shard)
        self._running: dict[Any, ShardTask] = {}

    def has_room(self) -> bool:
        """Return whether fewer shards are in flight than twice the cores."""
        return len(self._running) < _AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def start(self, task: ShardTask) -> None:
        """Hand a shard to Ray."""
        self._running[self._task.remote(task)] = task

    def wait(self, seconds: float) -> list[Finished]:
        """Return the shards that have ended, after that time at the latest."""
        if not self._running:
            return []
        ready, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        if not ready:
            ready, _ = self._ray.wait(list(self._running), timeout=seconds)
        return [self._finished(reference) for reference in ready]

    def photos_in_work(self) -> int:
        """Return 0: Ray tells of whole shards."""
        return 0

    def close(self) -> None:
        """End what runs, and Ray if it was started here."""
        for reference in self._running:
            self._ray.cancel(reference)  # raises KeyboardInterrupt in the worker, so that uploads are aborted
        if self._running:
            self._ray.wait(list(self._running), num_returns=len(self._running), timeout=5)
        self._running.clear()
        if self._is_own:
            self._ray.shutdown()

    def _finished(self, reference: Any) -> Finished:
        task = self._running.pop(reference)
        try:
            return Finished(task, self._ray.get(reference))
        except self._ray.exceptions.RayTaskError as error:  # what try_shard does not expect
            return Finished(task, ShardFailure(f"{task.shard.name}: {_first_line(error)}", is_final=True))
        except self._ray.exceptions.RayError as error:
            if "No module named" in str(error):
                text = "a node has no pielight; install it on every machine"
                return Finished(task, ShardFailure(f"{task.shard.name}: {text}", is_final=True))
            return Finished(task, ShardFailure(f"{task.shard.name}: its worker died"), is_lost=True)


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return shown(lines[-1].strip()) if lines else type(error).__name__
