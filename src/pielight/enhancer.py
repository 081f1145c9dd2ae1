"""One model that mends pictures of any kind and returns the same kind."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file, shown
from pielight.core.threads import check_threads
from pielight.errors import OptionError
from pielight.inference.change import ModelChange, applier
from pielight.inference.denoise import network
from pielight.inference.derain import SpatialNetwork
from pielight.inference.descriptor import BRIGHTEN, check_settings, find_task
from pielight.inference.files import FileOptions, Written, changed_bytes, changed_file, result_beside
from pielight.inference.images import changed_array, changed_image, colors_of
from pielight.inference.lattice_network import Predictor
from pielight.io.decode import decode_reduced, open_image
from pielight.io.provenance import Record
from pielight.io.size_limits import memory_for
from pielight.models import DENOISER, find
from pielight.ops.haze_lattice import Lattice
from pielight.options import HIGHLIGHTS, Denoise, check_denoise, check_highlights, check_strength

_ENOUGH = 2  # times the network's thumbnail, to predict only: from here on it hardly changes
Array = NDArray[Any]


class Enhancer:
    """Mends pictures with one model, which is opened at the first picture; safe to share among threads.

    It can be copied and pickled, for other processes, too: a copy opens the model's file itself.

    Args:
        model: Name of a shipped model or path of an ONNX file; None is the default model.
        threads: Threads for the network and for the curves; None takes every core that the process may use.
        auto: Leave well-exposed pictures alone, in proportion, or clear ones in dehazing; not for deraining.
        device: Where the curves are applied: ``"cpu"``, or by torch on ``"cuda"`` (extra ``gpu``); not for deraining.
        denoise_model: Path of an ONNX file with the network that takes noise out; None is the one that comes with
            pielight.
        task: ``"brighten"``, ``"dehaze"`` or ``"derain"``; ``model`` is one for that.

    Raises:
        PielightError: There is no such model, device or task, ``threads`` is below 1, or the task has no such setting.

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
        kind = find_task(task)
        check_settings(task, auto=not auto, device=device != "cpu")
        self.model = find(model, kind.model)
        self.task = task
        self.threads = threads
        self._auto = auto
        self._denoise_by(denoise_model)
        self._apply = applier(device, threads)
        path = self.model.path
        self._mends: SpatialNetwork | Predictor = (
            Predictor(path, threads, auto, task) if kind.has_curves else SpatialNetwork(path, threads)
        )

    def with_denoiser(self, denoise_model: str | Path | None) -> Enhancer:
        """Return an enhancer of the same curves that takes noise out by another network.

        Raises:
            ModelError: There is no such file.
        """
        other = copy(self)
        other._denoise_by(denoise_model)
        return other

    @overload
    def __call__(
        self,
        image: str | Path,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        output: str | Path | None = None,
        preserve_times: bool = False,
    ) -> Path: ...
    @overload
    def __call__(
        self, image: bytes, strength: float = 1.0, highlights: float = HIGHLIGHTS, *, denoise: Denoise = 0.0
    ) -> bytes: ...
    @overload
    def __call__(
        self, image: Image.Image, strength: float = 1.0, highlights: float = HIGHLIGHTS, *, denoise: Denoise = 0.0
    ) -> Image.Image: ...
    @overload
    def __call__(
        self, image: Array, strength: float = 1.0, highlights: float = HIGHLIGHTS, *, denoise: Denoise = 0.0
    ) -> Array: ...

    def __call__(
        self,
        image: str | Path | bytes | Image.Image | Array,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        output: str | Path | None = None,
        preserve_times: bool = False,
    ) -> Path | bytes | Image.Image | Array:
        """Mend a picture.

        Args:
            image: One of: a path; the bytes of a picture's file; a Pillow image; a uint8, uint16, or float (in
                [0, 1]) array of shape (H, W), (H, W, 1), (H, W, 3), or with opacity (H, W, 2), (H, W, 4). Channels are
                R, G, B; of OpenCV's BGR take ``enhancer(bgr[..., ::-1])[..., ::-1]``.
            strength: 0 leaves the picture as it is, bit for bit; 1 is the model's choice; -1.5 to 1.5, below 0 darkens,
                or adds haze or rain.
            highlights: How far what is bright already is protected, 0 to 1; for brightening only.
            denoise: How much of the noise that brightening or dehazing shows is taken out: 0 (none) to 1 (all), or
                ``"auto"``, which goes by what can be seen and leaves pictures in which it finds no noise as they are
                without it, bit for bit; not for deraining.
            output: For a path only: the file to write, by default the picture's name with ``_pie`` beside it.
            preserve_times: For a path only: whether that file takes the picture's times of access and of change.

        Returns:
            The same kind: bytes of a file in the same format with its metadata, a Pillow image of the same
            mode (PA becomes RGBA, 16 bits take the machine's byte order), an array of the same shape and
            type; for a path, that of the file written.

        Raises:
            PielightError: The picture cannot be read or written, or an argument is out of range or not for this task.
        """
        if isinstance(image, (str, Path)):
            target = result_beside(Path(image)) if output is None else Path(output)
            self.file(Path(image), target, strength, highlights, denoise=denoise, preserve_times=preserve_times)
            return target
        if output is not None or preserve_times:
            only = "preserve_times" if output is None else "output"
            raise OptionError(f"{only} is only for a picture given as a path")
        if isinstance(image, bytes):
            return self.encoded(image, strength, highlights, denoise=denoise)[0]
        if isinstance(image, Image.Image):
            return changed_image(image, self._change(strength, highlights, denoise), strength)
        if isinstance(image, np.ndarray):
            return changed_array(image, self._change(strength, highlights, denoise))
        raise OptionError(f"{type(image).__name__}: expected a path, bytes, Pillow image or NumPy array")

    def file(
        self,
        source: Path,
        target: Path,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        file_format: str | None = None,
        quality: int | None = None,
        preserve_times: bool = False,
    ) -> str:
        """Mend a picture's file into another file, which appears whole or not at all, and has the same permissions.

        A file that has that name is replaced; its permissions stay. Owner and group are kept as the system lets us.

        Args:
            source: Picture to read.
            target: File to write.
            strength: -1.5 to 1.5.
            highlights: 0 to 1.
            denoise: 0 to 1, or ``"auto"``.
            file_format: Pillow's name of the format to write; None is the source's, or that of the target's
                extension if it has another.
            quality: 1..100 for lossy formats; None keeps the source's own.
            preserve_times: Whether the file takes the source's times of access and of change.

        Returns:
            What the user should know of how it was read and written, or nothing.

        Raises:
            PictureError: The source cannot be read, the target is the source, or it cannot be written.
            PielightError: An argument is out of range.
        """
        options = FileOptions(file_format, quality, preserve_times=preserve_times)
        return self.write(source, target, strength, highlights, denoise=denoise, options=options).note

    def write(
        self,
        source: Path,
        target: Path,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        options: FileOptions | None = None,
    ) -> Written:
        """Mend a picture's file as :meth:`file` does, with a choice of what becomes of a file that has that name.

        Returns:
            Where the result was written, and what the user should know of how.

        Raises:
            ExistsError: The name is taken, and the file that has it is to be kept.
            PielightError: See :meth:`file`.
        """
        options = options or FileOptions()
        change = self._change(strength, highlights, denoise)
        record = self.record(strength, highlights, denoise=denoise, quality=options.quality)
        with memory_for(shown(source)):
            return changed_file(source, target, change, strength, options, record)

    def encoded(
        self,
        data: bytes,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        file_format: str | None = None,
        quality: int | None = None,
        name: str = "picture",
    ) -> tuple[bytes, str]:
        """Mend the bytes of a picture's file; see :meth:`file`.

        Returns:
            The bytes of the result's file, and what the user should know of how it was read and written, or nothing.

        Raises:
            PictureError: The bytes are no picture, or it cannot be encoded.
            PielightError: An argument is out of range.
        """
        change = self._change(strength, highlights, denoise)
        record = self.record(strength, highlights, denoise=denoise, quality=quality)
        with memory_for(name):
            return changed_bytes(data, change, strength, file_format, quality, name, record)

    def record(
        self,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        *,
        denoise: Denoise = 0.0,
        quality: int | None = None,
    ) -> Record:
        """Return the record of what makes a result, as the XMP of a result's file holds it.

        Raises:
            ModelError: A model's file cannot be read.

        >>> dict(Enhancer(threads=1).record(0.5).options)["Strength"]
        '0.5'
        """
        from pielight import __version__

        has = find_task(self.task).settings
        return Record.of(
            __version__,
            Task=self.task,
            Model=self.model.name,
            ModelSHA256=self.model.sha256(),
            Strength=float(strength),
            Highlights=float(highlights) if "highlights" in has else None,
            Auto=self._auto if "auto" in has else None,
            Denoise=denoise if isinstance(denoise, str) else float(denoise) if "denoise" in has else None,
            DenoiseModelSHA256=self.denoiser.sha256() if denoise != 0 else None,
            Quality=quality,
        )

    def curves(self, image: str | Path | bytes | Image.Image | Array) -> Lattice:
        """Predict the curves of a picture, to be applied once or many times with :func:`pielight.apply`.

        Raises:
            PielightError: The picture cannot be read, or the task is one without curves.
        """
        predict = self._mends
        if isinstance(predict, SpatialNetwork):
            raise OptionError(f"{self.task}: looks at every pixel and has no curves; call the enhancer itself")
        if isinstance(image, (str, Path)):
            pixels = decode_reduced(read_file(Path(image)), _ENOUGH * predict.size, shown(image))
        elif isinstance(image, bytes):
            pixels = decode_reduced(image, _ENOUGH * predict.size)
        elif isinstance(image, Image.Image):
            pixels = open_image(image).pixels
        elif isinstance(image, np.ndarray):
            pixels = colors_of(image)[0]
        else:
            raise OptionError(f"{type(image).__name__}: expected a path, bytes, Pillow image or NumPy array")
        return predict(pixels)

    def _denoise_by(self, denoise_model: str | Path | None) -> None:
        self.denoiser = find(denoise_model, DENOISER)
        self._denoise_network = network(self.denoiser.path, self.threads)

    def _change(self, strength: float, highlights: float, denoise: Denoise) -> ModelChange:
        check_strength(strength)
        check_highlights(highlights)
        check_denoise(denoise)
        check_settings(self.task, highlights=highlights != HIGHLIGHTS, denoise=denoise != 0)
        return ModelChange(self._mends, self._apply, self._denoise_network, self.threads, strength, highlights, denoise)
