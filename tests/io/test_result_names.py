"""Names of results, and the pictures that they were made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from pielight.errors import PictureError
from pielight.io.result_names import origin, result_beside, suffix_of_result


@pytest.mark.parametrize("name", ["a.jpg", "b.PNG", "c d.webp", "x.tar.tif", "a\nb.bmp"])
def test_a_result_leads_back_to_its_picture(name: str) -> None:
    result = result_beside(Path("trip") / name)
    assert result.parent == Path("trip")
    assert result.suffix == Path(name).suffix
    assert origin(result) == Path(name).stem


def test_formats() -> None:
    assert suffix_of_result(Path("a.jpg"), "PNG") == ".png"
    assert result_beside(Path("a.nef")).name == "a_pie.tif"
    with pytest.raises(PictureError, match="no picture"):
        result_beside(Path("/"))
