"""The chunks that hold a picture's metadata in a PNG."""

from pielight.io.codecs.png.still import metadata_chunks
from pielight.io.metadata.metadata import Metadata


def test_a_profile_takes_the_place_of_srgb() -> None:
    metadata = Metadata(icc_profile=b"profile", chunks=((b"sRGB", b"\0"), (b"tEXt", b"a\0b")))
    assert [kind for kind, _ in metadata_chunks(metadata)] == [b"iCCP", b"tEXt"]


def test_metadata_of_another_format() -> None:
    metadata = Metadata(exif=b"Exif\0\0MM", xmp=b"<x/>", photoshop=b"8BIM", comment=b"hello", dpi=(254, 254))
    kinds = [kind for kind, _ in metadata_chunks(metadata)]
    assert kinds == [b"pHYs", b"iTXt", b"zTXt", b"tEXt", b"eXIf"]


def test_exif_that_is_a_text_already_is_not_written_twice() -> None:
    text = (b"tEXt", b"Raw profile type exif\0\nexif\n       8\n4578696600004d4d\n")
    assert metadata_chunks(Metadata(exif=b"Exif\0\0MM", chunks=(text,))) == [text]
