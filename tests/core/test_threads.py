import threading

import pytest

from pielight.core.threads import check_threads, share_rows
from pielight.errors import PielightError

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


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_numbers_of_threads_that_make_no_sense_are_refused(threads: object) -> None:
    with pytest.raises(PielightError, match="must be a whole number, at least 1"):
        check_threads(threads)  # type: ignore[arg-type]


def test_all_rows_are_done_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    rows: list[int] = []
    share_rows(lambda top, bottom: rows.extend(range(top, bottom)), 100, 1 << 24, 4)
    assert sorted(rows) == list(range(100))
