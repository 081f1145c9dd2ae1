"""Each error is also the built-in one that fits, and callers who know nothing of pielight catch it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pielight
from pielight import errors
from pielight.core.atomic_file import read_file, write_atomic


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.OptionError, ValueError),
        (errors.ModelError, ValueError),
        (errors.DeviceError, ValueError),
        (errors.ConfigError, ValueError),
        (errors.DataError, ValueError),
        (errors.PictureError, OSError),
        (errors.ServiceError, OSError),
        (errors.ExistsError, FileExistsError),
        (errors.MissingFileError, FileNotFoundError),
        (errors.MissingExtraError, ImportError),
    ],
)
def test_an_error_is_a_built_in_one_too(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, errors.PielightError)
    assert issubclass(error, builtin)


def test_bad_arguments_are_value_errors(tmp_path: Path) -> None:
    for bad in (lambda: pielight.enhance(np.zeros((4, 4)), 9.0), lambda: pielight.enhance(np.zeros(4))):
        with pytest.raises(ValueError, match=r"strength 9\.0|shape"):
            bad()
    with pytest.raises(ValueError, match="no such model"):
        pielight.Enhancer(tmp_path / "none.onnx")


def test_files_raise_os_errors_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"none\.jpg: no such file$"):
        read_file(tmp_path / "none.jpg")
    with pytest.raises(OSError, match=r": a folder, not a picture$"):
        read_file(tmp_path)
    with pytest.raises(OSError, match=r": a folder; name a file$"):
        write_atomic(tmp_path, b"x")
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(FileExistsError, match=r"a\.png: the file exists and is kept$"):
        write_atomic(tmp_path / "a.png", b"x", "skip")


def test_what_goes_wrong_while_a_file_is_written_keeps_its_type(tmp_path: Path) -> None:
    from pielight.core.atomic_file import open_atomic

    def write() -> None:
        with open_atomic(tmp_path / "a.png"):
            raise errors.ModelError("m.onnx: damaged")

    with pytest.raises(errors.ModelError, match=r"^m\.onnx: damaged$"):
        write()
    assert not (tmp_path / "a.png").exists()
