"""The node for ComfyUI, by a stand-in of what ComfyUI asks of nodes; ComfyUI is no package of PyPI's."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from pielight import Enhancer
from tests.integrations.modules import dark_picture, good_picture, load

NODES = load("comfyui/__init__.py", package=True)
(NODE,) = NODES.NODE_CLASS_MAPPINGS.values()


def run(node: Any, **values: Any) -> tuple[Any, ...]:
    """Call a node as ComfyUI's executor does: defaults of its widgets, and results by RETURN_TYPES."""
    inputs = node.INPUT_TYPES()
    known = inputs["required"] | inputs.get("optional", {})
    for name, (kind, *options) in known.items():
        if name not in values:
            values[name] = kind[0] if isinstance(kind, list) else options[0]["default"]
    results = getattr(node(), node.FUNCTION)(**values)
    assert isinstance(results, tuple)
    assert len(results) == len(node.RETURN_TYPES)
    return results


def batch(*pictures: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255)


def test_it_is_registered_as_comfyui_looks_for_it() -> None:
    assert NODES.NODE_CLASS_MAPPINGS.keys() == NODES.NODE_DISPLAY_NAME_MAPPINGS.keys()
    assert NODE.RETURN_TYPES == ("IMAGE",)
    assert NODE.INPUT_TYPES()["required"]["image"] == ("IMAGE",)
    assert {*NODE.INPUT_TYPES()["required"]} == {*inspect.signature(NODE().brighten).parameters}


def test_each_image_of_a_batch_is_brightened_by_itself() -> None:
    dark, good = dark_picture(), good_picture()
    images = batch(dark, good)
    (result,) = run(NODE, image=images)
    assert result.shape == images.shape
    assert result.dtype == torch.float32
    wanted = Enhancer()(images[0].numpy())
    assert torch.equal(result[0], torch.from_numpy(wanted))
    assert result[0].mean() > 2 * images[0].mean()
    assert torch.equal(result[1], images[1])


def test_opacity_and_what_other_nodes_leave_beyond_the_range() -> None:
    images = torch.cat([batch(dark_picture()), torch.full((1, 96, 128, 1), 0.3)], 3)
    images[0, 0, 0, 0], images[0, 0, 1, 0] = 1.2, torch.nan
    (result,) = run(NODE, image=images, strength=0.5, denoise=False, model="free")
    assert torch.equal(result[..., 3], images[..., 3])
    assert torch.isfinite(result).all()
    assert 0 <= result.min() <= result.max() <= 1
    assert run(NODE, image=images[:0])[0].shape == (0, 96, 128, 4)


def test_frames_of_a_clip_do_not_flicker() -> None:
    frames = batch(*(dark_picture(level=0.05 * (1 + 0.2 * (number % 2))) for number in range(6)))
    (alone,), (clip,) = run(NODE, image=frames), run(NODE, image=frames, frames_of_a_clip=True)
    flicker = [result.mean((1, 2, 3)).diff().abs().mean() for result in (alone, clip)]
    assert flicker[1] < flicker[0]


def test_an_error_is_one_line() -> None:
    with pytest.raises(ValueError, match="strength") as raised:
        run(NODE, image=batch(dark_picture()), strength=9.0)
    assert len(str(raised.value).splitlines()) == 1
