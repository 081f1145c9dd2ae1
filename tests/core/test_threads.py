import threading

import pytest

from pielight.core.threads import share_rows

MUCH = 1 << 30


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("height", [1, 2, 7, 1000])
def test_every_row_once(height: int, threads: int) -> None:
    done: list[int] = []
    share_rows(lambda top, bottom: done.extend(range(top, bottom)), height, MUCH, threads)
    assert sorted(done) == list(range(height))


def test_little_work_stays_in_the_calling_thread() -> None:
    seen: set[int] = set()
    share_rows(lambda top, bottom: seen.add(threading.get_ident()), 100, 1000, 8)
    assert seen == {threading.get_ident()}


@pytest.mark.parametrize("error", [IndexError, ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_band_raises_is_raised(error: type[BaseException], threads: int) -> None:
    def band(top: int, bottom: int) -> None:
        if bottom > 500:
            raise error

    with pytest.raises(error):
        share_rows(band, 1000, MUCH, threads)
