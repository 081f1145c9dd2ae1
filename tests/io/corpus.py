"""Damaged, hostile and odd files: a corpus of some hundreds, generated for each run."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from tests.io import samples

HUGE = 60_000
FLIPS, CUTS = 5, (0.03, 0.2, 0.5, 0.9, 0.999)
_WRONG = {"jpg": "png", "png": "jpg", "tif": "bmp", "bmp": "tif", "gif": "webp", "webp": "gif"}


def build(folder: Path) -> list[Path]:
    """Write the corpus into a new folder and return what is to be read, some of which does not exist."""
    folder.mkdir()
    paths = []
    for name, data in [*damaged(), *bombs(), *absurd_exif(), *odd()]:
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths + no_files(folder)


def damaged() -> Iterator[tuple[str, bytes]]:
    """Cut, flip, blank, repeat and misname one file of every kind."""
    rng = np.random.default_rng(5)
    for name in samples.MAKERS:
        data = samples.sample(name)
        stem, _, suffix = name.partition(".")
        for cut in CUTS:
            yield f"{stem}_cut_{cut}.{suffix}", data[: max(1, int(len(data) * cut))]
        for seed in range(FLIPS):
            flipped = np.frombuffer(data, np.uint8).copy()
            # Half of them in the head, where sizes and offsets stand.
            places = rng.integers(0, len(data) if seed % 2 else min(len(data), 300), 1 + 4 * seed)
            flipped[places] ^= rng.integers(1, 256, len(places)).astype(np.uint8)
            yield f"{stem}_flipped_{seed}.{suffix}", flipped.tobytes()
        third = len(data) // 3
        yield f"{stem}_blank.{suffix}", data[:third] + bytes(third) + data[2 * third :]
        yield f"{stem}_twice.{suffix}", data + data
        yield f"{stem}_misnamed.{_WRONG.get(suffix, 'jpg')}", data


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, color: int = 2, depth: int = 8, body: bytes = b"", extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def expanding_png(width: int, height: int, color: int, depth: int, bytes_per_pixel: int) -> bytes:
    """A PNG of a thousandth of its pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * bytes_per_pixel)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png(width, height, color, depth, body)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that claim, or truly unpack to, far too much."""
    yield "claims.png", png(HUGE, HUGE, body=zlib.compress(bytes(1000)))
    yield "claims_16.png", png(HUGE, HUGE, depth=16, body=zlib.compress(bytes(1000)))
    yield "claims_most.png", png(2**31 - 1, 2**31 - 1)
    yield "claims_nothing.png", png(0, 0)
    yield "below_limit.png", png(15_900, 16_000, body=zlib.compress(bytes(1000)))
    yield "below_limit_16.png", png(15_900, 16_000, color=6, depth=16, body=zlib.compress(bytes(1000)))
    for width, height in ((20_000_000, 1), (1, 20_000_000), (1_000_000, 4), (4, 1_000_000)):
        yield f"{width}x{height}.png", png(width, height, 0, body=zlib.compress(bytes((1 + width) * height)))
    yield "expands.png", expanding_png(9_000, 12_500, 6, 16, 8)
    for name, side in (("sof.jpg", HUGE), ("below_limit.jpg", 15_900)):
        data = bytearray(samples.sample("rgb.jpg"))
        place = data.index(b"\xff\xc0") + 5
        data[place : place + 4] = struct.pack(">HH", side, side)
        yield name, bytes(data)
    gif = bytearray(samples.sample("palette.gif"))
    gif[6:10] = struct.pack("<HH", HUGE, HUGE)
    yield "screen.gif", bytes(gif)
    place = gif.index(b"\x2c\0\0\0\0")
    gif[place + 5 : place + 9] = struct.pack("<HH", HUGE, HUGE)
    yield "frame.gif", bytes(gif)
    for name, field in (("rgb.bmp", 18), ("palette.bmp", 18)):
        bmp = bytearray(samples.sample(name))
        bmp[field : field + 8] = struct.pack("<ll", HUGE, HUGE)
        yield f"bomb_{name}", bytes(bmp)
    for name in ("rgb.avif", "rgba.avif", "rgb.heic"):
        boxed = bytearray(samples.sample(name))
        place = boxed.index(b"ispe") + 8
        boxed[place : place + 8] = struct.pack(">II", HUGE, HUGE)
        yield f"bomb_{name}", bytes(boxed)
    for name in ("lossy.webp", "lossless.webp"):
        webp = samples.sample(name)
        canvas = struct.pack("<I", 16_382)[:3] * 2
        yield (
            f"vp8x_{name}",
            b"RIFF" + struct.pack("<I", len(webp)) + b"WEBPVP8X\x0a\0\0\0\x10\0\0\0" + canvas + webp[12:],
        )
        head = bytearray(webp)
        head[26:30] = b"\xff" * 4
        yield f"frame_{name}", bytes(head)
    for name in ("rgb.tif", "rgb_16.tif", "camera.dng"):
        for tag, what in ((256, "wide"), (257, "high"), (278, "rows"), (279, "bytes")):
            yield f"{what}_{name}", with_tag(samples.sample(name), tag, 0xFFFF_0000 if tag > 257 else HUGE)
        both = with_tag(with_tag(samples.sample(name), 256, HUGE), 257, HUGE)
        yield f"huge_{name}", both
    large = zlib.compress(bytes(300_000_000), 9)
    for kind, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        body = zlib.compress(bytes(20 * 61))
        yield f"{kind.decode()}.png", png(20, 20, body=body, extra=chunk(kind, head + large))
    plain = chunk(b"tEXt", b"a\0" + bytes(30_000_000))
    yield "tEXt.png", png(20, 20, body=zlib.compress(bytes(20 * 61)), extra=plain)
    yield "texts.png", png(20, 20, body=zlib.compress(bytes(20 * 61)), extra=chunk(b"tEXt", b"a\0b") * 50_000)


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """Give a tag of a little-endian TIFF's first directory another value, as a long."""
    changed = bytearray(data)
    (place,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            changed[entry + 2 : entry + 12] = struct.pack("<HLL", 4, 1, value)
    return bytes(changed)


def absurd_exif() -> Iterator[tuple[str, bytes]]:
    """EXIF that loops, lies about its lengths and has the wrong types, in every format that holds it."""

    def entries(*found: tuple[int, int, int, int]) -> bytes:
        return struct.pack("<H", len(found)) + b"".join(struct.pack("<HHLL", *entry) for entry in found)

    blocks = {
        "loop": entries((34665, 4, 1, 8), (34853, 4, 1, 8)) + struct.pack("<L", 8),
        "counts": entries((271, 2, 0xFFFF_FFFF, 8), (274, 3, 0x7FFF_FFFF, 8), (37500, 7, 0xFFFF_FFF0, 0)) + bytes(4),
        "types": entries((274, 2, 1, 6), (271, 12, 1, 8), (34665, 2, 4, 8), (282, 99, 1, 1), (36867, 5, 1, 8))
        + bytes(4),
        "orientation": entries((274, 3, 1, 99)) + bytes(4),
        "beyond": entries((34665, 4, 1, 0xFFFF_FFFF), (34853, 4, 1, 0x7FFF_FFFF)) + struct.pack("<L", 0xFFFF_FFFF),
        "no_fraction": entries((282, 5, 1, 26), (283, 5, 1, 26)) + bytes(12),
        "many": struct.pack("<H", 65535) + bytes(200),
        "empty": b"",
    }
    for what, block in blocks.items():
        exif = b"Exif\0\0II*\0\x08\0\0\0" + block
        for suffix, file_format in (
            ("jpg", "JPEG"),
            ("png", "PNG"),
            ("webp", "WEBP"),
            ("avif", "AVIF"),
            ("heic", "HEIF"),
        ):
            if suffix == "jpg":
                data = samples.sample("rgb.jpg")
                made = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
            elif suffix == "png":
                made = png(20, 20, body=zlib.compress(bytes(20 * 61)), extra=chunk(b"eXIf", exif[6:]))
            else:
                # The encoders look into EXIF; the absurd block takes the place of a sane one of its length.
                sane = Image.Exif()
                sane[270] = "x" * max(1, len(exif))
                data = samples.saved(samples.image("RGB"), file_format, exif=sane)
                place = data.index(b"MM\0*")
                made = data[:place] + exif[6:] + data[place + len(exif) - 6 :]
            yield f"exif_{what}.{suffix}", made
        tiff = samples.sample("rgb.tif")
        yield f"exif_{what}.tif", tiff[:4] + struct.pack("<L", len(tiff)) + tiff[8:] + block
    yield (
        "looping.tif",
        tiff[:4] + struct.pack("<L", 8) + entries((256, 4, 1, 8), (330, 4, 1, 8)) + struct.pack("<L", 8),
    )


def odd() -> Iterator[tuple[str, bytes]]:
    """Strange and yet whole files, and files that are no pictures."""
    for width, height in ((1, 1), (1, 30_000), (30_000, 1), (2, 3)):
        image = samples.image("RGB", width, height)
        for suffix, file_format in (
            ("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF"), ("bmp", "BMP"), ("gif", "GIF"), ("webp", "WEBP"),
            ("avif", "AVIF"),
        ):  # fmt: skip
            if suffix != "webp" or max(width, height) < 16_384:
                yield f"{width}x{height}.{suffix}", samples.saved(image, file_format)
        yield f"{width}x{height}_16.png", png(width, height, 2, 16, zlib.compress(bytes((1 + 6 * width) * height)))
    for what, value in (("nan", np.nan), ("infinite", np.inf), ("float", 0.5)):
        for dtype in (np.float32, np.float64, np.float16):
            yield f"{what}_{np.dtype(dtype).name}.tif", tiff_of(np.full((8, 9, 3), value, dtype))
            yield f"{what}_gray_{np.dtype(dtype).name}.tif", tiff_of(np.full((8, 9), value, dtype))
    yield "signed.tif", tiff_of(np.full((8, 9, 3), -5, np.int16))
    yield "deeper.tif", tiff_of(np.full((8, 9, 3), 1 << 20, np.uint32))
    yield "empty.jpg", b""
    yield "zeros.png", bytes(5000)
    yield "ones.tif", b"\xff" * 5000
    yield "text.jpg", b"not a picture\n" * 100
    yield "page.webp", b"<!DOCTYPE html><title>404</title>"
    for head in (
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        b"MM\0*",
        b"GIF89a",
        b"RIFF....WEBP",
        b"BM",
    ):
        yield f"only_{head[:2].hex()}_{len(head)}.jpg", head
    for brand in (b"avif", b"heic", b"mif1", b"crx "):
        yield f"only_{brand.decode().strip()}.heic", b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic"
    for magic in (b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x08\0\0\0"):
        yield f"only_{magic[:4].hex()}.raf", magic + bytes(500)


def tiff_of(values: np.ndarray) -> bytes:
    import io

    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="rgb" if values.ndim == 3 else "minisblack", metadata=None)
    return file.getvalue()


def no_files(folder: Path) -> list[Path]:
    """Names that lead to no regular file that can be read."""
    made: dict[str, Callable[[Path], object]] = {
        "folder.jpg": Path.mkdir,
        "pipe.jpg": os.mkfifo,
        "loop.jpg": lambda path: path.symlink_to(path),
        "first.jpg": lambda path: path.symlink_to(folder / "second.jpg"),
        "second.jpg": lambda path: path.symlink_to(folder / "first.jpg"),
        "nowhere.jpg": lambda path: path.symlink_to(folder / "none"),
        "missing.jpg": lambda path: None,
    }
    for name, make in made.items():
        make(folder / name)
    if os.geteuid():  # root reads everything
        (folder / "locked.jpg").write_bytes(samples.sample("rgb.jpg"))
        (folder / "locked.jpg").chmod(0)
        made["locked.jpg"] = Path.stat
    return [folder / name for name in made]
