import threading
import time

from pielight.core.time_limit import time_limit


def test_work_that_takes_too_long_is_stopped() -> None:
    stopped = threading.Event()
    with time_limit(0.05, stopped.set) as limit:
        end = time.monotonic() + 10
        while not stopped.is_set() and time.monotonic() < end:
            pass
    assert limit.is_over
    assert stopped.is_set()


def test_waiting_is_not_work(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    calls: list[int] = []
    with time_limit(0.1, lambda: calls.append(1)) as limit:
        time.sleep(0.3)
    assert (limit.is_over, calls) == ((False, []) if hasattr(time, "pthread_getcpuclockid") else (True, [1]))


def test_elapsed_time_counts_without_the_clock_of_a_thread(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    stopped = threading.Event()
    with time_limit(0.05, stopped.set) as limit:
        assert stopped.wait(10)
    assert limit.is_over


def test_no_thread_is_left() -> None:
    with time_limit(60, lambda: None):
        assert any(thread.name == "pielight-limit" for thread in threading.enumerate())
    assert all(thread.name != "pielight-limit" for thread in threading.enumerate())
