from pielight.core.progress import Progress, track


def clock(*times: float):  # type: ignore[no-untyped-def]
    left = list(times)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_a_total_that_is_not_known_has_no_time_left() -> None:
    progress = Progress(clock=clock(0, 5))
    assert str(progress) == "0"
    progress.step()
    assert str(progress) == "1"
    assert progress.left(2) == "10 s left"


def test_nothing_is_left_at_the_end() -> None:
    progress = Progress(1, clock(0, 5))
    progress.step()
    assert (progress.done, progress.left(), str(progress)) == (1, "", "1 of 1")


def test_items_pass_with_lines_now_and_then() -> None:
    lines: list[str] = []
    assert list(track("abc", 3, "reading", lines.append, every=5, clock=clock(0, 0, 10, 10, 10, 12))) == ["a", "b", "c"]
    assert lines == ["reading: 1 of 3, 20 s left"]
