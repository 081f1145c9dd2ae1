"""The pipeline of pictures in memory: NumPy arrays, Pillow images and torch tensors, into the same type."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight import io
from pielight.core.pixels import full_scale, is_same_memory
from pielight.errors import OptionError
from pielight.inference.processor import BatchEngine, Processor
from pielight.options import EnhanceOptions

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[Any]
EXPECTED = "Pillow image, NumPy array or torch tensor"


def enhance_in_memory(
    image: Any, processor: Processor, options: EnhanceOptions, out: Array | None = None, bgr: bool = False
) -> Any:
    """Enhance a Pillow image, an array or a tensor into the same kind; ``out`` and ``bgr`` are for an array only.

    Raises:
        PielightError: It is no picture, or damaged.
    """
    if isinstance(image, np.ndarray):
        return enhance_array(image, processor, options, out, bgr)
    if out is not None or bgr:
        raise OptionError(f"{'bgr' if out is None else 'out'} is only for an array")
    if isinstance(image, Image.Image):
        return enhance_image(image, processor, options)
    if is_tensor(image):
        return enhance_tensor(image, processor, options)
    raise OptionError(f"{type(image).__name__}: expected a {EXPECTED}")


def enhance_array(
    image: Array, processor: Processor, options: EnhanceOptions, out: Array | None = None, bgr: bool = False
) -> Array:
    """Enhance an array of any shape that pictures have; opacity stays.

    Args:
        image: The picture.
        processor: Enhances its colors.
        options: How.
        out: Where to put the result, of the shape and type of ``image``; may be ``image`` itself.
        bgr: Whether colors are blue, green and red, in ``image`` and in the result.

    Raises:
        OptionError: It is no picture, or ``out`` is not like it.
    """
    colors, opacity = split_opacity(image)
    if out is not None:
        if not isinstance(out, np.ndarray) or out.shape != image.shape or out.dtype != image.dtype:
            what = f"shape {out.shape}, {out.dtype}" if isinstance(out, np.ndarray) else f"type {type(out).__name__}"
            raise OptionError(f"out of {what}: must be like the array")
        if not out.flags.writeable:
            raise OptionError("out cannot be written to: it is a read-only array")
        if np.may_share_memory(out, image) and not is_same_memory(out, image):
            colors, opacity = split_opacity(image.copy())  # else it would be written over before it is read
        colors_out, opacity_out = split_opacity(out)
        processor.process(_rgb(colors, bgr), options, _rgb(colors_out, bgr))
        if opacity_out is not None:
            opacity_out[...] = opacity
        return out
    result = _rgb(processor.process(_rgb(colors, bgr), options), bgr)
    whole = np.ascontiguousarray(result) if opacity is None else np.concatenate([result, opacity], axis=2)
    return whole.reshape(image.shape)


def _rgb(colors: Array, bgr: bool) -> Array:
    """Return a view with channels from blue, green and red to the reverse; gray has but one."""
    return colors[..., ::-1] if bgr and colors.shape[2] == 3 else colors


def enhance_image(image: Image.Image, processor: Processor, options: EnhanceOptions) -> Image.Image:
    """Enhance a Pillow image into another of the same mode.

    Raises:
        PictureError: Its mode is not supported, or it is damaged.
    """
    if options.strength == 0:
        return image.copy()
    picture = processor.process_picture(io.open_image(image), options)
    result = io.to_image(picture)
    kept = {key: value for key, value in image.info.items() if key != "transparency"}
    if isinstance(exif := kept.get("exif"), bytes):
        kept["exif"] = io.exif_with_new_thumbnail(exif, picture)
    result.info = kept | result.info  # the transparency of a palette
    return result


def enhance_tensor(image: Tensor, processor: Processor, options: EnhanceOptions) -> Tensor:
    """Enhance a tensor (3, H, W) or (N, 3, H, W): uint8, or floating point in [0, 1].

    The result is on the tensor's device. With an engine for a device and without denoising, the whole batch is enhanced
    there, and does not leave it if that is where it was; otherwise each picture by itself, on the CPU. It is
    detached: no gradient flows (``pielight.nn.Enhance`` is differentiable). Half precision is computed in float32.

    Raises:
        OptionError: It is no picture, or of another type.
    """
    engine = processor.runtime.engine
    if engine is not None and options.denoise == 0:
        check_tensor(image)
        if options.strength == 0:
            return image.detach().clone()
        on_device = processor.process_batch(engine, tensor_batch(image, engine), options)
        return on_device.reshape(image.shape).to(image.device, image.dtype)
    return tensor_like(image, [processor.process(pixels, options) for pixels in tensor_pixels(image)])


def tensor_batch(image: Tensor, engine: BatchEngine) -> Tensor:
    """Return a checked tensor (3, H, W) or (N, 3, H, W) as a batch on the device of an engine.

    Raises:
        OptionError: Floats are not in [0, 1].
    """
    batch = _computed(image.detach()).to(engine.device)
    engine.check(batch)
    return batch if batch.ndim == 4 else batch[None]


def tensor_like(image: Tensor, pictures: Sequence[Array]) -> Tensor:
    """Return pictures (H, W, 3) as a tensor of the shape, type and device of another."""
    torch = sys.modules["torch"]
    planes = [np.ascontiguousarray(pixels.transpose(2, 0, 1)) for pixels in pictures]
    result = torch.from_numpy(np.stack(planes)) if planes else image.detach()
    enhanced: Tensor = result.reshape(image.shape).to(image.device, image.dtype)
    return enhanced


def tensor_pixels(image: Tensor) -> Array:
    """Return the pixels (N, H, W, 3) of a tensor (3, H, W) or (N, 3, H, W), half precision as float32.

    Raises:
        OptionError: It is no picture, or of another type.
    """
    check_tensor(image)
    values = _computed(image.detach().cpu())
    pixels: Array = (values if values.ndim == 4 else values[None]).permute(0, 2, 3, 1).numpy()
    return pixels


def check_tensor(image: Tensor) -> None:
    """Check the shape and type of a tensor of pictures.

    Raises:
        OptionError: They are others.
    """
    torch = sys.modules["torch"]
    if image.layout != torch.strided or image.is_meta:
        kind = "a meta tensor" if image.is_meta else "a sparse tensor"
        raise OptionError(f"{kind} holds no pixels in rows; expected a dense tensor")
    if image.ndim not in (3, 4) or image.shape[-3] != 3:
        raise OptionError(f"tensor of shape {tuple(image.shape)}: expected (3, H, W) or (N, 3, H, W)")
    if not (image.is_floating_point() or image.dtype == torch.uint8):
        raise OptionError(f"tensor of type {image.dtype}: expected torch.uint8, or floats in [0, 1]")


def _computed(image: Tensor) -> Tensor:
    """Return a tensor in a type that is computed in: half precision as float32."""
    torch = sys.modules["torch"]
    return image if image.dtype in (torch.uint8, torch.float32, torch.float64) else image.float()


def is_tensor(image: Any) -> bool:
    """Return whether something is a torch tensor; torch is not imported for that.

    >>> is_tensor([1.0])
    False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def split_opacity(image: Array) -> tuple[Array, Array | None]:
    """Split an array into (H, W, 1 or 3) colors and (H, W, 1) opacity, or None without it.

    Raises:
        OptionError: The array has another shape or type than a picture's.

    >>> [None if part is None else part.shape for part in split_opacity(np.zeros((2, 3, 4)))]
    [(2, 3, 3), (2, 3, 1)]
    """
    full_scale(image.dtype)
    shaped = image[..., np.newaxis] if image.ndim == 2 else image
    if shaped.ndim != 3 or shaped.shape[2] not in (1, 2, 3, 4):
        raise OptionError(f"array of shape {image.shape}: expected (H, W) or (H, W, 1 to 4)")
    if shaped.shape[2] in (2, 4):
        return shaped[..., :-1], shaped[..., -1:]
    return shaped, None
