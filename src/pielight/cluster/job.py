"""The claim to an output: what is in a folder before a run is nobody's to replace."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pielight import __version__
from pielight.cluster.shards import JOB, OWN, ShardPlan
from pielight.cluster.storage import Entry, Storage
from pielight.core.json_file import json_text
from pielight.core.messages import utf8
from pielight.errors import DataError

NAME = f"{OWN}/{JOB}"


def claim(target: Storage, plan: ShardPlan, present: Mapping[str, Entry], file_format: str | None) -> str:
    """Mark an output as that of ``pielight cluster``, before its first result is written.

    Args:
        target: The output.
        plan: What will be written.
        present: What the output holds.
        file_format: The format of results.

    Returns:
        The identity of the source for which it was claimed first.

    Raises:
        DataError: It holds files of these names that another program wrote.
        StorageError: It cannot be read or written.
    """
    if NAME in present:
        try:
            return str(json.loads(target.read(NAME))["source"])
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"{target.shown(NAME)}: damaged; delete it if 'pielight cluster' wrote the rest") from error
    taken = next((name for shard in plan.shards for name in shard.outputs(file_format) if name in present), None)
    if taken is not None and not target.entries(OWN):  # nor has another process claimed it meanwhile
        raise DataError(
            f"{target.shown(taken)}: exists, and 'pielight cluster' did not write it; choose another output"
        )
    target.write(NAME, utf8(json_text({"pielight": __version__, "source": plan.source.identity}) + "\n"))
    return plan.source.identity
