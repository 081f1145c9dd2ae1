"""Every frame of an animation is changed alike, and all else of it is kept.

Also tests :mod:`pielight.io.codecs.png.animation`.
"""

import io
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.inference.lattice import LatticeNetwork
from pielight.io import size_limits as sizes
from pielight.io.codecs.frame import Frame
from pielight.io.codecs.gif.blocks import gif_packet, layout, without_gif_packet
from pielight.io.codecs.heif.avif_animation import read_plays, write_plays
from pielight.io.codecs.png.chunks import png_chunks
from pielight.io.codecs.webp.chunks import chunks as webp_chunks
from pielight.io.decode import decode
from pielight.io.frames import decode_frames
from pielight.io.provenance import parse_record, without_record
from pielight.options import EnhanceOptions
from tests.io import animations, samples
from tests.io.animations import animated, frames

KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("GIF", "P", {}),
    ("GIF", "RGB", {"disposal": 2}),
    ("WEBP", "RGB", {"lossless": True}),
    ("WEBP", "RGBA", {"lossless": True, "exact": True}),
    ("PNG", "RGB", {"blend": 1}),
    ("PNG", "RGBA", {"disposal": [0, 1, 2, 0], "blend": 1}),
    ("PNG", "L", {"default_image": True}),
]


def flat(enhancer: Enhancer, model: Any, tmp_path: Path) -> Enhancer:
    """An enhancer whose curves are the same everywhere, so that a color has one result."""
    return Enhancer(model(tmp_path / "flat.onnx", np.full((1, 24, 2, 2), -0.3, np.float32)), threads=1)


def has_same_options(packet: bytes | None, enhancer: Enhancer) -> bool:
    """Say whether the record of what made a result is there, and true."""
    record = parse_record(packet)
    return record is not None and record.has_same_options(enhancer.record(EnhanceOptions(auto=enhancer.auto)))


@pytest.mark.parametrize(("file_format", "mode", "options"), KINDS)
def test_every_frame_gets_the_same_curves(
    enhancer: Enhancer, file_format: str, mode: str, options: dict[str, Any], save_model: Any, tmp_path: Path
) -> None:
    data = animated(file_format, mode, **options)
    result, note = flat(enhancer, save_model, tmp_path).enhance_bytes(data, EnhanceOptions(denoise=0))
    before, after = frames(data), frames(result)
    assert note == ""
    assert len(after) == len(before) == 4
    table: dict[tuple[int, int], int] = {}  # of (channel, level): any level becomes one other, in all frames
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old[..., 3], new[..., 3])
        if mode == "RGBA" and options.get("blend"):
            continue  # what is laid over something is mixed after it was changed
        seen = old[..., 3] > 0
        for channel in range(3):
            for level, became in set(zip(old[seen][:, channel].tolist(), new[seen][:, channel].tolist(), strict=True)):
                assert table.setdefault((channel, level), became) == became
    assert np.mean([frame[..., :3].mean() for frame in after]) > np.mean([frame[..., :3].mean() for frame in before])


@pytest.mark.parametrize(("file_format", "mode", "options"), KINDS)
def test_static_regions_do_not_flicker(
    enhancer: Enhancer, file_format: str, mode: str, options: dict[str, Any]
) -> None:
    data = animated(file_format, mode, **options)
    before, after = frames(data), frames(enhancer(data, denoise=0))
    for one in range(3):
        same = (before[one] == before[one + 1]).all(axis=2)
        assert same.mean() > (0.01 if file_format == "GIF" else 0.5)  # frames of a GIF have their own palettes
        assert np.array_equal(after[one][same], after[one + 1][same])


def test_noise_of_static_regions_does_not_flicker(enhancer: Enhancer) -> None:
    still = np.random.default_rng(0).normal(14, 4, (160, 200, 3)).clip(0, 255).astype(np.uint8)
    pictures = [still.copy() for _ in range(3)]
    for number, picture in enumerate(pictures):
        picture[4:24, 8 * number : 8 * number + 20] = 60  # more than the denoiser's reach away from what is compared
    shots = [Image.fromarray(picture) for picture in pictures]
    data = samples.saved(shots[0], "PNG", save_all=True, append_images=shots[1:])
    after, bare = frames(enhancer(data)), frames(enhancer(data, denoise=0))
    grain, left = (np.diff(each[0][80:, 90:, 1].astype(int), axis=1).std() for each in (bare, after))
    assert left < 0.3 * grain
    for one in range(2):
        assert np.array_equal(after[one][80:, 90:], after[one + 1][80:, 90:])


@pytest.mark.parametrize(("file_format", "mode", "options"), KINDS)
def test_times_and_loops_stay(enhancer: Enhancer, file_format: str, mode: str, options: dict[str, Any]) -> None:
    data = animated(file_format, mode, **options)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(enhancer(data))) as after:
        for number in range(4):
            before.seek(number)
            after.seek(number)
            for name in ("duration", "loop", "background", "disposal", "blend"):
                assert after.info.get(name) == before.info.get(name)
            assert getattr(after, "disposal_method", None) == getattr(before, "disposal_method", None)


def test_a_gif_is_changed_in_its_palettes_only(enhancer: Enhancer) -> None:
    data = animated("GIF", "P", comment=b"night", transparency=5, disposal=2, background=3)
    whole, found = enhancer(data), layout(data)
    assert has_same_options(gif_packet(whole), enhancer)
    result = without_gif_packet(whole)
    palettes = [part for part in (found.palette, *(own for _, _, own in found.frames)) if part]
    assert len(found.frames) == 4
    assert len(palettes) > 1
    for part in palettes:
        assert result[part] != data[part]
        data = data[: part.start] + result[part] + data[part.stop :]
    assert result == data


def test_a_gif_without_a_palette_gets_one(enhancer: Enhancer) -> None:
    bare = bytearray(animated("GIF", "L"))
    found = layout(bytes(bare))
    for part in reversed([part for part in (found.palette, *(own for _, _, own in found.frames)) if part]):
        flags = part.start - (3 if part.start == 13 else 1)
        bare[flags] &= 0x7F
        del bare[part]
    bare = bytes(bare)
    assert all(own is None for _, _, own in layout(bare).frames)
    before, after = frames(bare), frames(enhancer(bare))
    assert len(after) == 4
    assert all(new.mean() > old.mean() for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("depth", [1, 8])
def test_one_palette_of_an_animated_png(enhancer: Enhancer, depth: int) -> None:
    colors = np.array([[20, 30, 40], [90, 80, 60], [5, 5, 50], [99, 0, 9]], np.uint8)[: 2 if depth == 1 else 4]
    indexed = [np.random.default_rng(seed).integers(0, len(colors), (9, 14), np.uint8) for seed in range(3)]
    data = animations.apng(indexed, colors.tobytes(), depth, opacity=b"\xff\x80")
    result, note = enhancer.enhance_bytes(data)
    new = (b"PLTE", b"iTXt")  # the record of what made it
    kept = [part for part in png_chunks(data) if part[0] not in new]
    assert [part for part in png_chunks(result) if part[0] not in new] == kept
    assert note == ""
    after = np.frombuffer(dict(png_chunks(result))[b"PLTE"], np.uint8).reshape(-1, 3)
    assert (after.sum(axis=1) > colors.sum(axis=1)).all()


def test_16_bit_frames_stay_so(enhancer: Enhancer) -> None:
    values = samples.deep(3)
    result, note = enhancer.enhance_bytes(animations.deep_apng([values, values[:, ::-1], values]))
    parts = list(png_chunks(result))
    assert (note, parts[0][1][8:10], [kind for kind, _ in parts].count(b"fcTL")) == ("", b"\x10\2", 3)
    bodies = [content[4:] if kind == b"fdAT" else content for kind, content in parts if kind in (b"IDAT", b"fdAT")]
    assert bodies[0] == bodies[2] != bodies[1]


def test_a_hidden_first_picture_is_changed_too(enhancer: Enhancer) -> None:
    data = animated("PNG", "RGB", default_image=True)
    result = enhancer(data)
    kinds = [kind for kind, _ in png_chunks(result)]
    assert kinds.index(b"IDAT") < kinds.index(b"fcTL")
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(result)) as after:
        assert np.asarray(after).mean() > np.asarray(before).mean()


@pytest.mark.parametrize("file_format", ["AVIF", "GIF", "PNG", "WEBP"])
def test_frames_are_decoded_when_they_are_written(file_format: str) -> None:
    data = animated(file_format)
    first, file, decoded = decode(data), io.BytesIO(), []
    source = decode_frames(data, first, file_format, "a")
    assert source is not None

    def brighter() -> Iterator[Frame]:
        for frame in source:
            decoded.append(frame.number)
            yield replace(frame, pixels=np.minimum(frame.pixels, 127) * 2)

    processed = brighter()
    assert decoded == []
    source.write(file, processed, first, 90)
    assert decoded == [1, 2, 3, 4]
    for old, new in zip(frames(data), frames(file.getvalue()), strict=True):
        assert new[..., :3].mean() > old[..., :3].mean() * 1.5


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "TIFF", "WEBP"])
def test_frames_that_are_not_changed_stay(file_format: str) -> None:
    options = {"compression": "tiff_lzw"} if file_format == "TIFF" else {"lossless": True}
    data = animated(file_format, **options)
    first, file = decode(data), io.BytesIO()
    source = decode_frames(data, first, file_format, "a")
    assert source is not None
    assert source.write(file, source, first, None) == ""
    assert all(np.array_equal(*pair) for pair in zip(frames(data), frames(file.getvalue()), strict=True))


def test_only_the_first_frame_goes_to_another_format() -> None:
    data = animated("PNG")
    assert decode_frames(data, decode(data), "WEBP", "a") is None
    data = samples.saved(Image.new("RGB", (8, 8)), "PNG")
    assert decode_frames(data, decode(data), "PNG", "a") is None


def test_what_describes_an_animated_webp_stays(enhancer: Enhancer) -> None:
    exif = Image.Exif()
    exif[271] = "maker"
    kept = {"exif": exif.tobytes(), "xmp": samples.XMP, "icc_profile": b"a profile"}
    data = animated("WEBP", "RGBA", lossless=True, background=(1, 2, 3, 4), **kept)
    result = enhancer(data)
    with Image.open(io.BytesIO(result)) as image:
        assert (image.info["exif"], image.info["icc_profile"]) == (kept["exif"], kept["icc_profile"])
        assert has_same_options(image.info["xmp"], enhancer)
        assert without_record(image.info["xmp"]).startswith(samples.XMP[:-14])
    for kind in (b"VP8X", b"ANIM"):
        parts = [dict(webp_chunks(part, 12, len(part)))[kind] for part in (data, result)]
        assert data[parts[0]] == result[parts[1]]


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_another_format_takes_the_first_frame(enhancer: Enhancer, name: str, tmp_path: Path) -> None:
    source = tmp_path / f"night.{name.lower()}"
    source.write_bytes(animated(name))
    note = enhancer.enhance_and_save(source, tmp_path / "a.jpg").note
    assert note == "several pictures in the file: only the first is kept"
    assert enhancer.enhance_and_save(source, tmp_path / source.name.replace("night", "b")).note == ""
    assert (tmp_path / f"b.{name.lower()}").read_bytes() == enhancer(source.read_bytes())
    assert enhancer(source.read_bytes(), 0) == source.read_bytes()


@pytest.mark.parametrize("task", ["dehaze", "derain", "denoise"])
def test_other_changes_take_every_frame(task: str, haze_model: Path, rain_model: Path, bright_model: Path) -> None:
    data = animated("PNG")
    models = {"dehaze": haze_model, "derain": rain_model, "denoise": bright_model}
    enhancer = Enhancer(models[task], threads=1, auto=task != "dehaze", task="brighten" if task == "denoise" else task)
    result = enhancer(data, denoise=1.0 if task == "denoise" else 0.0)
    for old, new in zip(frames(data), frames(result), strict=True):
        assert not np.array_equal(old, new)


def test_the_curves_are_those_of_the_mean_of_what_is_not_black(
    save_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, predict = [], LatticeNetwork.predict

    def spied(self: LatticeNetwork, pixels: NDArray[Any], auto: bool = True) -> Any:
        seen.append(pixels)
        return predict(self, pixels, auto)

    monkeypatch.setattr(LatticeNetwork, "predict", spied)
    path = save_model(tmp_path / "m.onnx", np.full((1, 24, 2, 2), -0.3, np.float32))
    pictures = [Image.new("RGB", (64, 64), (level,) * 3) for level in (0, 20, 40)]
    Enhancer(path, threads=1)(samples.saved(pictures[0], "PNG", save_all=True, append_images=pictures[1:]))
    assert [pixels.shape for pixels in seen] == [(64, 64, 3)]
    assert abs(seen[0] - 30 / 255).max() < 1e-6


def test_a_cut_animation_names_the_frame(enhancer: Enhancer) -> None:
    for name in ("GIF", "PNG", "WEBP"):
        data = animated(name)
        with pytest.raises(PictureError, match=r"^a: (frame \d: )?damaged picture"):
            enhancer.enhance_bytes(data[: len(data) - 40], name="a")


def test_limits(enhancer: Enhancer, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (animated("GIF"), animated("PNG"), animated("WEBP")):
        with monkeypatch.context() as patch:
            patch.setattr(sizes, "MAX_FRAMES", 3)
            with pytest.raises(PictureError, match=r"^a: more than 3 frames; split it, or"):
                enhancer.enhance_bytes(data, name="a")
        with monkeypatch.context() as patch:
            patch.setattr(sizes, "MAX_FRAMES_PIXELS", 4800 * 4 - 1)
            with pytest.raises(PictureError, match=r"^a: 4 frames of 0 megapixels; the limit is"):
                enhancer.enhance_bytes(data, name="a")
        enhancer.enhance_bytes(data, file_format="JPEG")


@pytest.mark.parametrize("plays", [None, 1, 3])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_animated_avif(enhancer: Enhancer, mode: str, plays: int | None, tmp_path: Path) -> None:
    file = io.BytesIO(animated("AVIF", mode, quality=90))
    write_plays(file, 0, plays)
    data = file.getvalue()
    result, note = enhancer.enhance_bytes(data)
    assert (note, read_plays(data), read_plays(result)) == ("", plays, plays)
    for old, new in zip(frames(data), frames(result), strict=True):
        assert new[..., :3].mean() > old[..., :3].mean() * 1.5
        assert np.abs(new[..., 3].astype(int) - old[..., 3]).max() < 9
    with Image.open(io.BytesIO(result)) as image:
        assert (image.format, image.mode, image.n_frames) == ("AVIF", mode, 4)  # type: ignore[attr-defined]
        for number, time_shown in enumerate(animations.TIMES):
            image.seek(number)
            image.load()
            assert image.info["duration"] == time_shown
    (tmp_path / "a.avif").write_bytes(data)
    assert "only the first" in enhancer.enhance_and_save(tmp_path / "a.avif", tmp_path / "a.png").note


def test_an_animated_avif_says_its_colors_for_the_first_frame_and_for_all(enhancer: Enhancer) -> None:
    data = animated("AVIF").replace(b"colrnclx\0\1", b"colrnclx\0\x0c")
    assert data.count(b"colrnclx\0\x0c") == enhancer(data).count(b"colrnclx\0\x0c") == 2


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "TIFF", "WEBP"])
def test_memory_does_not_grow_with_the_number_of_frames(enhancer: Enhancer, file_format: str, tmp_path: Path) -> None:
    side, peaks = 400, []
    for count in (4, 24):
        pictures = [Image.new("RGB", (side, side), (40 + number, 30, 20)) for number in range(count)]
        options = {"compression": "tiff_adobe_deflate"} if file_format == "TIFF" else {"lossless": True}
        source = tmp_path / f"{count}.{file_format.lower()}"
        source.write_bytes(
            samples.saved(pictures[0], file_format, save_all=True, append_images=pictures[1:], **options)
        )
        tracemalloc.start()
        enhancer.enhance_and_save(source, tmp_path / "out" / source.name)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * side * side * 3  # of twenty frames more


@pytest.mark.parametrize("name", ["several.gif", "several.webp", "several.png"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(name: str, flips: list[tuple[int, int]], enhancer: Enhancer) -> None:
    data = bytearray(samples.sample(name))
    for place, bits in flips:
        data[place % (len(data) if bits % 2 else min(len(data), 200))] ^= bits
    try:
        enhancer.enhance_bytes(bytes(data), name=name)
    except PictureError as error:
        assert str(error).startswith(f"{name}: ")  # noqa: PT017
        assert str(error).isprintable()  # noqa: PT017


BLOCKS = {
    "frames.gif": lambda: gif(b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0" * 1_000_000),
    "comment.gif": lambda: gif(b"\x21\xfe" + b"\1a" * 6_000_000 + b"\0"),
    "rubbish.gif": lambda: gif(b"\1" * 6_000_000),
    "frames.webp": lambda: webp(4, 20_000),
    "chunks.webp": lambda: webp(0, 200_000),
}


def gif(body: bytes) -> bytes:
    return samples.saved(Image.new("P", (1, 1)), "GIF")[:-1] + body + b";"


def webp(which: int, count: int) -> bytes:
    """An animated WebP with its first frame, or an unknown chunk, many times."""
    data = animated("WEBP")
    part = dict(reversed(list(webp_chunks(data, 12, len(data)))))[b"ANMF"]
    more = data[part.start - 8 : part.stop] if which else b"none\0\0\0\0"
    body = data[8 : part.start - 8] + more * count + data[part.start - 8 :]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_millions_of_tiny_parts_are_refused_soon(enhancer: Enhancer, name: str) -> None:
    data, start = BLOCKS[name](), time.process_time()
    with pytest.raises(PictureError, match=rf"^{name}: more than [\d,]+ (frames|blocks|chunks)"):
        enhancer.enhance_bytes(data, name=name)
    assert time.process_time() - start < 30  # millions of parts, one by one, would take minutes
