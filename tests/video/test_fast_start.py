"""MP4 and MOV whose index comes first come out so, in one file without a name.

Of ``pielight.video``: ``fast_start``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pielight.io.provenance_checksum import is_unmodified
from pielight.video.fast_start import has_index_first
from tests.video.clips import Clip, contents
from tests.video.conftest import Enhance


@pytest.mark.parametrize("name", ["night.mp4", "night.mov"])
def test_an_index_that_comes_first_stays_there(name: str, tmp_path: Path, enhance: Enhance) -> None:
    for flags, is_first in (("faststart", True), ("use_metadata_tags", False)):
        source = Clip(name, audio="aac", frames=40, container={"movflags": flags}).make(tmp_path)
        target = tmp_path / f"bright_{name}"
        enhance(source, target)
        assert has_index_first(source) == has_index_first(target) == is_first
        assert contents(target).times == contents(source).times
        assert is_unmodified(target)
        target.unlink()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\0\0\0\x10ftypmp42\0\0\0\0\0\0\0\x08moov", True),
        (b"\0\0\0\1free\0\0\0\0\0\0\0\x14abcd\0\0\0\x08moov", True),
        (b"\0\0\0\x08mdat\0\0\0\x08moov", False),
        (b"\0\0\0\2free\0\0\0\x08moov", False),
        (b"\0\0\0\1free\0", False),
        (b"", False),
    ],
)
def test_where_the_index_is(data: bytes, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "night.mp4"
    path.write_bytes(data)
    assert has_index_first(path) == expected
