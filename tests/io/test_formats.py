"""Extensions of pictures and of results."""

from pathlib import Path

from pielight.io.formats import EXTENSIONS, FORMATS, RAW, WRITABLE, result_suffix


def test_every_extension_can_be_written_or_has_another_for_its_result() -> None:
    for suffix, file_format in EXTENSIONS.items():
        assert bool(FORMATS[file_format].modes) == (file_format != RAW)
        assert result_suffix(Path(f"a{suffix}")) == (".tif" if file_format == RAW else suffix)
    assert result_suffix(Path("a.heic"), "JPEG") == ".jpg"
    assert result_suffix(Path("a.JPEG"), "JPEG") == ".JPEG"
    assert result_suffix(Path("a"), "TIFF") == ".tif"


def test_what_can_be_written_is_named_for_the_user_and_has_its_extension() -> None:
    assert {name for name, _ in WRITABLE.values()} == {*FORMATS} - {RAW}
    for name, extension in WRITABLE.values():
        assert EXTENSIONS[extension] == name
