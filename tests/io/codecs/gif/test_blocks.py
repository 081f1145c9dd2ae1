"""The blocks of GIF files; animations are tested in test_frames."""

import io

import pytest

from pielight.errors import PictureError
from pielight.io.codecs.gif import animation, still
from pielight.io.codecs.gif.blocks import gif_packet, layout, without_gif_packet, write_gif_packet
from pielight.io.decode import decode
from tests.io import samples
from tests.io.animations import animated


def test_a_packet_goes_in_and_out() -> None:
    data = samples.saved(samples.image("P"), "GIF")
    file = io.BytesIO(data)
    write_gif_packet(file, 0, samples.XMP)
    assert gif_packet(file.getvalue()) == samples.XMP
    assert without_gif_packet(file.getvalue()) == data
    assert [frame[:2] for frame in layout(file.getvalue()).frames] == [frame[:2] for frame in layout(data).frames]
    assert decode(file.getvalue()).metadata.xmp == samples.XMP


def test_a_cut_file_has_the_frames_before_the_cut() -> None:
    data = animated("GIF", "P")
    whole = layout(data).frames
    assert len(whole) == 4
    counts = [len(layout(data[:end]).frames) for end in range(0, len(data), 97)]
    assert counts == sorted(counts)
    assert counts[0] == 0


def test_too_many_blocks_are_refused() -> None:
    with pytest.raises(PictureError, match="blocks in a GIF file"):
        layout(samples.saved(samples.image("P"), "GIF")[:-1] + b"\1" * 5_100_000)


def test_timing_and_comment_of_one_frame_stay() -> None:
    data = samples.saved(samples.image("P"), "GIF", duration=70, comment=b"hello")
    picture, file = decode(data), io.BytesIO()
    still.write(picture, file, None)
    again = decode(file.getvalue()).metadata
    assert (again.comment, again.timing) == (b"hello", picture.metadata.timing)
    assert len(animation.GifFrames(data, "a")) == 1
