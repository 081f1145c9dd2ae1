"""The engine of exposure maps in torch: network and pixels on one device, in batches.

Thumbnails, statistics, network, exposure and finish run on the device; only maps, of some hundred numbers, come to the
CPU and go back. Denoising, and the reading and writing of files, stay on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.core.pixels import Pixels
from pielight.errors import DeviceError, OptionError
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.inference.onnx_module import OnnxModule
from pielight.ops.exposure import exposure_curve
from pielight.ops.exposure_counts_torch import exposure_counts
from pielight.ops.exposure_map_device import expose
from pielight.ops.exposure_torch import canonical_exposure
from pielight.ops.finish import Finish
from pielight.ops.finish_torch import finished
from pielight.ops.frame_thumbnail_torch import frame_thumbnails
from pielight.ops.thumbnail import LARGE
from pielight.ops.thumbnail_torch import box_thumbnail, small_thumbnail
from pielight.options import EnhanceOptions

_DEEP = 65535.0


class TorchEngine:
    """Predicts exposure maps and applies them, on a device of torch's.

    Batches are ``(N, 1 or 3, H, W)`` on the device: uint8, int32 for 16 bits, or float32 / float64 in [0, 1].

    Args:
        network: What runs on the CPU, from whose file the weights are read.
        device: Such as ``cuda``; on ``cpu`` it does the same, which is how it is tested.

    Raises:
        ModelError: The file is damaged, or made of nodes that :class:`pielight.inference.onnx_module.OnnxModule` lacks.

    >>> from pielight import Enhancer
    >>> engine = TorchEngine(Enhancer(threads=1).processor.network, torch.device("cpu"))
    >>> dark = np.full((90, 120, 3), 20, np.uint8)
    >>> bool(engine.predict(dark).ev.min() > 1)
    True
    """

    def __init__(self, network: ExposureNetwork, device: torch.device) -> None:
        network.open()  # which checks the file
        self.network, self.device = network, torch.empty(0, device=device).device
        self._module = OnnxModule(network.path).to(self.device).eval().requires_grad_(False)

    def __reduce__(self) -> tuple[type[TorchEngine], tuple[ExposureNetwork, torch.device]]:
        return type(self), (self.network, self.device)

    def upload(self, pixels: Pixels) -> Tensor:
        """Return a picture (H, W, C) as a batch of one."""
        kept = pixels.astype(np.int32) if pixels.dtype == np.uint16 else np.ascontiguousarray(pixels)
        kept = kept if kept.flags.writeable else kept.copy()  # torch has no tensors that are read only, and warns
        with self._memory():
            return torch.from_numpy(kept).to(self.device).permute(2, 0, 1)[None]

    def check(self, batch: Tensor) -> None:
        """Check that floats are in [0, 1].

        Raises:
            OptionError: One is not, or the batch is empty.
        """
        if batch.numel() == 0:
            raise OptionError(f"tensor of shape {tuple(batch.shape)}: holds no pixels")
        if batch.is_floating_point():
            least, most = (float(value) for value in torch.aminmax(batch))
            if not (least >= 0 and most <= 1):  # also of NaN
                raise OptionError(f"tensor of {batch.dtype} with values from {least:g} to {most:g}; expected [0, 1]")

    def predict(self, pixels: Pixels | Tensor, auto: bool = True) -> ExposureMap:
        """Predict the map of a picture (H, W, C), as :class:`pielight.inference.exposure_map.ExposureNetwork` does.

        A tensor is a batch of one, which is on the device.
        """
        return self.predict_batch(pixels if isinstance(pixels, Tensor) else self.upload(pixels), auto)[0]

    @torch.inference_mode()
    def predict_batch(self, batch: Tensor, auto: bool = True) -> list[ExposureMap]:
        """Predict the map of each picture of a batch.

        Raises:
            ModelError: What the network returns is no map of exposures.
            DeviceError: The device's memory does not suffice.
        """
        with self._memory(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            small = self.thumbnails(batch, self.network.thumbnail_side)
            canonical = canonical_exposure(small)
            seen = linear_to_srgb(exposure_curve(srgb_to_linear(small), canonical))
            counted = exposure_counts(batch if batch.dtype == torch.uint8 else _unit(batch))
            given = {"thumbnail": seen, "statistics": torch.cat([counted, canonical.flatten(1)], 1)}
            found = self._module(*(given[name] for name in self._module.inputs))
            ev, probability = canonical[:, 0] + found["exposure"][:, 0], found["underexposed"][:, 0]
            values = [item.cpu().numpy() for item in (small, ev, probability)]
        return [self.network.map_of(one, where, sure, auto) for one, where, sure in zip(*values, strict=True)]

    @torch.inference_mode()
    def thumbnails(self, batch: Tensor, side: int) -> Tensor:
        """Return :func:`pielight.ops.thumbnail.thumbnail` of each picture, ``(N, 3, side, side)``."""
        if min(batch.shape[-2:]) >= LARGE * side:
            small = box_thumbnail(_unit(batch), side)
        else:
            small = small_thumbnail(batch if batch.dtype == torch.uint8 else _unit(batch), side)
        return small.clamp(0, 1).expand(-1, 3, -1, -1)

    @torch.inference_mode()
    def frame_thumbnails(self, batch: Tensor) -> Pixels:
        """Return :func:`pielight.ops.frame_thumbnail.frame_thumbnail` of each frame, ``(N, 32, 32)``."""
        small: Pixels = frame_thumbnails(batch).cpu().numpy()
        return small

    @torch.inference_mode()
    def render(
        self, batch: Tensor, maps: Sequence[ExposureMap], options: EnhanceOptions, finishes: Sequence[Finish]
    ) -> Tensor:
        """Return pictures exposed by their maps, and finished.

        Raises:
            DeviceError: The device's memory does not suffice.
        """
        with self._memory():
            result = torch.empty_like(batch)
            for source, target, exposure, finish in zip(batch, result, maps, finishes, strict=True):
                exposed = expose(source.permute(1, 2, 0), exposure.at(options)).permute(2, 0, 1)
                target.copy_(exposed if finish.is_neutral else finished(source, exposed, finish))
            return result

    def download(self, batch: Tensor, out: Pixels) -> None:
        """Copy a batch of one into a picture (H, W, C)."""
        out[...] = batch[0].permute(1, 2, 0).cpu().numpy()

    @contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise DeviceError(f"device {str(self.device)!r}: not enough memory; use device='cpu'") from error


def _unit(batch: Tensor) -> Tensor:
    """Return values in [0, 1], float32."""
    if batch.is_floating_point():
        return batch.float()
    return batch.float() / (255.0 if batch.dtype == torch.uint8 else _DEEP)
