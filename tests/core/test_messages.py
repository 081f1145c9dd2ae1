"""Lists in messages stay short, and a misspelled name is suggested."""

from __future__ import annotations

from pielight.core.messages import counted, few, nearest


def test_few() -> None:
    assert few([]) == ""
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few(range(10), 2) == "0, 1 and 8 more"
    assert "\n" not in few(["a\nb"])


def test_counts_and_names() -> None:
    assert [counted(number) for number in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
    assert nearest("PSNR", ["psnr", "ssim"]) == "did you mean psnr?"
    assert nearest("zzz", iter(["psnr", "ssim"])) == "known are psnr, ssim"
