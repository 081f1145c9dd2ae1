"""Sensor's values that are not there: an error, never a picture of whatever is in memory."""

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rawpy

from pielight.errors import PictureError
from pielight.io.codecs.raw.integrity import check_sensor
from pielight.io.decode import decode
from tests.io import samples

START = 4096  # of the values in these files
WHOLE: dict[str, Callable[[], bytes]] = {
    "plain.dng": samples.dng,
    "strips.dng": lambda: samples.dng(parts=4),
    "coded.dng": lambda: samples.dng(coded=True),
    "tiles.dng": lambda: samples.dng(parts=4, coded=True),
    "4.rw2": samples.rw2,
    "5.rw2": lambda: samples.rw2(coding=5),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_developed(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert decode(WHOLE[name](), name).format == "RAW"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("there", [0, 0.02, 0.3, 0.8])
@pytest.mark.parametrize("name", WHOLE)
def test_cut_files_are_an_error(name: str, there: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = WHOLE[name]()
    with pytest.raises(PictureError, match=rf"^{name}: cut RAW file: [0-9,]+ of [0-9,]+ bytes$"):
        decode(data[: START + int(there * (len(data) - START))], name)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("coded", [True, False])
def test_a_strip_far_shorter_than_its_picture(coded: bool) -> None:
    data = bytearray(samples.dng(3516, 2328, coded=coded))
    tag, kind, count = 325 if coded else 279, 4, 1
    place = data.index(struct.pack("<HHL", tag, kind, count))
    struct.pack_into("<L", data, place + 8, 192)
    with pytest.raises(PictureError, match=r"a\.dng: cut RAW file: 192 of"):
        decode(bytes(data[: START + 192]), "a.dng")


def test_zeros_in_place_of_a_tile(capfd: pytest.CaptureFixture[str]) -> None:
    data = samples.dng(parts=4, coded=True)
    place = data.index(b"\xff\xd8", START + 2)
    with pytest.raises(PictureError, match=rf"a\.dng: damaged RAW file: no sensor's values at byte {place:,}"):
        decode(data[:place] + bytes(len(data) - place), "a.dng")


def test_what_libraw_says_is_damaged_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Complaining(rawpy.RawPy):  # type: ignore[misc]
        def unpack(self) -> None:
            super().unpack()
            os.write(2, b"unknown file: data corrupted at 4711\nnot LibRaw's\n")

    def imread(file: io.BytesIO) -> rawpy.RawPy:
        raw = Complaining()
        raw.open_buffer(file)
        return raw

    monkeypatch.setattr(rawpy, "imread", imread)
    with pytest.raises(PictureError, match=r"^a\.dng: damaged RAW file \(LibRaw: data corrupted at 4711\)$"):
        decode(samples.dng(), "a.dng")
    assert capfd.readouterr().err == "not LibRaw's\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows closes what others have open")
@pytest.mark.parametrize("cut", [False, True])
def test_standard_error_may_be_closed_or_another_file(cut: bool, tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(samples.dng()[: 9000 if cut else None])
    script = """
import os
from pathlib import Path
from pielight.errors import PictureError
from pielight.io.decode import decode
os.close(2)
data = Path("a.dng").read_bytes()
def tried():
    try:
        return str(decode(data, "a.dng").pixels.shape)
    except PictureError as error:
        return str(error)
print(tried())
number = os.open("other", os.O_RDWR | os.O_CREAT)  # takes the number of standard error
print(number, tried())
os.write(number, b"mine")
"""
    printed = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    outcome = "a.dng: cut RAW file: 9,000 of 16,384 bytes" if cut else "(64, 96, 3)"
    assert printed.stdout.splitlines() == [outcome, f"2 {outcome}"]
    assert (tmp_path / "other").read_text() == "mine"


def box(kind: bytes, content: bytes, claimed: int | None = None) -> bytes:
    return struct.pack(">L4s", claimed or 8 + len(content), kind) + content


CONTAINERS = {
    "Canon's CR3": box(b"ftyp", b"crx ") + box(b"moov", bytes(100)) + box(b"mdat", bytes(5000)),
    "Canon's CR3 with a long box": box(b"ftyp", b"crx ") + box(b"mdat", struct.pack(">Q", 5016) + bytes(5000), 1),
    "Fujifilm's RAF": b"FUJIFILMCCD-RAW ".ljust(100, b"\0") + struct.pack(">2L", 200, 5000) + bytes(5092),
    "Minolta's MRW": b"\0MRM" + bytes(96 * 64 * 3 // 2),
    "Arri's": b"ARRI" + bytes(96 * 64 * 3 // 2),
    "of a kind without a layout known here": bytes(96 * 64 // 8),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_other_layouts(name: str) -> None:
    data = CONTAINERS[name]
    check_sensor(data, 96, 64)
    with pytest.raises(PictureError, match="cut RAW file"):
        check_sensor(data[:-16], 96, 64)


def test_what_else_a_file_says() -> None:
    """Places in no picture of the sensor, or that nobody goes by, are not held against a file."""
    thumbnail = [(256, 4, 1, samples.long(10)), (257, 4, 1, samples.long(10)), (259, 3, 1, samples.short(1))]
    far = [(273, 4, 1, samples.long(1 << 30)), (279, 4, 1, samples.long(300))]
    first = b"II*\0" + samples.long(8) + samples.directory([*thumbnail, *far], 8)
    second = [(273, 4, 1, samples.long(4096)), (279, 4, 1, samples.long(6000))]
    data = bytearray(first + samples.directory(second, len(first)))
    struct.pack_into("<L", data, 8 + 2 + 12 * 5, len(first))
    check_sensor(bytes(data).ljust(4096 + 6000, b"\0"), 96, 64)
    with pytest.raises(PictureError, match="10,000 of 10,096 bytes"):
        check_sensor(bytes(data).ljust(10_000, b"\0"), 96, 64)
