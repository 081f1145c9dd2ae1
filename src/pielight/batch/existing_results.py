"""Results that exist: which stay, and which are replaced because they were made with other options."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass

from pielight.batch.plan import Job
from pielight.batch.records import record_in
from pielight.core.output_names import Existing
from pielight.io.formats import format_of
from pielight.io.provenance import WITHOUT_RECORD, Record, fingerprint, read_fingerprint
from pielight.io.provenance_checksum import is_unmodified

KEPT = "the result exists"
_STRENGTH, _UNTOUCHED = "Strength", "0"


@dataclass(frozen=True)
class ExistingResult:
    """Whether the result of a picture exists and stays."""

    is_kept: bool  # whether there is nothing to do
    reason: str = ""  # why, or in which options a replaced result differs; may be empty


def check_existing(job: Job, existing: Existing, wanted: Record, data: bytes | None = None) -> ExistingResult:
    """Check whether a result exists and stays.

    With ``skip``, a result stays unless pielight made it from the same picture with other options, by its record.
    One that another program has changed since stays, too: what was done by hand must not be lost.

    Args:
        data: The picture's file, if it is none on disk.
    """
    if existing != "skip" or not os.path.lexists(job.output) or (data is None and not os.path.lexists(job.input)):
        return ExistingResult(False)
    if _is_copy(job, data):  # as strength 0 leaves it; its record, if any, is that of the picture
        if dict(wanted.options).get(_STRENGTH) == _UNTOUCHED:
            return ExistingResult(True, KEPT)
        return ExistingResult(False, f"replaced: it was a copy, made with {_STRENGTH.lower()} 0")
    record = record_in(job.output)
    if record is None:
        return ExistingResult(True, f"{KEPT}, without a record of its options")
    if record.has_same_options(wanted):
        return ExistingResult(True, KEPT)
    differences = record.differences(wanted)
    if not record.is_verbatim or not is_unmodified(job.output):
        return ExistingResult(True, f"{KEPT}, and another program has changed it since ({differences})")
    if record.source != (read_fingerprint(job.input) if data is None else fingerprint(data)):
        return ExistingResult(True, f"{KEPT}, but of another picture, or an older state of this one ({differences})")
    return ExistingResult(False, f"replaced: {differences}")


def _is_copy(job: Job, data: bytes | None) -> bool:
    if format_of(job.output, "") in WITHOUT_RECORD:  # a picture that needs no light may come out as it was
        return False
    try:
        if not job.output.is_file():
            return False
        if data is None:
            return filecmp.cmp(job.input, job.output, shallow=False)
        return job.output.stat().st_size == len(data) and job.output.read_bytes() == data
    except OSError:  # reading it will report why
        return False
