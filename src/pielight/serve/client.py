"""The client of ``pielight serve``: the calls of :mod:`pielight.api`, done by a server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import check_writable, is_same_file, read_file, write_atomic
from pielight.core.messages import shown
from pielight.errors import ExistsError, OptionError, PictureError, PielightError
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.pipeline_arrays import split_opacity
from pielight.inference.pipeline_files import SaveOptions
from pielight.io import open_image, to_image
from pielight.io.codecs.raw.develop import is_raw_file
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.formats import RAW, WRITABLE, format_of
from pielight.io.image import Picture, interleaved
from pielight.io.result_names import result_target
from pielight.options import BRIGHTEN, Denoise, EnhanceOptions, Taste, chosen_options
from pielight.serve.media_types import OCTETS
from pielight.serve.session import Session
from pielight.video.options import VideoOptions

if TYPE_CHECKING:
    from typing import Self, Unpack

Array = NDArray[Any]
P = TypeVar("P", bytes, Image.Image, Array)
_MODES = {"uint8": ("L", "LA", "RGB", "RGBA"), "uint16": ("I;16", "LA;16", "RGB;16", "RGBA;16")}
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
        return self._session.ask_json("GET", "/v1/info")

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
            result = self._enhance(picture, chosen, task)[0]
        elif isinstance(picture, Image.Image):
            result = to_image(decode(self._enhance(encode(open_image(picture), "TIFF"), chosen, task)[0]))
            result.info = {name: value for name, value in picture.info.items() if name != "transparency"} | result.info
        elif isinstance(picture, np.ndarray) and str(picture.dtype) in _MODES:
            sent = encode(_picture_of(picture), "TIFF")
            result = interleaved(decode(self._enhance(sent, chosen, task)[0])).reshape(picture.shape)
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
        _check_target(source, written, exist_ok)
        wanted = saving.file_format or _format_of(source, written)
        chosen = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        more = {"format": wanted and _OPTION[wanted], "quality": quality, "name": source.name}
        data = self._enhance(read_file(source), chosen, task, more)[0]
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
        target: str | Path,
        *,
        options: EnhanceOptions | None = None,
        video: VideoOptions | None = None,
        exist_ok: bool = False,
        task: str = BRIGHTEN,
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> Path:
        """Enhance a clip's file into another file; see :func:`pielight.enhance_video`.

        Args:
            source: Clip to read.
            target: File to write.
            options: How it is enhanced.
            video: Its ``codec``, ``crf``, ``start`` and ``end``; the server refuses the others.
            exist_ok: Whether a file that has the target's name is replaced.
            task: See :meth:`enhance`.
            on_progress: Called after each change with what the server tells of the clip.

        Returns:
            The path of the file that was written.

        Raises:
            ExistsError: The target exists, and ``exist_ok`` is not set.
            ServiceError: See :meth:`enhance`.
            PictureError: The clip cannot be read, or the target is the clip.
        """
        source, target = Path(source), Path(target)
        _check_target(source, target, exist_ok)
        cut = _changed(video or VideoOptions(), VideoOptions())
        query = _query(chosen_options(options), task) | cut | {"name": source.name}
        job = self._session.ask_json("POST", "/v1/video", read_file(source), query).get("id")
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
        return write_atomic(target, data, "overwrite" if exist_ok else "skip")

    def _enhance(
        self, data: bytes, options: EnhanceOptions, task: str, more: dict[str, Any] | None = None
    ) -> tuple[bytes, str]:
        query = _query(options, task) | {name: value for name, value in (more or {}).items() if value is not None}
        answer = self._session.ask("POST", "/v1/enhance", _PICTURES, data, query)
        return answer.content, unquote(answer.headers.get("Pielight-Notes", ""))


def _query(options: EnhanceOptions, task: str) -> dict[str, Any]:
    """Return options as parameters of a request.

    >>> _query(EnhanceOptions(0.5, auto=False), "brighten")
    {'task': 'brighten', 'strength': 0.5, 'auto': 'false'}
    """
    given = _changed(options, EnhanceOptions())
    return {"task": task} | {name: str(value).lower() if isinstance(value, bool) else value
                             for name, value in given.items()}  # fmt: skip


def _changed(options: object, default: object) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if value != getattr(default, name)}


def _check_target(source: Path, target: Path, exist_ok: bool) -> None:
    """Check, before anything is sent, that the result can be written."""
    if is_same_file(source, target):
        raise PictureError(f"{shown(target)}: the result would overwrite its source; choose another target")
    if target.exists() and not exist_ok:
        raise ExistsError(f"{shown(target)}: already exists; pass exist_ok=True to replace it", str(target))
    check_writable(target)


def _format_of(source: Path, target: Path) -> str | None:
    """Return the format that a target asks for, as :func:`pielight.enhance_file` does; None is the source's own."""
    if target.suffix.lower() == source.suffix.lower() and not is_raw_file(source):
        return None
    found = format_of(target, "")
    if found == RAW:
        raise PictureError(f"{shown(target)}: RAW cannot be written; name the result .tif or .jpg")
    return found or None


def _picture_of(array: Array) -> Picture:
    """Return an array as a picture, of a mode that TIFF can hold."""
    colors, opacity = split_opacity(array)
    channels = colors.shape[2] + (opacity is not None)
    return Picture(colors, _MODES[str(array.dtype)][channels - 1], None if opacity is None else opacity[..., 0])
