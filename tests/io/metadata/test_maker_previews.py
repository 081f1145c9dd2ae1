import io
import struct

from PIL import Image

from pielight.io.codecs.jpeg.segments import APP1, EXIF, Segment, parse
from pielight.io.metadata.maker_previews import exif_base, find_previews, with_offset


def jpeg(size: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size)).save(file, "JPEG")
    return file.getvalue()


def with_preview(kind: int, before: int = 0) -> tuple[bytes, int]:
    """A JPEG whose EXIF points to a preview, and where that is."""
    picture, preview = jpeg(40), jpeg(16)
    for offset in (0, 1):  # twice, since the offset is known once the length is
        count = 1 if kind == 4 else len(preview)
        block = b"MM\0*" + struct.pack(">LHHHLLL", 8, 1, 0x927C, kind, count, offset, 0)
        head = picture[:2] + Segment(APP1, EXIF + block).coded() + picture[2:]
        offset = len(head) - 2 - 4 - len(EXIF)
        block = b"MM\0*" + struct.pack(">LHHHLLL", 8, 1, 0x927C, kind, count, offset, 0)
        head = picture[:2] + Segment(APP1, EXIF + block).coded() + picture[2:]
    return head + bytes(before) + preview, len(head) + before


def test_previews_that_entries_point_to_are_found() -> None:
    for kind, before in ((4, 0), (7, 0), (4, 32)):
        data, start = with_preview(kind, before)
        (preview,) = find_previews(data, parse(data))
        assert (preview.start, preview.stop) == (start, len(data))
        ((pointer, distance),) = preview.pointers
        assert distance == before
        exif = next(parse(data).contents(APP1, EXIF))
        assert struct.unpack_from(">L", exif, pointer)[0] == start - before - exif_base(data, exif)
        assert struct.unpack_from(">L", with_offset(exif, pointer, 99), pointer)[0] == 99


def test_others_are_not() -> None:
    data, start = with_preview(4)
    for other in (data[:start] + b"x" + data[start:], jpeg(40) + jpeg(16), data[:start]):
        assert list(find_previews(other, parse(other))) == []
