"""The client of ``pielight serve``: the calls of :mod:`pielight.api`, done by a server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file, write_atomic
from pielight.core.messages import shown
from pielight.errors import OptionError, PictureError, PielightError
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.pipeline_files import SaveOptions
from pielight.io import open_image, to_image
from pielight.io.color.palette import Palette
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.formats import WRITABLE
from pielight.io.image import interleaved
from pielight.io.result_names import result_target
from pielight.options import BRIGHTEN, Denoise, EnhanceOptions, Taste, chosen_options
from pielight.serve.client_input import MODES, changed, check_target, parameters_of, picture_of, wanted_format
from pielight.serve.media_types import OCTETS
from pielight.serve.session import JSON, Session
from pielight.video.containers import muxer_of
from pielight.video.options import VideoOptions

if TYPE_CHECKING:
    from typing import Self, Unpack

Array = NDArray[Any]
P = TypeVar("P", bytes, Image.Image, Array)
_OPTION = {name: option for option, (name, _) in WRITABLE.items()}
_PICTURES, _MAPS, _CLIPS = ("image/",), ("application/x-npz",), ("video/", OCTETS)


class Client:
    """A connection to ``pielight serve``; safe to share among threads, and to be closed, as by ``with``.

    Args:
        url: Address of the server.
        token: What the server asks for, if it does.
        timeout: Seconds that an answer may take.
        retries: How often a request is sent again to a server that is busy, after the time that it asks for.

    Needs the extra ``client``, or ``serve``.

    >>> with Client("http://127.0.0.1:9", retries=0) as client:  # doctest: +ELLIPSIS
    ...     client.info()
    Traceback (most recent call last):
        ...
    pielight.errors.ServiceError: http://127.0.0.1:9: cannot be reached (...)
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8000", token: str | None = None, *, timeout: float = 300.0, retries: int = 5
    ) -> None:
        self._session = Session(url, token, timeout, retries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def info(self) -> dict[str, Any]:
        """Return version, models, formats and limits of the server.

        Raises:
            ServiceError: It cannot be reached, or refuses.
        """
        return self._session.json_of(self._session.ask("GET", "/v1/info", JSON))

    def enhance(
        self,
        image: P,
        strength: float | None = None,
        highlights: float | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        task: str = BRIGHTEN,
        **taste: Unpack[Taste],
    ) -> P:
        """Enhance a picture in memory, with the result of :func:`pielight.enhance`.

        Args:
            image: Bytes of a picture's file, a Pillow image, or an array of uint8 or uint16.
            strength: See :meth:`pielight.Enhancer.__call__`, as for the rest.
            highlights: As there.
            denoise: As there.
            options: As there.
            task: ``"brighten"``, ``"dehaze"`` or ``"derain"``.
            **taste: As there.

        Returns:
            The same kind.

        Raises:
            ServiceError: The server cannot be reached, refuses, or stays busy.
            PielightError: See :func:`pielight.enhance`.
        """
        chosen = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        picture: Any = image
        result: Any
        if isinstance(picture, bytes):
            result = self._enhance(picture, chosen, task)
        elif isinstance(picture, Image.Image):
            sent = open_image(picture)
            answered = decode(self._enhance(encode(sent, "TIFF"), chosen, task))
            if isinstance(sent.source, Palette):  # whose opacity TIFF cannot hold
                answered = replace(answered, source=sent.source)
            result = to_image(answered)
            result.info = {name: value for name, value in picture.info.items() if name != "transparency"} | result.info
        elif isinstance(picture, np.ndarray) and str(picture.dtype) in MODES:
            data = encode(picture_of(picture), "TIFF")
            result = interleaved(decode(self._enhance(data, chosen, task))).reshape(picture.shape)
        else:
            kind = getattr(picture, "dtype", type(picture).__name__)
            raise OptionError(f"{kind}: expected bytes, a Pillow image, or an array of uint8 or uint16")
        return result  # type: ignore[no-any-return]

    def enhance_file(
        self,
        source: str | Path,
        target: str | Path | None = None,
        strength: float | None = None,
        highlights: float | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        exist_ok: bool = False,
        file_format: str | None = None,
        quality: int | None = None,
        task: str = BRIGHTEN,
        **taste: Unpack[Taste],
    ) -> Path:
        """Enhance a picture's file into another file; see :func:`pielight.enhance_file`.

        Args:
            source: Picture to read.
            target: File to write, whose extension chooses the format, or folder; None is ``NAME_pie`` beside the
                picture.
            strength: See :meth:`enhance`, as for the next three.
            highlights: As there.
            denoise: As there.
            options: As there.
            exist_ok: Whether a file that has the target's name is replaced.
            file_format: The format to write, as ``"png"``; None is the target's.
            quality: 1..100 for lossy formats; None keeps the source's own.
            task: See :meth:`enhance`.
            **taste: As there.

        Returns:
            The path of the file that was written.

        Raises:
            ExistsError: The target exists, and ``exist_ok`` is not set.
            PielightError: See :meth:`enhance`.
        """
        source, saving = Path(source), SaveOptions(file_format, quality)
        written = result_target(source, target, saving.file_format)
        check_target(source, written, exist_ok)
        wanted = saving.file_format or wanted_format(source, written)
        chosen = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        form = wanted and _OPTION[wanted]
        data = self._enhance(read_file(source), chosen, task, format=form, quality=quality, name=source.name)
        return write_atomic(written, data, "overwrite" if exist_ok else "skip")

    def exposure(self, image: bytes) -> ExposureMap:
        """Predict by how many stops each part of a picture is lifted; see :meth:`pielight.Enhancer.exposure`.

        Args:
            image: Bytes of a picture's file.

        Raises:
            ServiceError: See :meth:`enhance`.
            PielightError: The picture cannot be read.
        """
        answer = self._session.ask("POST", "/v1/exposure", _MAPS, image, {"format": "npz"})
        try:
            with np.load(io.BytesIO(answer.content), allow_pickle=False) as found:
                sure = float(found["underexposed"]) if "underexposed" in found else None
                return ExposureMap(found["ev"], found.get("ceiling"), sure)
        except (ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, zipfile.BadZipFile):
            raise self._session.unexpected("what is no exposure map") from None

    def enhance_video(
        self,
        source: str | Path,
        target: str | Path | None = None,
        strength: float | None = None,
        highlights: float | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        video: VideoOptions | None = None,
        exist_ok: bool = False,
        task: str = BRIGHTEN,
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
        **taste: Unpack[Taste],
    ) -> Path:
        """Enhance a clip's file into another file; see :func:`pielight.enhance_video`.

        Args:
            source: Clip to read.
            target: File to write, whose extension chooses the container, or folder; None is ``NAME_pie`` beside the
                clip.
            strength: See :meth:`enhance`, as for the next three.
            highlights: As there.
            denoise: As there.
            options: As there.
            video: Its ``codec``, ``crf``, ``start`` and ``end``; the server refuses the others.
            exist_ok: Whether a file that has the target's name is replaced.
            task: See :meth:`enhance`.
            on_progress: Called after each change with what the server tells of the clip.
            **taste: As there.

        Returns:
            The path of the file that was written.

        Raises:
            ExistsError: The target exists, and ``exist_ok`` is not set.
            ServiceError: See :meth:`enhance`.
            PictureError: The clip cannot be read, or the target is the clip, or has no extension of one.
        """
        source = Path(source)
        written = result_target(source, target)
        muxer_of(written)
        check_target(source, written, exist_ok)
        chosen = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        names = {"name": source.name, "format": written.suffix[1:].lower()}
        asked = parameters_of(chosen, task) | changed(video or VideoOptions(), VideoOptions()) | names
        job = self._session.json_of(self._session.ask("POST", "/v1/video", JSON, read_file(source), asked)).get("id")
        if not isinstance(job, str):
            raise self._session.unexpected("no clip")
        try:
            state: dict[str, Any] = {}
            for state in self._session.events(f"/v1/video/{job}/events"):
                on_progress(state)
            if state.get("state") != "done":
                raise PictureError(f"{shown(source)}: {state.get('detail') or 'the server ended before it was done'}")
            data = self._session.ask("GET", f"/v1/video/{job}/result", _CLIPS).content
        finally:
            with suppress(PielightError):
                self._session.ask("DELETE", f"/v1/video/{job}")
        return write_atomic(written, data, "overwrite" if exist_ok else "skip")

    def _enhance(self, data: bytes, options: EnhanceOptions, task: str, **more: Any) -> bytes:
        asked = parameters_of(options, task) | {name: value for name, value in more.items() if value is not None}
        return self._session.ask("POST", "/v1/enhance", _PICTURES, data, asked).content
