"""PNG of one picture: its metadata, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO, cast

from PIL import Image

from pielight.io.codecs import pillow
from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.codecs.png import chunks as png
from pielight.io.codecs.png import text as png_text
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.xmp import PNG_KEYWORD


def read_metadata(image: Image.Image, data: bytes) -> Metadata:
    """Return the metadata of an opened PNG."""
    chunks, metadata = png.kept_chunks(data), pillow.read_metadata(image)
    texts = png_text.texts(chunks)
    # EXIF may come after the pixels, where Pillow finds it only once they are loaded.
    exif = dict(png.png_chunks(data)).get(b"eXIf") or png_text.exif(texts)
    xmp, photoshop = metadata.xmp or png_text.xmp(texts), png_text.photoshop(texts)
    return replace(metadata, exif=exif, xmp=xmp, photoshop=photoshop, comment=None, chunks=chunks)


def metadata_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunks that hold a picture's metadata."""
    chunks = list(metadata.chunks)
    if metadata.icc_profile:  # the standard forbids both iCCP and sRGB
        chunks = [png.profile_chunk(metadata.icc_profile), *(chunk for chunk in chunks if chunk[0] != b"sRGB")]
    if metadata.dpi and all(kind != b"pHYs" for kind, _ in chunks):
        chunks.append(png.resolution_chunk(metadata.dpi))
    if not metadata.chunks:  # the source's own chunks hold all of it already
        chunks += [(b"iTXt", PNG_KEYWORD + b"\0" * 5 + metadata.xmp)] if metadata.xmp else []
        chunks += [png_text.profile_chunk(png_text.IPTC, metadata.photoshop)] if metadata.photoshop else []
        chunks += [png_text.comment_chunk(metadata.comment)] if metadata.comment else []
    if metadata.exif and metadata.exif != png_text.exif(png_text.texts(metadata.chunks)):
        chunks.append((b"eXIf", metadata.exif.removeprefix(EXIF)))
    return chunks


def write(picture: Picture, file: BinaryIO, _quality: int | None) -> None:
    """Write a PNG of at most 8 bits, or of 16-bit gray."""
    chunks = metadata_chunks(picture.metadata)  # many of which Pillow cannot write
    target = pillow.HeaderRewriter(pillow.checked(file), png.HEADER_END, lambda head: png.with_chunks(head, chunks))
    pillow.encodable(picture).save(cast(BinaryIO, target), "PNG")
