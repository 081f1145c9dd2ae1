"""A tar file in WebDataset's form: photos are enhanced, all other members copied, order and names kept."""

from __future__ import annotations

import io
import tarfile
from copy import copy
from pathlib import Path
from typing import BinaryIO

from pielight.cluster.recorder import Recorder
from pielight.cluster.shards import ShardSearch, result_name
from pielight.core.atomic_file import MAX_FILE_BYTES
from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.io.formats import is_picture_name

_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x28\xb5\x2f")  # gzip, bzip2, xz, zstd
_BLOCK, _PADDING = tarfile.BLOCKSIZE, 1 << 20
_OWN_PAX = ("path", "size", "hdrcharset", "GNU.sparse")  # which follow from the member


def enhance_tar(
    source: BinaryIO, target: BinaryIO, record: Recorder, search: ShardSearch, file_format: str | None, name: str
) -> None:
    """Enhance a tar file into another one.

    A photo that fails is left out; the other members of its key stay.

    Args:
        source: Open for reading, seekable.
        target: Gets the tar file, from its start to its end.
        record: Enhances and takes down what became of each photo.
        search: Which members are photos, by their names.
        file_format: Pillow's name of the format to write; None keeps each photo's own.
        name: What the file is called in messages.

    Raises:
        DataError: It is no tar file, or damaged.
    """
    taken: dict[str, bool] = {}
    if source.read(3)[:3].startswith(_COMPRESSED):
        raise DataError(f"{name}: compressed; decompress it first, as with gunzip")
    source.seek(0)
    try:
        with (
            tarfile.open(fileobj=source, mode="r:") as archive,
            tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT, pax_headers=archive.pax_headers) as new,
        ):
            index = 0
            while (member := archive.next()) is not None:
                _forget_members(archive)
                _forget_members(new)
                if _is_photo(member, search):
                    _photo(archive, new, member, record, file_format, index, taken)
                else:
                    if taken.get(member.name):
                        raise DataError(f"{name}: {shown(member.name)} is there, and a result has that name in the new "
                                        "format; choose another --format")  # fmt: skip
                    taken[member.name] = False
                    record.copied += 1
                    new.addfile(_header(member, member.name), archive.extractfile(member) if member.isreg() else None)
                index += 1
            _check_end(source, archive.offset, record, name)
    except tarfile.TarError as error:
        raise DataError(f"{name}: damaged tar file ({shown(str(error))})") from error


def _forget_members(archive: tarfile.TarFile) -> None:
    """Empty the list of members that were read or written, which would grow."""
    archive.members = []  # type: ignore[attr-defined]


def _is_photo(member: tarfile.TarInfo, search: ShardSearch) -> bool:
    path = Path(member.name)
    return member.isreg() and is_picture_name(path) and not path.name.startswith(".") and search.takes(member.name)


def _photo(
    archive: tarfile.TarFile, new: tarfile.TarFile, member: tarfile.TarInfo, record: Recorder,
    file_format: str | None, index: int, taken: dict[str, bool],
) -> None:  # fmt: skip
    output = result_name(member.name, file_format)
    is_renamed = output != member.name
    if taken.get(output, False) or (is_renamed and output in taken):  # a name that came twice may stay so
        record.fail(index, member.name, member.size, f"{shown(member.name)}: there is a {shown(output)} already")
        return
    if member.size > MAX_FILE_BYTES:
        limit = f"more than the limit of {MAX_FILE_BYTES >> 20} MB"
        record.fail(index, member.name, member.size, f"{shown(member.name)}: {limit}")
        return
    file = archive.extractfile(member)
    result = record.photo(index, member.name, file.read() if file else b"", output)
    if result is not None:
        taken[output] = is_renamed
        header = _header(member, output)
        header.size = len(result)
        new.addfile(header, io.BytesIO(result))


def _header(member: tarfile.TarInfo, name: str) -> tarfile.TarInfo:
    """Return the header of a member of the new file."""
    header = copy(member)
    header.name = name
    header.pax_headers = {key: value for key, value in member.pax_headers.items() if not key.startswith(_OWN_PAX)}
    if member.issparse():  # it is written with its gaps filled
        header.type, header.sparse = tarfile.REGTYPE, None
    return header


def _check_end(source: BinaryIO, offset: int, record: Recorder, name: str) -> None:
    """Check that reading ended at the end: tarfile takes a damaged header for it, and what follows for nothing."""
    source.seek(offset)
    block = source.read(_BLOCK)
    if any(block):
        raise DataError(f"{name}: damaged tar file (no header at byte {offset:,})")
    if not block:
        record.notes.append("no mark at its end: it may have been cut off")
    elif any(source.read(_PADDING)):
        raise DataError(f"{name}: goes on after its end, as several tar files in one do; split it")
