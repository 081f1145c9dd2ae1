"""Names of new files, claimed so that no two processes use the same one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Literal

from pielight.core.messages import shown
from pielight.core.standard_streams import NEW, open_file
from pielight.errors import ExistsError

Existing = Literal["skip", "overwrite", "rename"]  # what happens to a file that has the name of a new one


def numbered(path: Path, first: int = 1) -> Iterator[Path]:
    """Yield the names that a file may get, from a number on.

    >>> names = numbered(Path("a_pie.jpg"))
    >>> [next(names).name for _ in range(3)]
    ['a_pie.jpg', 'a_pie-2.jpg', 'a_pie-3.jpg']
    """
    for number in count(first):
        yield path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def claim(give: Callable[[Path], None], path: Path, existing: Existing, number: int, part: Path, named: bool) -> Path:
    """Give a file its name, which is returned: by a link, which fails where the name is taken, or by replacing.

    Args:
        give: Gives the file a free name, or raises FileExistsError.
        path: See :func:`pielight.core.atomic_file.open_atomic`, as for the next parameters.
        part: Temporary name from which it replaces a file.
        named: Whether the file has that name already.

    Raises:
        ExistsError: The name is taken, with ``skip``.
        OSError: It cannot be named.
    """
    if existing != "overwrite" or not named:
        for name in numbered(path, number) if existing == "rename" else (path,):
            try:
                give(name)
            except FileExistsError:
                continue
            return name
        if existing != "overwrite":
            raise ExistsError(f"{shown(path)}: the file exists and is kept", str(path))
        give(part)
    part.replace(path)
    return path


def link(part: Path, name: Path) -> None:
    """Link a file to a free name; where there are no hard links, as on FAT, rename it.

    Raises:
        FileExistsError: The name is taken.
    """
    try:
        os.link(part, name)
    except FileExistsError:
        raise
    except OSError:
        if os.name == "nt":  # where this fails if the name is taken
            part.rename(name)
            return
        os.close(open_file(name, NEW))  # reserves the name for the replacement
        try:
            part.replace(name)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
