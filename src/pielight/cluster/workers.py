"""What runs shards, one each at a time: processes of this machine, or Ray's."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pielight.cluster.enhance_shard import ShardFailure, ShardTask
from pielight.cluster.manifest import Manifest


class Finished(NamedTuple):
    """What became of a shard that a worker had."""

    task: ShardTask
    outcome: Manifest | ShardFailure
    is_lost: bool = False  # whether its worker died


class Workers(Protocol):
    """What runs shards."""

    def has_room(self) -> bool:
        """Return whether another shard can be started now, so that few wait in memory."""

    def start(self, task: ShardTask) -> None:
        """Start a shard."""

    def wait(self, seconds: float) -> list[Finished]:
        """Return the shards that have ended, after that time at the latest."""

    def photos_in_work(self) -> int:
        """Return how many photos of running shards are done, as far as that is known."""

    def close(self) -> None:
        """End all workers; what runs leaves nothing half."""
