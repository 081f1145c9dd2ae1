"""What made a result is recorded in its XMP, and nothing else of the packet changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pielight.enhancer import Enhancer
from pielight.inference.pipeline_files import SaveOptions
from pielight.io.codecs.jpeg.segments import APP1, Segment
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.xmp import JPEG_HEAD, read_packet, with_description
from pielight.io.provenance import (
    NAMESPACE,
    Record,
    fingerprint,
    parse_record,
    read_fingerprint,
    read_record,
    with_record,
    without_record,
)  # fmt: skip
from pielight.io.provenance_checksum import is_unmodified
from pielight.options import EnhanceOptions
from tests.io import samples
from tests.io.functions import changed_bytes

KINDS = ("rgb.jpg", "rgb.png", "rgb_16.png", "lossy.webp", "lossless.webp", "rgb.tif", "rgb_16.tif", "palette.gif",
         "rgb.avif", "rgb.heic", "cmyk.jpg")  # fmt: skip
RECORD = Record.of("9.9.0", Task="brighten", Strength=0.6, Model='odd "name" & <tag>')
PACKET = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    '<r:Description r:about="uuid:1" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/>\n'
    f"</r:RDF></x:xmpmeta>{' ' * 3000}\n<?xpacket end='w'?>"
).encode()


def unchanged(pixels: Any, out: Any = None) -> Any:
    return pixels


def written(name: str) -> bytes:
    """A file of a kind, gone through the pipeline with a record."""
    return changed_bytes(samples.sample(name), unchanged, 1.0, record=RECORD, name=name)[0]


@pytest.mark.parametrize("name", KINDS)
def test_every_format_that_holds_xmp_holds_the_record(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(written(name))
    assert read_record(path) == replace(RECORD, source=fingerprint(samples.sample(name)))
    again = changed_bytes(path.read_bytes(), unchanged, 1.0, record=RECORD)[0]
    path.write_bytes(again)
    packet = read_packet(path) or b""
    assert packet.count(NAMESPACE.encode()) == 1  # the newer one in place of the older
    assert parse_record(packet) == replace(RECORD, source=fingerprint(written(name)))


@pytest.mark.parametrize("name", KINDS)
def test_a_cut_file_holds_no_record(name: str, tmp_path: Path) -> None:
    path, whole = tmp_path / name, samples.sample(name)
    for length in range(64):
        path.write_bytes(whole[:length])
        assert read_record(path) is None


@pytest.mark.parametrize("name", ["rgb.jpg", "rgb.png", "lossy.webp", "rgb.tif", "rgb.avif", "rgb.heic"])
def test_it_is_found_in_large_files(name: str, tmp_path: Path) -> None:
    noise = Image.effect_noise((900, 700), 80).convert("RGB")
    suffix = name.rpartition(".")[2]
    file_format = {"jpg": "JPEG", "tif": "TIFF", "heic": "HEIF"}.get(suffix, suffix.upper())
    data = samples.saved(noise, file_format)
    path = tmp_path / name
    path.write_bytes(changed_bytes(data, unchanged, 1.0, record=RECORD, name=name)[0])
    assert read_record(path) == replace(RECORD, source=fingerprint(data))


@pytest.mark.parametrize("name", KINDS)
def test_results_are_sealed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(written(name))
    assert is_unmodified(path)
    with path.open("ab") as file:
        file.write(b"x")
    assert not is_unmodified(path)


def test_a_packet_keeps_its_other_bytes_and_its_length() -> None:
    made = with_record(Metadata(xmp=PACKET), RECORD).xmp or b""
    assert len(made) == len(PACKET)
    head = PACKET.partition(b"</r:RDF>")[0]
    assert made.startswith(head + b"<rdf:Description")
    assert b'rdf:about="uuid:1"' in made  # all descriptions of a packet are about one thing
    assert made.endswith(b"\n<?xpacket end='w'?>")
    ET.fromstring(made.decode())
    assert without_record(made).replace(b" ", b"") == PACKET.replace(b" ", b"")


def test_a_packet_without_a_place_stays() -> None:
    assert with_record(Metadata(xmp=b"no XMP"), RECORD) == Metadata(xmp=b"no XMP")
    assert b"five stars<rdf:RDF" in with_description(samples.XMP, b"<a/>")


def test_long_runs_take_no_time() -> None:
    start = time.process_time()
    for run in (b"x" * 1_000_000, b" " * 1_000_000, b"<a " * 300_000, b":about" * 100_000):
        with_record(Metadata(xmp=PACKET.replace(b"</r:RDF>", NAMESPACE.encode() + run + b"</r:RDF>")), RECORD)
    assert time.process_time() - start < 5  # minutes, where a pattern begins anew at every byte of a run


def test_an_empty_graph_is_a_place() -> None:
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r" /></x:xmpmeta>'
    assert b'<rdf:RDF xmlns:rdf="r" ><a/></rdf:RDF>' in with_description(packet, b"<a/>")


def test_a_packet_that_fills_its_segment_stays() -> None:
    full = PACKET.replace(b" " * 3000, b"") + b"x" * 65_000
    segments = (Segment(APP1, JPEG_HEAD + full),)
    assert with_record(Metadata(xmp=full, segments=segments), RECORD).segments == segments


def test_a_record_that_another_program_reformatted_is_read_and_replaced() -> None:
    spread = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description rdf:about="" '
        f"xmlns:pielight='{NAMESPACE}' pielight:Version='1.0'><pielight:Strength>0.5</pielight:Strength>\n"
        "<other>x</other></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    found = parse_record(spread)
    assert found is not None
    assert (found.version, found.options, found.is_verbatim) == ("1.0", (("Strength", "0.5"),), False)
    again = parse_record(with_record(Metadata(xmp=spread), RECORD).xmp)
    assert again is not None
    assert again.options == RECORD.options


def test_options_decide_and_not_the_version() -> None:
    assert RECORD.has_same_options(Record("1.0", RECORD.options))
    other = Record.of("9.9.0", Task="brighten", Strength=1, Model='odd "name" & <tag>')
    assert not RECORD.has_same_options(other)
    assert RECORD.differences(other) == "strength 0.6, now 1"


def test_a_run_records_its_options(enhancer: Enhancer, tmp_path: Path) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(samples.sample("rgb.jpg"))
    enhancer.enhance_and_save(source, target, EnhanceOptions(0.5, 0.25, auto=enhancer.auto), SaveOptions(quality=80))
    record = read_record(target)
    assert record == replace(
        enhancer.record(EnhanceOptions(0.5, 0.25, auto=enhancer.auto), 80), source=read_fingerprint(source)
    )
    options = dict(record.options)
    assert (options["Strength"], options["Highlights"], options["Quality"]) == ("0.5", "0.25", "80")
    assert options["ModelSHA256"] == enhancer.model.sha256()
    assert record.is_verbatim
    enhancer.enhance_and_save(source, tmp_path / "c.jpg", EnhanceOptions(0))
    assert (tmp_path / "c.jpg").read_bytes() == source.read_bytes()


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
@pytest.mark.parametrize("name", ["rgb.jpg", "rgb.png", "lossy.webp", "rgb.tif", "rgb.heic", "rgb.avif", "palette.gif"])
def test_exiftool_reads_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(written(name))
    command = ["exiftool", "-j", "-XMP:all", "-validate", "-warning", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    assert (found["Version"], found["Strength"], found["Model"]) == ("9.9.0", 0.6, 'odd "name" & <tag>')
    assert "Warning" not in found


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + b"\xff" * 30, b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff"]
)  # fmt: skip
def test_damaged_files_have_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    assert read_record(tmp_path / "a") is None
    assert read_record(tmp_path / "missing") is None
    assert read_record(tmp_path) is None
