"""Texts and profiles in the chunks of a PNG."""

import zlib

from pielight.io.codecs.png.text import comment_chunk, exif, photoshop, profile_chunk, texts, xmp


def test_profiles_come_back() -> None:
    for kind, content in (("exif", b"Exif\0\0MM\0*"), ("8bim", b"8BIM" + bytes(9)), ("xmp", b"<x:xmpmeta/>")):
        entries = texts([profile_chunk(kind, content)])
        assert exif(entries) == (content if kind == "exif" else b"")
        assert photoshop(entries) == (content if kind == "8bim" else b"")
        assert xmp(entries) == (content if kind == "xmp" else None)


def test_iptc_alone_becomes_a_resource_of_photoshop() -> None:
    assert photoshop(texts([profile_chunk("iptc", b"abc")])) == b"8BIM\x04\x04\0\0\0\0\0\x03abc\0"


def test_a_comment_in_no_known_encoding_is_latin_1() -> None:
    assert comment_chunk(b"caf\xe9\0") == (b"tEXt", b"Comment\0caf\xe9")
    assert comment_chunk(b"a\0b") == (b"tEXt", b"Comment\0a b")


def test_damaged_and_endless_texts_have_no_content() -> None:
    bomb = b"bomb\0\0" + zlib.compress(bytes((1 << 24) + 1))
    entries = texts([(b"zTXt", b"odd\0\0not deflate"), (b"zTXt", bomb), (b"tEXt", b"last\0kept")])
    assert [(entry.keyword, entry.content) for entry in entries] == [("odd", b""), ("bomb", b""), ("last", b"kept")]
    assert exif(texts([(b"tEXt", b"Raw profile type exif\0\nexif\n 4\nno digits")])) == b""
