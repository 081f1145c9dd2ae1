"""The extra that a picture needs is found from the head of its file; see also the tests of extras."""

from pathlib import Path

import pytest

from pielight.errors import MissingExtraError, PictureError
from pielight.io import required_extra
from pielight.io.required_extra import require_readers
from tests.io import samples


@pytest.mark.parametrize(
    ("name", "extra"),
    [("rgb.heic", "heif"), ("night.dng", "raw"), ("rgb_16.png", "deep"), ("rgb.png", ""), ("rgb.tif", ""), ("a", "")],
)
def test_the_extra_of_a_picture(name: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise MissingExtraError(name, name)

    path = tmp_path / name
    known = {"night.dng": samples.dng, "a": lambda: b"\0" * 40}
    path.write_bytes(known[name]() if name in known else samples.sample(name))  # type: ignore[operator]
    monkeypatch.setattr(required_extra, "require", missing)
    if not extra:
        require_readers([path])
        return
    with pytest.raises(PictureError, match=rf"{name}: .*{extra}"):
        require_readers([path])


def test_a_file_that_cannot_be_read_is_left_to_its_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise MissingExtraError(name, name)

    (tmp_path / "empty.png").write_bytes(b"")
    monkeypatch.setattr(required_extra, "require", missing)
    require_readers([tmp_path / "empty.png", tmp_path / "nowhere.png"])
