"""One model that enhances pictures of any kind and returns the same kind."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight._deprecated_enhancer import FormerMethods
from pielight._enhancer_files import FileMethods
from pielight._enhancer_predictions import PredictionMethods
from pielight.errors import OptionError
from pielight.inference.exposure_track import FPS
from pielight.inference.frame_enhancer import FrameEnhancer
from pielight.inference.pipeline_arrays import EXPECTED, enhance_in_memory, is_tensor
from pielight.options import Denoise, EnhanceOptions, Taste

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

Array = NDArray[Any]
P = TypeVar("P", bytes, Image.Image, Array, "Tensor")
Frames = TypeVar("Frames", Array, "Tensor")


class Enhancer(FormerMethods, PredictionMethods, FileMethods):  # in reverse order of the reference
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
        frames: Iterable[Frames],
        strength: float | None = None,
        highlights: float | None = None,
        *,
        fps: float = FPS,
        every: int | None = None,
        bgr: bool = False,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        **taste: Unpack[Taste],
    ) -> Iterator[Frames]:
        """Enhance the frames of one stream without flicker: each result follows its frame at once.

        The network looks at some frames; maps of exposures are smoothed over time, follow the exposure of the source
        at once and a lamp within half a second, and start anew at a scene cut. Models of curves or rain enhance each
        frame by itself. Memory does not grow.

        Args:
            frames: Arrays, as :meth:`__call__` takes them; their size may change. Or tensors, each of one frame
                (3, H, W) or of the next ones (N, 3, H, W); with ``denoise=0`` they stay on the device.
            strength: See :meth:`__call__`, as for the next one.
            highlights: As there.
            fps: Frames per second.
            every: Frames from one look of the network to the next at most; None is a sixth of a second.
            bgr: Whether channels are blue, green and red, as OpenCV has them.
            denoise: See :meth:`__call__`; frames are averaged along the motion, which takes several frames to act.
            options: See :meth:`__call__`.
            **taste: See :meth:`__call__`.

        Yields:
            New arrays or tensors of the same shape and type, in the order of the frames.

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
