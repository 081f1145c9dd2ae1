"""One photo after another, bytes in and bytes out; one that fails becomes a row."""

from __future__ import annotations

import hashlib
import io
import time
from typing import NamedTuple, Protocol

from PIL import Image

from pielight.batch.run import failure_text
from pielight.cluster.options import ClusterOptions
from pielight.core.messages import shown
from pielight.errors import ModelError
from pielight.io import size_limits
from pielight.io.codec_errors import own_limits
from pielight.io.formats import READABLE
from pielight.io.preflight import check


class Enhanced(NamedTuple):
    """What became of the bytes of a photo."""

    data: bytes | None  # the result's; None of one that failed
    text: str  # why it failed, or what to know of the result; may be empty
    size: tuple[int, int] | None  # width and height, if they are in its header
    seconds: float
    sha256: str | None  # of the result


class Photos(Protocol):
    """What enhances the photos of a shard."""

    def enhance(self, data: bytes, name: str) -> Enhanced:
        """Enhance the bytes of a photo's file."""

    def close(self) -> None:
        """End what was started."""


class PhotosHere:
    """Enhances photos in this process.

    Args:
        options: What is done; the limit of pixels counts for the rest of the process.
    """

    def __init__(self, options: ClusterOptions) -> None:
        size_limits.lower(options.max_pixels)
        self._options, self._enhancer = options, options.enhancer()

    def enhance(self, data: bytes, name: str) -> Enhanced:
        """Enhance the bytes of a photo's file.

        Raises:
            ModelError: The model is damaged, so that no photo could be enhanced.
        """
        start, options = time.perf_counter(), self._options
        try:
            result, note = self._enhancer.enhance_bytes(
                data, options.enhance, file_format=options.file_format, quality=options.quality, name=shown(name)
            )
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails in one photo, the others continue
            return Enhanced(None, failure_text(error, name), size_in_header(data), time.perf_counter() - start, None)
        checksum = hashlib.sha256(result).hexdigest()
        return Enhanced(result, note, size_in_header(data), time.perf_counter() - start, checksum)

    def close(self) -> None:
        """Nothing was started."""


def size_in_header(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a photo without decoding it; None if its header does not tell.

    >>> file = io.BytesIO()
    >>> Image.new("RGB", (4, 3)).save(file, "PNG")
    >>> size_in_header(file.getvalue()), size_in_header(b"no photo")
    ((4, 3), None)
    """
    try:
        check(data)
        with own_limits(), Image.open(io.BytesIO(data), formats=READABLE) as image:
            return image.size
    except Exception:  # noqa: BLE001 - decoding it reports what is wrong
        return None
