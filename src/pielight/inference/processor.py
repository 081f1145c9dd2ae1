"""The processor: a model and its runtime, which enhance the pixels of pictures and frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from pielight import io
from pielight.core.pixels import Pixels, check_pixels
from pielight.core.threads import meanwhile
from pielight.inference.denoise import DenoiseNetwork
from pielight.inference.descriptor import ModelDescriptor
from pielight.ops.finish import Finish, apply_finish
from pielight.ops.illuminant import SIDE, MeanThumbnail, estimate_cast
from pielight.ops.noise import Noise, estimate
from pielight.ops.thumbnail import thumbnail
from pielight.options import AUTO, KEEP, Balance, EnhanceOptions

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from pielight.io.image import Picture

FrameKind: TypeAlias = tuple[tuple[int, ...], str]


class BatchEngine(Protocol):
    """Predicts and applies on a device; :class:`pielight.inference.torch_engine.TorchEngine` is one."""

    device: torch.device

    def upload(self, pixels: Pixels) -> Tensor:
        """Return a picture (H, W, C) as a batch of one."""

    def check(self, batch: Tensor) -> None:
        """Check the values of a batch."""

    def predict(self, pixels: Pixels | Tensor, auto: bool = True) -> Any:
        """Return what the network predicts for a picture (H, W, C), or for a batch of one."""

    def predict_batch(self, batch: Tensor, auto: bool = True) -> Sequence[Any]:
        """Return what the network predicts for each picture of a batch."""

    def thumbnails(self, batch: Tensor, side: int) -> Tensor:
        """Return the thumbnail of each picture."""

    def frame_thumbnails(self, batch: Tensor) -> Pixels:
        """Return the tiny gray thumbnail of each frame, (N, 32, 32)."""

    def render(self, batch: Tensor, maps: Sequence[Any], options: EnhanceOptions, finishes: Sequence[Finish]) -> Tensor:
        """Apply predictions, and finish."""

    def download(self, batch: Tensor, out: Pixels) -> None:
        """Copy a batch of one into a picture (H, W, C)."""


@dataclass(frozen=True)
class Runtime:
    """What is needed to apply predictions.

    Attributes:
        denoiser: The denoising network.
        threads: Threads; None takes every core that the process may use.
        device: Where predictions are applied; None is the CPU.
        engine: Predicts and applies exposure maps on that device; None for other models, and on the CPU.
        noise: Returns the noise of a picture, if it is asked for; that of a file's frames is the same for all of a
            kind, so that equal areas of two frames are denoised alike.
    """

    denoiser: DenoiseNetwork
    threads: int | None = None
    device: torch.device | None = None
    engine: BatchEngine | None = None
    noise: Callable[[Pixels], Noise] = estimate


def kind_of_frame(pixels: Pixels) -> FrameKind:
    """Return what frames of one kind share: shape and type.

    >>> kind_of_frame(np.zeros((2, 3, 1), np.uint8))
    ((2, 3, 1), 'uint8')
    """
    return pixels.shape, str(pixels.dtype)


def _measured(frames: Iterable[Pixels], found: dict[FrameKind, Noise]) -> Iterator[Pixels]:
    """Yield frames, and estimate the noise of the first one of each kind."""
    for frame in frames:
        kind = kind_of_frame(frame)
        if kind not in found:
            found[kind] = estimate(frame)
        yield frame


def _noise_of_kind(found: dict[FrameKind, Noise], pixels: Pixels) -> Noise:
    """Return the noise of frames of a picture's kind, or of the picture if there are none."""
    return found.get(kind_of_frame(pixels)) or estimate(pixels)


class Prediction(ABC):
    """What a network predicts for a picture, which is then applied at any strength."""

    @abstractmethod
    def process(self, pixels: Pixels, options: EnhanceOptions, runtime: Runtime, out: Pixels | None = None) -> Pixels:
        """Apply the prediction.

        Args:
            pixels: (H, W, 1 or 3): uint8, uint16, or floats in [0, 1].
            options: Strength and the like.
            runtime: Denoiser, threads and device.
            out: Where to put the result, of the shape and type of ``pixels``; may be ``pixels`` itself.

        Returns:
            ``out``, or a new array like ``pixels``.

        Raises:
            PielightError: The array is not a picture, or a network is damaged.
        """


class Predictor(Protocol):
    """A network that enhances, for one of :data:`pielight.options.TASKS`."""

    descriptor: ModelDescriptor

    def predict(self, pixels: Pixels, auto: bool = True) -> Prediction:
        """Predict the enhancement of a picture, (H, W, 1 or 3)."""

    def predict_for_all(self, frames: Iterable[Pixels], auto: bool = True) -> Prediction | None:
        """Predict one enhancement for all frames of a file; None if each frame needs its own."""


@dataclass(frozen=True)
class Processor:
    """Enhances pixels, those of one picture or those of all frames of a file.

    Attributes:
        runtime: Denoiser, threads and device.
        network: Predicts; None if there is a prediction already.
        prediction: For every picture; None predicts for each.
        finish: For every picture; None follows the options, and the light of each picture.
    """

    runtime: Runtime
    network: Predictor | None = None
    prediction: Prediction | None = None
    finish: Finish | None = None

    def process(self, pixels: Pixels, options: EnhanceOptions, out: Pixels | None = None) -> Pixels:
        """Enhance pixels (H, W, 1 or 3), into another array or a given one; strength 0 is the identity, bit for bit.

        Raises:
            PielightError: The array is not a picture, or a network is damaged.
        """
        if options.strength == 0:
            check_pixels(pixels)
            if out is None:
                return pixels.copy()
            out[...] = pixels
            return out
        engine = self.runtime.engine
        if engine is not None and options.denoise == 0:
            check_pixels(pixels)
            out = np.empty(pixels.shape, pixels.dtype) if out is None else out
            engine.download(self.process_batch(engine, engine.upload(pixels), options), out)
            return out
        runtime = self._measuring(pixels, options)
        prediction = self.prediction or self._predict(pixels, options)
        finish = self.finish or self._finish(prediction, options, self._thumbnail(pixels, options))
        is_replaced = out is not None and np.may_share_memory(out, pixels)
        before = pixels.copy() if finish.black > 0 and is_replaced else pixels
        result = prediction.process(pixels, options, runtime, out)
        if not finish.is_neutral:
            apply_finish(before, result, finish, self.runtime.threads)
        return result

    def process_batch(self, engine: BatchEngine, batch: Tensor, options: EnhanceOptions) -> Tensor:
        """Enhance pictures that are on a device, without denoising.

        Args:
            engine: That of the device.
            batch: ``(N, 1 or 3, H, W)``, as the engine takes it.

        Raises:
            PielightError: The network is damaged, or memory is short.
        """
        shared = self.prediction
        maps = engine.predict_batch(batch, options.is_gated) if shared is None else [shared] * len(batch)
        return engine.render(batch, maps, options, self.finishes_for(engine, batch, maps, options))

    def process_picture(self, picture: Picture, options: EnhanceOptions) -> Picture:
        """Enhance a picture in place if its pixels are writeable; the caller gives it up."""
        before = io.sample(picture.pixels)
        pixels = self.process(picture.pixels, options, picture.pixels if picture.pixels.flags.writeable else None)
        return replace(picture, pixels=pixels, changed=io.look_different(before, io.sample(pixels)))

    def for_picture(self, pixels: Pixels, options: EnhanceOptions) -> Processor:
        """Return the processor with the prediction for a picture, to enhance it at several strengths."""
        prediction = self._predict(pixels, options)
        finish = self._finish(prediction, options, self._thumbnail(pixels, options))
        return replace(self, prediction=prediction, finish=finish)

    def for_frames(self, frames: Iterable[Pixels], options: EnhanceOptions) -> Processor:
        """Return the processor with one prediction for all frames of a file, if the model can share one."""
        if options.strength == 0 or self.network is None:
            return self
        noise: dict[FrameKind, Noise] = {}
        frames = _measured(frames, noise) if options.denoise != 0 else frames
        mean = MeanThumbnail(self.runtime.threads) if _is_estimated(options) else None
        prediction = self.network.predict_for_all(mean.passing(frames) if mean else frames, options.is_gated)
        finish = self._finish(prediction, options, mean.thumbnail()) if mean and prediction is not None else None
        return replace(
            self,
            prediction=prediction,
            finish=finish,
            runtime=replace(self.runtime, noise=partial(_noise_of_kind, noise)),
        )

    def finish_for(self, pixels: Pixels, prediction: Prediction, options: EnhanceOptions) -> Finish:
        """Return what is done after a prediction was applied to a picture (H, W, 1 or 3), as ``process`` does it."""
        return self._finish(prediction, options, self._thumbnail(pixels, options))

    def finishes_for(
        self, engine: BatchEngine, batch: Tensor, predictions: Sequence[Prediction], options: EnhanceOptions
    ) -> list[Finish]:
        """Return what is done after predictions were applied to the pictures of a batch on a device."""
        thumbnails = engine.thumbnails(batch, SIDE).cpu().numpy() if _is_estimated(options) else [None] * len(batch)
        return [
            self.finish or self._finish(one, options, small) for one, small in zip(predictions, thumbnails, strict=True)
        ]

    def _measuring(self, pixels: Pixels, options: EnhanceOptions) -> Runtime:
        """Return the runtime for a picture whose noise, which may be asked for, is estimated while it is predicted."""
        if self.network is None or self.prediction or not options.denoise:
            return self.runtime
        if "denoise" not in self.network.descriptor.options:
            return self.runtime
        noise = meanwhile(partial(self.runtime.noise, pixels), self.runtime.threads)
        return replace(self.runtime, noise=lambda _: noise())

    def _finish(
        self, prediction: Prediction, options: EnhanceOptions, small: NDArray[np.float32] | None = None
    ) -> Finish:
        """Return what is done after a prediction was applied, with the cast that a thumbnail then has for ``auto``."""
        cast = None
        if small is not None:
            picture = np.ascontiguousarray(small.transpose(1, 2, 0))
            result = prediction.process(picture, replace(options, denoise=0), self.runtime)
            cast = estimate_cast(small, result.transpose(2, 0, 1))
        warmth, tint = (0.0, 0.0) if cast is None else (-cast.warmth, -cast.tint)
        return Finish(options.black, _number(options.warmth, warmth), _number(options.tint, tint))

    def _thumbnail(self, pixels: Pixels, options: EnhanceOptions) -> NDArray[np.float32] | None:
        """Return what a cast is estimated from, or None if the options ask for none."""
        return thumbnail(pixels, SIDE, self.runtime.threads) if _is_estimated(options) else None

    def _predict(self, pixels: Pixels, options: EnhanceOptions) -> Prediction:
        if self.network is None:
            raise ValueError("a processor needs a network or a prediction")
        if self.runtime.engine is not None:
            found: Prediction = self.runtime.engine.predict(pixels, options.is_gated)
            return found
        return self.network.predict(pixels, options.is_gated)


def _is_estimated(options: EnhanceOptions) -> bool:
    return AUTO in (options.warmth, options.tint)


def _number(value: Balance, estimated: float) -> float:
    """Return a step of white balance in [-1, 1] for a number, ``auto`` or ``keep``."""
    if value == AUTO:
        return min(1.0, max(-1.0, estimated))
    return 0.0 if value == KEEP else float(value)
