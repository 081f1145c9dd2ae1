import io

import pytest

from pielight.io.file_view import FileView

DATA = bytes(range(100))


@pytest.mark.parametrize(
    "span", [slice(0, 5), slice(95, 300), slice(None, 3), slice(98, None), slice(7, 2), slice(200, 300)]
)
def test_a_view_is_sliced_like_bytes(span: slice) -> None:
    for start in (0, 10, 100, 200):
        view = FileView(io.BytesIO(DATA), start)
        assert len(view) == len(DATA[start:])
        assert view[span] == DATA[start:][span]
