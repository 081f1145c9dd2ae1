import json
from pathlib import Path

import pytest

from pielight.core.json_file import read_json, write_json


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"psnr": [float("inf"), float("nan"), 2.5], "name": "caf\udce9", 3: ("x", None)})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail)["psnr"] == ["inf", "nan", 2.5]
    assert read_json(tmp_path / "a.json") == {"psnr": ["inf", "nan", 2.5], "name": "caf\udce9", "3": ["x", None]}


@pytest.mark.parametrize(
    ("content", "reason"), [(b"[" * 200_000, "nested too deeply"), (b'"\xff"', "UTF-8"), (b"{", "Expecting")]
)
def test_what_is_wrong_is_said_in_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as info:
        read_json(path)
    assert "\n" not in str(info.value)


def test_a_limit_of_size_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'"' + b"a" * (1 << 20) + b'"')
    assert len(read_json(path)) == 1 << 20
    with pytest.raises(ValueError, match="larger than 1 MB"):
        read_json(path, 1 << 20)
