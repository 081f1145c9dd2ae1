"""Results that exist: the same command continues, another one replaces them, and no work is lost."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, PngImagePlugin

from pielight.cli import main
from pielight.io.provenance import read_record
from pielight.io.provenance_checksum import is_unmodified


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).integers(5, 60, (40, 60, 3), np.uint8)
    for name in ("a.jpg", "b.png", "c.bmp"):
        Image.fromarray(values).save(name)
    return tmp_path


def invoke(*words: str, **more: bytes) -> Result:
    return CliRunner().invoke(main, list(words), **more)  # type: ignore[arg-type]


def strength(path: str) -> str:
    record = read_record(Path(path))
    return "" if record is None else dict(record.options)["Strength"]


def test_other_options_replace_results(folder: Path) -> None:
    assert invoke("a.jpg", "b.png", "--strength", "0.6").exit_code == 0
    before = Path("a_pie.jpg").read_bytes()
    again = invoke("a.jpg", "b.png", "--strength", "0.6")
    assert "2 skipped" in again.stderr
    assert Path("a_pie.jpg").read_bytes() == before
    planned = invoke("a.jpg", "--strength", "1.2", "--dry-run")
    assert planned.stdout == "a.jpg -> a_pie.jpg (replaced: strength 0.6, now 1.2)\n"
    other = invoke("a.jpg", "b.png", "--strength", "1.2")
    assert "a.jpg: replaced: strength 0.6, now 1.2\n" in other.stderr
    assert "2 enhanced" in other.stderr
    assert (strength("a_pie.jpg"), strength("b_pie.png")) == ("1.2", "1.2")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (["--quality", "60"], "no quality, now 60"),
        (["--highlights", "0.1"], "highlights 0, now 0.1"),
        (["--no-auto"], "auto True, now False"),
        (["--model", "free"], "model pie, now free"),
        (["--denoise", "1"], "denoise auto, now 1"),
    ],
)
def test_every_option_counts(folder: Path, option: list[str], told: str) -> None:
    assert invoke("a.jpg").exit_code == 0
    assert told in invoke("a.jpg", *option).stderr
    assert "1 skipped" in invoke("a.jpg", *option).stderr


def test_strength_0_and_back(folder: Path) -> None:
    for words, told in (([], "1 enhanced"), (["--strength", "0"], "1 enhanced"), (["--strength", "0"], "1 skipped")):
        assert told in invoke("a.jpg", *words).stderr
    assert Path("a_pie.jpg").read_bytes() == Path("a.jpg").read_bytes()
    assert "replaced: it was a copy" in invoke("a.jpg").stderr
    assert strength("a_pie.jpg") == "1"


def test_what_holds_no_record_is_kept(folder: Path) -> None:
    assert invoke("c.bmp").exit_code == 0
    before = Path("c_pie.bmp").read_bytes()
    assert "1 skipped" in invoke("c.bmp", "--strength", "0.2").stderr
    assert Path("c_pie.bmp").read_bytes() == before
    Image.new("RGB", (9, 9)).save("b_pie.png")  # somebody else's
    assert "1 skipped" in invoke("b.png").stderr
    assert Image.open("b_pie.png").size == (9, 9)


def test_what_another_program_has_changed_is_kept(folder: Path) -> None:
    assert invoke("b.png").exit_code == 0
    data = Path("b_pie.png").read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        packet = image.info["xmp"].decode() if isinstance(image.info["xmp"], bytes) else image.info["xmp"]
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.replace(' pielight:Version="', "\n  pielight:Version = '", 1)
                      .replace('" pielight:', "'\n pielight:", 1))  # fmt: skip
        image.save("b_pie.png", pnginfo=text)
    before = Path("b_pie.png").read_bytes()
    told = invoke("b.png", "--strength", "0.5").stderr
    assert "1 skipped" in told
    assert "another program has changed it since (strength 1, now 0.5)" in told
    assert Path("b_pie.png").read_bytes() == before


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "gif", "avif"])
def test_what_another_program_has_changed_but_for_the_record_is_kept(folder: Path, suffix: str) -> None:
    Image.open("b.png").save(f"d.{suffix}")
    assert invoke(f"d.{suffix}").exit_code == 0
    with Image.open(f"d_pie.{suffix}") as result:
        smaller = result.crop((0, 0, 30, 20))
        packet = result.info.get("xmp", b"")
    result_bytes = Path(f"d_pie.{suffix}").read_bytes()
    assert is_unmodified(Path(f"d_pie.{suffix}"))
    for place in (len(result_bytes) // 2, len(result_bytes) - 1):  # one byte, as of an orientation in its place
        changed = bytearray(result_bytes)
        changed[place] ^= 1
        Path(f"d_pie.{suffix}").write_bytes(changed)
        assert not is_unmodified(Path(f"d_pie.{suffix}"))
    if suffix in ("jpg", "webp", "avif"):
        smaller.save(f"d_pie.{suffix}", xmp=packet)
    told = invoke(f"d.{suffix}", "--strength", "0.5").stderr
    assert "1 skipped" in told
    assert "another program has changed it since" in told


def test_a_result_without_a_record_says_so(folder: Path) -> None:
    full = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"x" * 65_300 + b"</x:xmpmeta>"
    Image.open("a.jpg").save("full.jpg", xmp=full)
    made = invoke("full.jpg", "--report", "run.jsonl")
    assert "full.jpg: no record of what made it: the XMP has no place for one" in made.stderr
    (line,) = (json.loads(text) for text in Path("run.jsonl").read_text().splitlines() if '"picture"' in text)
    assert line["record"]["Strength"] == "1"
    assert "without a record of its options" in invoke("full.jpg", "--strength", "0.5").stderr


def test_a_result_of_another_picture_is_kept(folder: Path) -> None:
    Path("one").mkdir()
    Path("two").mkdir()
    shutil.copy("a.jpg", "one/a.jpg")
    Image.new("RGB", (20, 30), (20, 20, 20)).save("two/a.jpg")
    assert invoke("one", "-o", "out/").exit_code == 0
    before = Path("out/a.jpg").read_bytes()
    told = invoke("two", "-o", "out/", "--strength", "0.5").stderr
    assert "of another picture" in told
    assert Path("out/a.jpg").read_bytes() == before


def test_a_stream_goes_by_the_same_rule(folder: Path) -> None:
    data = Path("a.jpg").read_bytes()
    for words, told in (([], "[1/1] out.jpg ("), ([], "skipped"), (["--strength", "0.5"], "replaced")):
        assert told in invoke("-", "-o", "out.jpg", *words, input=data).stderr
    assert strength("out.jpg") == "0.5"
    assert "1 skipped" in invoke("a.jpg", "-o", "out.jpg", "--strength", "0.5").stderr


def test_results_in_a_tree_are_not_brightened_again(folder: Path) -> None:
    assert invoke("a.jpg", "b.png", "-o", "bright/").exit_code == 0
    again = invoke(".", "-r", "-o", "more/")
    assert "2 results of pielight left out" in again.stderr
    assert sorted(path.name for path in Path("more").rglob("*.*")) == ["a.jpg", "b.png", "c.bmp"]
    only = invoke("bright", "-o", "more/")
    assert only.exit_code == 2
    assert "2 results of pielight left out; name a file" in only.stderr
    dehazed = invoke("bright", "-o", "clear/", "--task", "dehaze")  # another task is no second time
    assert "2 enhanced" in dehazed.stderr
    named = invoke("bright/a.jpg", "-o", "twice.jpg")
    assert "bright/a.jpg: a result of pielight already, now enhanced once more\n" in named.stderr


def test_results_beside_their_photos_are_no_news(folder: Path) -> None:
    assert invoke(".").exit_code == 0
    assert "left out" not in invoke(".").stderr
