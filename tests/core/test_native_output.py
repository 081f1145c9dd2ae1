import os
import threading

import pytest

from pielight.core.native_output import SharedCatch, caught_stderr


def is_chatter(line: bytes) -> bool:
    return line.startswith(b"lib: ")


def test_lines_of_the_library_are_caught_and_others_are_printed_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    with caught_stderr(is_chatter) as printed:
        os.write(2, b"lib: noise\nother\n")
        assert capfd.readouterr().err == ""
        printed.seek(0)
        assert printed.read() == b"lib: noise\nother\n"
    assert capfd.readouterr().err == "other\n"


def test_the_screen_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), caught_stderr(is_chatter):
        raise ValueError("broken")
    os.write(2, b"lib: later\n")
    assert capfd.readouterr().err == "lib: later\n"


def test_threads_share_one_catch(capfd: pytest.CaptureFixture[str]) -> None:
    catch, both = SharedCatch(is_chatter), threading.Barrier(2, timeout=10)
    seen: list[bytes] = []

    def work(number: int) -> None:
        with catch() as printed:
            both.wait()
            os.write(2, b"lib: %d\n" % number)
            both.wait()
            seen.append(printed())
            both.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sorted(output.splitlines()) == [b"lib: 0", b"lib: 1"] for output in seen)
    assert capfd.readouterr().err == ""
