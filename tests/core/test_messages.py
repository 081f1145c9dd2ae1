"""Phrases of messages."""

from __future__ import annotations

from pielight.core.messages import counted, few, nearest, shown


def test_what_cannot_be_printed_is_not_listed_as_it_is() -> None:
    assert few(["a\x1b[2J", "b"]) == "a?[2J, b"
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(list("abcdef"), 5) == "a, b, c, d, e and 1 more"


def test_numbers_and_suggestions() -> None:
    assert [counted(number) for number in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
    assert nearest("PSNR", {"psnr": 1, "ssim": 2}) == "did you mean psnr?"
    assert nearest("zzz", {"psnr": 1, "ssim": 2}) == "known are psnr, ssim"


def test_names_stay_on_one_line() -> None:
    assert shown("a\r\n\x1b[2Jb.jpg") == "a???[2Jb.jpg"
