import threading

import pytest

from pielight.core.threads import check_threads, meanwhile, share_rows
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


def refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_all_rows_are_done_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse)
    rows: list[int] = []
    share_rows(lambda top, bottom: rows.extend(range(top, bottom)), 100, 1 << 24, 4)
    assert sorted(rows) == list(range(100))


def fails() -> None:
    raise ValueError("broken")


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_made_meanwhile_is_made_once(threads: int) -> None:
    made: list[int] = []

    def call() -> int:
        made.append(threading.get_ident())
        return 7

    result = meanwhile(call, threads)
    assert (result(), result(), len(made)) == (7, 7, 1)
    assert (made[0] == threading.get_ident()) is (threads == 1)
    failed = meanwhile(fails, threads)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            failed()


def test_with_one_thread_nothing_is_made_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    meanwhile(lambda: made.append(1), threads=1)
    assert not made
    monkeypatch.setattr(threading.Thread, "start", refuse)
    result = meanwhile(lambda: made.append(1), threads=2)
    assert not made
    result()
    assert made == [1]
