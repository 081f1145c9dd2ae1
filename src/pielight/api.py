"""The default model of each task, which all callers share, in one call."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from pielight.core.messages import shown
from pielight.enhancer import Enhancer, P
from pielight.errors import OptionError, PictureError
from pielight.inference.lattice import Lattice
from pielight.inference.pipeline_files import SaveOptions
from pielight.io.result_names import result_target
from pielight.options import AUTO, BRIGHTEN, Denoise, EnhanceOptions, Taste, chosen_options
from pielight.video.containers import is_clip_name
from pielight.video.enhance_clip import enhance_clip
from pielight.video.options import VideoOptions
from pielight.video.progress import ClipProgress

if TYPE_CHECKING:
    from typing import Unpack

_enhancers: dict[str, Enhancer] = {}
_lock = threading.Lock()


def _default_enhancer(task: str, denoise_model: str | Path | None) -> Enhancer:
    with _lock:
        if task not in _enhancers:
            _enhancers[task] = Enhancer(task=task)
    return _enhancers[task] if denoise_model is None else _enhancers[task].with_denoiser(denoise_model)


def enhance(
    image: P,
    strength: float | None = None,
    highlights: float | None = None,
    *,
    denoise: Denoise | None = None,
    options: EnhanceOptions | None = None,
    out: NDArray[Any] | None = None,
    bgr: bool = False,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
    output: str | Path | None = None,
    preserve_times: bool = False,
    **taste: Unpack[Taste],
) -> P:
    """Brighten a picture in memory with the default model, or take haze or rain out; see :meth:`Enhancer.__call__`.

    The default weights are for research use only (``Enhancer("free")`` has others).

    Args:
        image: Bytes of a picture's file, a Pillow image, an array or a torch tensor.
        strength: See :meth:`Enhancer.__call__`, as for the next three.
        highlights: As there.
        denoise: As there.
        options: As there.
        out: For an array only: where to put the result, of its shape and type; may be the array itself.
        bgr: For an array only: whether its channels are blue, green, red, as OpenCV has them.
        denoise_model: Path of an ONNX file with another denoising network.
        task: ``"brighten"``, ``"dehaze"`` or ``"derain"``.
        output: Deprecated, with a path in place of the image: the file to write.
        preserve_times: Deprecated, as ``output``.
        **taste: ``preset``, ``target_ev``, ``black``, ``warmth`` and ``tint``: see :meth:`Enhancer.__call__`.

    Returns:
        ``out``, or the same kind.

    Raises:
        PielightError: The picture cannot be read, or an argument is out of range or not for this task.

    >>> from PIL import Image
    >>> enhance(Image.new("L", (5, 4), 30)).mode
    'L'
    >>> import numpy
    >>> frame = numpy.full((4, 5, 3), (20, 30, 40), numpy.uint8)
    >>> enhance(frame, bgr=True, out=frame) is frame, bool(frame.min() > 20)
    (True, True)
    """
    enhancer: Any = _default_enhancer(task, denoise_model)
    picture: Any = image
    if isinstance(picture, (str, Path)) and out is None and not bgr:
        warnings.warn("pielight.enhance: a path is deprecated; use enhance_file", DeprecationWarning, stacklevel=2)
        written: Any = enhancer.enhance_file(
            picture, output, strength, highlights,
            denoise=denoise, options=options, exist_ok=True, preserve_times=preserve_times, **taste,
        )  # fmt: skip
        return written  # type: ignore[no-any-return]
    result: P = enhancer(
        image, strength, highlights, denoise=denoise, options=options, out=out, bgr=bgr, output=output,
        preserve_times=preserve_times, **taste,
    )  # fmt: skip
    return result


def enhance_file(
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
    preserve_times: bool = False,
    denoise_model: str | Path | None = None,
    task: str = BRIGHTEN,
    **taste: Unpack[Taste],
) -> Path:
    """Brighten a picture's file into another file with the default model; see :meth:`Enhancer.enhance_file`.

    Raises:
        ExistsError: The target exists, and ``exist_ok`` is not set.
        PictureError: The source is a clip.
        PielightError: See there.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (40, 30), (20, 30, 40)).save(f"{folder}/night.png")
    ...     enhance_file(f"{folder}/night.png").name
    'night_pie.png'
    """
    if is_clip_name(Path(source)):
        raise PictureError(f"{shown(source)}: a clip, which enhance_video takes")
    return _default_enhancer(task, denoise_model).enhance_file(
        source, target, strength, highlights, denoise=denoise, options=options, exist_ok=exist_ok,
        file_format=file_format, quality=quality, preserve_times=preserve_times, **taste,
    )  # fmt: skip


def enhance_video(
    source: str | Path,
    target: str | Path | None = None,
    strength: float | None = None,
    highlights: float | None = None,
    *,
    denoise: Denoise | None = None,
    options: EnhanceOptions | None = None,
    video: VideoOptions | None = None,
    exist_ok: bool = False,
    preserve_times: bool = False,
    enhancer: Enhancer | None = None,
    task: str = BRIGHTEN,
    on_progress: Callable[[ClipProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    **taste: Unpack[Taste],
) -> Path:
    """Enhance a clip's file into another file, which appears whole or not at all; needs the extra ``video``.

    Frames keep their times, size, depth and color tags; all other streams, chapters and metadata are copied. Notes on
    what cannot be kept go to the logger ``pielight`` at level INFO.

    Args:
        source: Clip to read: MP4, MOV, MKV, WebM, AVI, TS and others.
        target: File to write, whose extension chooses the container, or folder; None is ``NAME_pie`` beside the clip.
        strength: See :meth:`Enhancer.__call__`, as for the next two; ``denoise="auto"`` removes no noise of clips.
        highlights: As there.
        denoise: As there.
        options: As there.
        video: Codec, quality, the part that is taken and the like: :class:`pielight.VideoOptions`.
        exist_ok: Whether a file that has the target's name is replaced.
        preserve_times: Whether the file takes the source's times of access and of change.
        enhancer: The model; None is the default one of the task.
        task: ``"brighten"``, ``"dehaze"`` or ``"derain"``.
        on_progress: Called after each frame with a :class:`pielight.video.progress.ClipProgress`.
        stop: Asked several times a second whether to give up, which leaves no file.
        **taste: ``preset``, ``target_ev``, ``black``, ``warmth`` and ``tint``: see :meth:`Enhancer.__call__`.

    Returns:
        The path of the file that was written.

    Raises:
        ExistsError: The target exists, and ``exist_ok`` is not set.
        PictureError: The clip cannot be read (no video, damaged), or the result cannot be written.
        PielightError: An argument is out of range, or ``stop`` returned True.

    >>> enhance_video("missing.mp4")
    Traceback (most recent call last):
        ...
    pielight.errors.MissingFileError: missing.mp4: no such file
    """
    source = Path(source)
    wanted = result_target(source, target)
    chosen = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
    saving = SaveOptions(existing="overwrite" if exist_ok else "skip", preserve_times=preserve_times)
    model = enhancer or _default_enhancer(task, None)
    written = enhance_clip(source, wanted, model, chosen, video or VideoOptions(), saving, on_progress, stop)
    if written.note:
        logging.getLogger("pielight").info("%s: %s", shown(source), written.note)
    return written.path


def apply(
    image: Any,
    lattice: Lattice,
    strength: float = 1.0,
    highlights: float | None = None,
    threads: int | None = None,
    out: NDArray[Any] | None = None,
    *,
    denoise: Denoise = AUTO,
    denoise_model: str | Path | None = None,
) -> Any:
    """Return ``lattice.apply(image, ...)``, which is to be used in its place: see :meth:`pielight.CurveLattice.apply`.

    >>> import numpy
    >>> from pielight import CurveLattice
    >>> apply(numpy.zeros((2, 3), numpy.uint8), CurveLattice(numpy.zeros((8, 3, 2, 2)))).shape
    (2, 3)
    """
    warnings.warn("pielight.apply is deprecated; use lattice.apply(image, ...)", DeprecationWarning, stacklevel=2)
    if not isinstance(lattice, Lattice):
        raise OptionError(f"{type(lattice).__name__}: expected the CurveLattice that Enhancer.curves returns")
    return lattice.apply(image, strength, highlights, threads, out, denoise=denoise, denoise_model=denoise_model)
