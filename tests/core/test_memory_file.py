import os

import pytest

from pielight.core.memory_file import memory_file


@pytest.mark.parametrize("has_memory", [True, False])
def test_it_has_a_descriptor_and_starts_empty(has_memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    with memory_file() as file:
        assert file.fileno() >= 0
        assert file.read() == b""
        file.write(b"abc")
        file.seek(0)
        assert file.read() == b"abc"
