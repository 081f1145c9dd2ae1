"""One model that enhances pictures of any kind and returns the same kind."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight import __version__
from pielight._deprecated_enhancer import FormerMethods, takes_former_arguments
from pielight.core.atomic_file import is_same_file, read_file
from pielight.core.messages import shown
from pielight.core.threads import check_threads
from pielight.errors import ExistsError, OptionError
from pielight.inference import pipeline_files
from pielight.inference.denoise import DESCRIPTOR as DENOISE
from pielight.inference.denoise import shared_denoiser
from pielight.inference.descriptor import find_model, kind_for
from pielight.inference.devices import open_engine
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.inference.exposure_track import FPS
from pielight.inference.frame_enhancer import FrameEnhancer
from pielight.inference.lattice import Lattice, LatticeNetwork, ThumbnailNetwork
from pielight.inference.pipeline_arrays import EXPECTED, enhance_in_memory, is_tensor, split_opacity, tensor_pixels
from pielight.inference.pipeline_files import EnhanceJob, SaveOptions, Written
from pielight.inference.processor import Processor, Runtime
from pielight.io.decode import decode, decode_reduced, open_image
from pielight.io.provenance import Record
from pielight.io.result_names import result_target
from pielight.ops.apply_device import check_device
from pielight.options import AUTO, BRIGHTEN, Denoise, EnhanceOptions, Taste, chosen_options

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

_ENOUGH = 2  # times the network's thumbnail, to predict only: from here on it hardly changes
_RECORDED = {"target_ev": "Target", "black": "Black", "warmth": "Warmth", "tint": "Tint"}
Array = NDArray[Any]
P = TypeVar("P", bytes, Image.Image, Array, "Tensor")


class Enhancer(FormerMethods):
    """Enhances pictures with one model, which is opened at the first picture; safe to share among threads.

    It can be copied and pickled, for other processes, too: a copy opens the model's file itself.

    Args:
        model: Name of a shipped model or path of an ONNX file; None is the default model.
        threads: Threads for the network and for the pixels; None takes every core that the process may use.
        auto: Leave well-exposed pictures alone, in proportion, or clear ones in dehazing; not for deraining,
            nor for curves.
        device: Where network and pixels are computed: ``"cpu"``, or ``"cuda"`` by torch (extra ``gpu``). A tensor on
            it stays there, as a whole batch, with ``denoise=0``; denoising runs on the CPU, and so do files, and the
            networks of curves and of haze, whose predictions are applied on the device. Not for deraining.
        denoise_model: Path of an ONNX file with another denoising network than the one that comes with pielight.
        task: ``"brighten"``, ``"dehaze"`` or ``"derain"``; ``model`` is one for that.

    Raises:
        PielightError: There is no such model, device or task, ``threads`` is below 1, or the task has no such option.

    >>> Enhancer(threads=1)(np.full((9, 7), 0.1, np.float32)).shape
    (9, 7)
    """

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        auto: bool = True,
        device: str = "cpu",
        denoise_model: str | Path | None = None,
        task: str = BRIGHTEN,
    ) -> None:
        if threads is not None:
            check_threads(threads)
        self._descriptor = kind_for(task, model)
        self._descriptor.check_options(auto=not auto, device=device != "cpu")
        self.model = find_model(task, model)
        self.denoiser = DENOISE.find(denoise_model)
        self.task = task
        self.threads = threads
        self.auto = auto
        denoiser = shared_denoiser(self.denoiser.path, threads)
        network = self._descriptor.open(self.model.path, threads)
        runtime = Runtime(denoiser, threads)
        if device != "cpu":
            chosen = check_device(device)
            engine = open_engine(network, chosen) if isinstance(network, ExposureNetwork) else None
            runtime = replace(runtime, device=chosen, engine=engine)
        self.processor = Processor(runtime, network)

    def with_denoiser(self, denoise_model: str | Path | None) -> Enhancer:
        """Return an enhancer with the same model and another denoising network.

        Raises:
            ModelError: There is no such file.

        >>> Enhancer(threads=1).with_denoiser(None).denoiser.name
        'denoise'
        """
        other = copy(self)
        other.denoiser = DENOISE.find(denoise_model)
        runtime = replace(self.processor.runtime, denoiser=shared_denoiser(other.denoiser.path, self.threads))
        other.processor = replace(self.processor, runtime=runtime)
        return other

    def __call__(
        self,
        image: P,
        strength: float | None = None,
        highlights: float | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        out: Array | None = None,
        bgr: bool = False,
        output: str | Path | None = None,
        preserve_times: bool = False,
        **taste: Unpack[Taste],
    ) -> P:
        """Enhance a picture in memory.

        Args:
            image: One of: the bytes of a picture's file; a Pillow image; a uint8, uint16, or float (in [0, 1]) array of
                shape (H, W), (H, W, 1), (H, W, 3), or with opacity (H, W, 2), (H, W, 4); a uint8 or float torch tensor
                (3, H, W) or (N, 3, H, W). Channels are R, G, B. A path is deprecated: see :meth:`enhance_file`.
            strength: 0 leaves the picture as it is, bit for bit; 1 is the model's choice; -1.5 to 1.5, below 0 darkens,
                or adds haze or rain. None is the preset's or the default, 1; so are the next two.
            highlights: How far what is bright already is protected, 0 to 1; for brightening only. None
                is 0.5 for models of curves and 0 for maps of exposures.
            denoise: Share of the noise made visible by brightening or dehazing that is removed: 0 (none) to 1 (all), or
                ``"auto"``, the default, which depends on how visible it becomes and leaves pictures in which it finds
                no noise as they are without it, bit for bit. Deraining shows none, and takes no number.
            options: All of these in one object, in place of them; its ``auto``, if it is not None, overrides the
                enhancer's.
            out: For an array only: where to put the result, of its shape and type; may be the array itself.
            bgr: For an array only: whether its channels are blue, green, red, as OpenCV has them.
            output: For a path only (deprecated): the file to write.
            preserve_times: For a path only (deprecated): see :meth:`enhance_file`.
            **taste: ``preset`` (``"night"``, ``"portrait"``, ``"backlit"`` or ``"subtle"``: values for the other
                options, where those are not given), ``target_ev``, ``black``, ``warmth`` and ``tint``: see
                :class:`pielight.EnhanceOptions`.

        Returns:
            ``out``, or the same kind: bytes of a file in the same format with its metadata, a Pillow image of the same
            mode (PA becomes RGBA, 16 bits take the machine's byte order), an array or tensor of the same shape and
            type, a tensor also on the same device, without a gradient.

        Raises:
            PielightError: The picture cannot be read, or an argument is out of range or not for this task.

        >>> Enhancer(threads=1)(np.full((4, 5, 3), 30, np.uint8), options=EnhanceOptions(0.0)).max()
        np.uint8(30)
        >>> frame = np.full((4, 5, 3), (20, 30, 40), np.uint8)
        >>> Enhancer(threads=1)(frame, bgr=True, out=frame) is frame
        True
        """
        picture: Any = image
        result: Any
        if (out is not None or bgr) and isinstance(picture, (str, Path, bytes)):
            raise OptionError(f"{'bgr' if out is None else 'out'} is only for an array")
        if isinstance(picture, (str, Path)):
            warnings.warn("pielight: a path is deprecated here; use enhance_file", DeprecationWarning, stacklevel=2)
            result = self.enhance_file(
                picture, output, strength, highlights,
                denoise=denoise, options=options, exist_ok=True, preserve_times=preserve_times, **taste,
            )  # fmt: skip
        elif output is not None or preserve_times:
            only = "preserve_times" if output is None else "output"
            raise OptionError(f"{only} is only for a picture given as a path")
        elif isinstance(picture, bytes):
            result = self.enhance_bytes(
                picture, self._options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
            )[0]
        elif isinstance(picture, np.ndarray | Image.Image) or is_tensor(picture):
            result = enhance_in_memory(
                picture,
                self.processor,
                self._options(options, strength=strength, highlights=highlights, denoise=denoise, **taste),
                out,
                bgr,
            )
        else:
            raise OptionError(f"{type(picture).__name__}: expected bytes, a {EXPECTED}")
        return result  # type: ignore[no-any-return]

    def frames(
        self,
        frames: Iterable[Array],
        strength: float | None = None,
        highlights: float | None = None,
        *,
        fps: float = FPS,
        every: int | None = None,
        bgr: bool = False,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        **taste: Unpack[Taste],
    ) -> Iterator[Array]:
        """Enhance the frames of one stream without flicker: each result follows its frame at once.

        The network looks at some frames; maps of exposures are smoothed over time, follow the exposure of the source
        at once and a lamp within half a second, and start anew at a scene cut. Models of curves or rain enhance each
        frame by itself. Memory does not grow.

        Args:
            frames: Arrays, as :meth:`__call__` takes them; their size may change.
            strength: See :meth:`__call__`, as for the next one.
            highlights: As there.
            fps: Frames per second.
            every: Frames from one look of the network to the next at most; None is a sixth of a second.
            bgr: Whether channels are blue, green and red, as OpenCV has them.
            denoise: See :meth:`__call__`; frames are averaged along the motion, which takes several frames to act.
            options: See :meth:`__call__`.
            **taste: See :meth:`__call__`.

        Yields:
            New arrays of the same shape and type, in the order of the frames.

        Raises:
            OptionError: An argument is out of range, at once; a frame is no picture, when it comes.

        >>> dark = (np.full((48, 64, 3), level, np.uint8) for level in (20, 21, 20))
        >>> [frame.shape for frame in Enhancer(threads=1).frames(dark, denoise=0)]
        [(48, 64, 3), (48, 64, 3), (48, 64, 3)]
        """
        chosen = self._options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        return map(self.frame_enhancer(chosen, fps=fps, every=every, bgr=bgr), frames)

    def frame_enhancer(
        self, options: EnhanceOptions | None = None, *, fps: float = FPS, every: int | None = None, bgr: bool = False
    ) -> FrameEnhancer:
        """Return a function that enhances the frames of one stream, one call for each: :meth:`frames`, turned around.

        Args:
            options: See :meth:`__call__`.
            fps: See :meth:`frames`, as for the next two.
            every: As there.
            bgr: As there.

        Raises:
            OptionError: An argument is out of range.

        >>> brighter = Enhancer(threads=1).frame_enhancer(EnhanceOptions(denoise=0), fps=25)
        >>> brighter(np.full((48, 64, 3), 20, np.uint8)).shape
        (48, 64, 3)
        """
        return FrameEnhancer(self.processor, self._resolved(options), fps=fps, every=every, bgr=bgr)

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
        preserve_times: bool = False,
        **taste: Unpack[Taste],
    ) -> Path:
        """Enhance a picture's file into another file, which appears whole or not at all, and has the same permissions.

        Args:
            source: Picture to read: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW.
            target: File to write, or a folder: one that exists, or a text that ends with ``/``; None is the folder of
                the picture. In a folder, the picture's name, with ``_pie`` after it where it is the picture's own.
            strength: See :meth:`__call__`, as for the next three.
            highlights: As there.
            denoise: As there.
            options: As there.
            exist_ok: Whether a file that has the target's name is replaced; its permissions stay.
            file_format: The format to write, as ``"png"``; None is the source's, or that of the target's extension if
                it has another.
            quality: 1..100 for lossy formats; None keeps the source's own.
            preserve_times: Whether the file takes the source's times of access and of change.
            **taste: See :meth:`__call__`.

        Returns:
            The path of the file that was written.

        Raises:
            ExistsError: The target exists.
            MissingFileError: There is no such source.
            PictureError: The source cannot be read, the target is the source, or it cannot be written.
            PielightError: An argument is out of range or not for this task.

        Notes on how the picture was read and written go to the logger ``pielight`` at level INFO;
        :meth:`enhance_and_save` returns them.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (40, 30), (20, 30, 40)).save(f"{folder}/night.png")
        ...     Enhancer(threads=1).enhance_file(f"{folder}/night.png", f"{folder}/new/").relative_to(folder).as_posix()
        'new/night.png'
        """
        source = Path(source)
        saving = SaveOptions(file_format, quality, "overwrite" if exist_ok else "skip", 1, preserve_times)
        target = result_target(source, target, saving.file_format)
        options = self._options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        try:
            written = self.enhance_and_save(source, target, options, saving)
        except ExistsError:
            is_source = is_same_file(source, target)
            what = "the result would overwrite the picture; choose another target"
            text = what if is_source else "already exists; pass exist_ok=True to replace it"
            raise ExistsError(f"{shown(target)}: {text}", str(target)) from None
        if written.note:
            logging.getLogger("pielight").info("%s: %s", shown(source), written.note)
        return written.path

    def enhance_and_save(
        self, source: Path, target: Path, options: EnhanceOptions | None = None, saving: SaveOptions | None = None
    ) -> Written:
        """Enhance a picture's file as :meth:`enhance_file` does, and return notes on the result, too.

        Args:
            source: Picture to read.
            target: File to write.
            options: None is the default at the enhancer's ``auto``.
            saving: How the file is written, and what happens if it exists; None replaces it.

        Raises:
            PielightError: See :meth:`enhance_file`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("CMYK", (40, 30), (200, 190, 180, 90)).save(f"{folder}/night.jpg")
        ...     Enhancer(threads=1).enhance_and_save(Path(folder, "night.jpg"), Path(folder, "bright.png")).note
        'CMYK converted to sRGB'
        """
        options, saving = self._resolved(options), saving or SaveOptions()
        job = EnhanceJob(options, saving, self.record(options, saving.quality))
        return pipeline_files.enhance_file(source, target, self.processor, job)

    def enhance_bytes(
        self,
        data: bytes,
        options: EnhanceOptions | None = None,
        *,
        file_format: str | None = None,
        quality: int | None = None,
        name: str = "picture",
    ) -> tuple[bytes, str]:
        """Enhance the bytes of a picture's file; see :meth:`enhance_file`.

        Returns:
            The bytes of the result's file, and notes on how it was read and written.

        Raises:
            PictureError: The bytes are no picture, or it cannot be encoded.
            PielightError: An option is not for this task.

        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (40, 30), (20, 30, 40)).save(file, "PNG")
        >>> data, notes = Enhancer(threads=1).enhance_bytes(file.getvalue(), EnhanceOptions(0.5), file_format="webp")
        >>> Image.open(io.BytesIO(data)).format, notes
        ('WEBP', '')
        """
        options = self._resolved(options)
        job = EnhanceJob(options, SaveOptions(file_format, quality), self.record(options, quality))
        return pipeline_files.enhance_bytes(data, name, self.processor, job)

    def denoises(self, options: EnhanceOptions) -> bool:
        """Say whether the denoiser takes part in a result.

        >>> Enhancer(threads=1).denoises(EnhanceOptions()), Enhancer(task="derain").denoises(EnhanceOptions())
        (True, False)
        """
        return options.denoise != 0 and "denoise" in self._descriptor.options

    @takes_former_arguments
    def record(self, options: EnhanceOptions | None = None, quality: int | None = None) -> Record:
        """Return the record of what makes a result, as the XMP of a result's file holds it.

        Raises:
            ModelError: A model's file cannot be read.

        >>> dict(Enhancer(threads=1).record(EnhanceOptions(0.5)).options)["Strength"]
        '0.5'
        """
        options, known = self._resolved(options, check=False), self._descriptor.options
        return Record.of(
            __version__,
            Task=self.task,
            Model=self.model.name,
            ModelSHA256=self.model.sha256(),
            Strength=options.strength,
            Highlights=options.highlights if "highlights" in known else None,
            Auto=options.auto if "auto" in known else None,
            Denoise=options.denoise if "denoise" in known else None,
            DenoiseModelSHA256=self.denoiser.sha256() if self.denoises(options) else None,
            Quality=quality,
            **{_RECORDED[name]: value for name, value in options.taste().items()},
        )

    def exposure(self, image: str | Path | bytes | Image.Image | Array | Tensor) -> ExposureMap:
        """Predict by how many stops each part of a picture is lifted, to be looked at, changed, and applied.

        Args:
            image: As for :meth:`__call__`, or a path; a tensor of one picture.

        Returns:
            The map, with :meth:`pielight.ExposureMap.scaled`, ``blend``, ``apply`` and ``plot``.

        Raises:
            OptionError: The model predicts curves, or rain.
            PielightError: The picture cannot be read.

        >>> dark = np.full((40, 60, 3), 30, np.uint8)
        >>> enhancer = Enhancer(threads=1)
        >>> bool((enhancer.exposure(dark).apply(dark) == enhancer(dark)).all())
        True
        """
        network = self.processor.network
        if not isinstance(network, ExposureNetwork):
            raise OptionError(
                f"exposure: model {self.model.name} predicts no map of exposures{self._instead('curves')}"
            )
        return network.predict(_pixels_of(image, None), self.auto)  # which looks at every pixel

    def curves(self, image: str | Path | bytes | Image.Image | Array | Tensor) -> Lattice:
        """Predict the curves of a picture, to be applied once or many times: :meth:`pielight.CurveLattice.apply`.

        Args:
            image: As for :meth:`__call__`, or a path; a tensor of one picture.

        Raises:
            OptionError: The model predicts a map of exposures, or rain.
            PielightError: The picture cannot be read.

        >>> hazy = np.full((40, 60, 3), 200, np.uint8)
        >>> clear = Enhancer(task="dehaze", threads=1)
        >>> bool((clear.curves(hazy).apply(hazy) == clear(hazy)).all())
        True
        """
        network = self.processor.network
        if not isinstance(network, LatticeNetwork):
            raise OptionError(f"curves: model {self.model.name} predicts no curves{self._instead('exposure')}")
        return network.predict(_pixels_of(image, _ENOUGH * network.thumbnail_side), self.auto)

    def _instead(self, method: str) -> str:
        return f"; use Enhancer.{method}" if isinstance(self.processor.network, ThumbnailNetwork) else ""

    def _options(self, options: EnhanceOptions | None, **given: Any) -> EnhanceOptions:
        """Return the options of a call: those given one by one, or in an object."""
        return self._resolved(chosen_options(options, **given))

    def _resolved(self, options: EnhanceOptions | None, check: bool = True) -> EnhanceOptions:
        """Return options with the enhancer's own ``auto`` where they leave it open, checked for its task."""
        options = options or EnhanceOptions()
        if options.auto is None:
            options = replace(options, auto=self.auto)
        if options.highlights is None:
            options = replace(options, highlights=self._descriptor.highlights)
        if check:
            self._descriptor.check_options(
                highlights=options.highlights not in (None, self._descriptor.highlights),
                denoise=options.denoise not in (0, AUTO),
                auto=not options.auto,
                **dict.fromkeys(options.taste(), True),
            )
        return options


def _pixels_of(image: Any, at_least: int | None) -> Array:
    """Return the pixels of one picture to predict from; a file's may have fewer, but no side below ``at_least``."""
    if isinstance(image, (str, Path, bytes)):
        data, name = (image, "picture") if isinstance(image, bytes) else (read_file(Path(image)), shown(image))
        return decode(data, name).pixels if at_least is None else decode_reduced(data, at_least, name)
    if isinstance(image, Image.Image):
        return open_image(image).pixels
    if isinstance(image, np.ndarray):
        return split_opacity(image)[0]
    if is_tensor(image):
        if math.prod(image.shape[:-3]) != 1:
            raise OptionError(f"tensor of shape {tuple(image.shape)}: expected one picture, (3, H, W)")
        picture: Array = tensor_pixels(image)[0]
        return picture
    raise OptionError(f"{type(image).__name__}: expected a path, bytes, a {EXPECTED}")
