"""Motion of blocks from the estimate of one frame to the next: matching over a pyramid, and fractions by gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import share_rows
from pielight.ops.compiled import loop as _loop

Plane = NDArray[np.uint16]
BLOCK = 16  # pixels along each side of a block that has a vector
FRACTIONS = 32  # of a pixel, in vectors
_MATCHED, _REFINED = 16, 8  # samples of the halved plane along each side of blocks that are matched and refined
_MEAN_ABSOLUTE = 0.8  # of normal noise, over its deviation
_OWN = 4.0  # weight of a block's own gradients against those of each neighbor
_CAMERA = 30.0  # how sure it counts that a block moves as the picture does
_DIFFERENT = 16.0  # square of the difference from the picture's motion over its variance, from which on it is one
_CLOSE = 0.06  # pixels by which blocks that move alike differ
_VOICES, _LOUDEST, _ROUNDS = 1000, 100.0, 4  # blocks that are asked how the picture moves, most weight, and steps
_STRAIGHT = np.diag([1e-6, 30.0, 30.0])  # weight of a picture whose blocks all move alike
_SURE = 5.0  # from which on a block says how the picture moves


@dataclass(frozen=True)
class MotionField:
    """Where each block of a frame comes from.

    Attributes:
        vectors: int16 (h, w, 2), down and across in units of 1/32 pixel: block (j, i) of 16 x 16 pixels looks like the
            estimate displaced by that.
        camera: How the picture moves as a whole, as a camera turns, rolls or zooms, float32 (3, 2): the vector of block
            (0, 0) in pixels, and what each block down and each block across adds.
    """

    vectors: NDArray[np.int16]
    camera: NDArray[np.float32]

    @classmethod
    def still(cls, height: int, width: int) -> MotionField:
        """Return the field of a frame in which nothing has moved.

        >>> MotionField.still(20, 40).vectors.shape
        (2, 3, 2)
        """
        blocks = -(-height // BLOCK), -(-width // BLOCK)
        return cls(np.zeros((*blocks, 2), np.int16), np.zeros((3, 2), np.float32))


def halved(plane: NDArray[np.uint8] | Plane, bits: int = 15, threads: int = 1) -> Plane:
    """Return the means of 2 x 2 values, in 15 bits.

    Args:
        plane: (H, W), of that many bits.
        bits: 8 to 15.
        threads: Threads to share the rows among.

    Returns:
        uint16 (H // 2, W // 2).

    >>> halved(np.full((4, 6), 3, np.uint8), 8)[0].tolist()
    [384, 384, 384]
    """
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    if _loop is None:
        sums = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2).sum((1, 3), dtype=np.uint32)
        return ((sums << (15 - bits)) >> 2).astype(np.uint16)  # type: ignore[no-any-return]
    result, loop = np.empty((height, width), np.uint16), _loop
    share_rows(lambda top, bottom: loop.halve_rows(plane, 15 - bits, result, top, bottom), height, plane.size, threads)
    return result


def estimate_motion(frame: Plane, before: Plane, last: MotionField, sigma: float, threads: int = 1) -> MotionField:
    """Estimate the motion of blocks from the halved planes of a noisy frame and of the estimate before it.

    Blocks are matched by their differences at a quarter and at half of the size, from what is known of them and of
    their neighbors. Fractions of a pixel follow from the gradients (Lucas and Kanade 1981) of all blocks around, as far
    as these are sure against the noise. Blocks that are not sure to move in another way move as most of them do, by an
    affine field that is fitted to all. Without the compiled loop nothing moves.

    Args:
        frame: Halved plane, uint16 (h, w) of 15 bits.
        before: The same of the estimate.
        last: The field of the frame before.
        sigma: Standard deviation of the noise of the halved frame, in their values.
        threads: Threads to share the rows among.

    >>> y, x = np.mgrid[:64, :96]
    >>> scene, moved = (8000 * (2 + np.sin((y - t) / 3) + np.sin((x + 2 * t) / 4)) for t in (0, 1))
    >>> still = MotionField.still(128, 192)
    >>> field = estimate_motion(moved.astype(np.uint16), scene.astype(np.uint16), still, 50.0)
    >>> (np.median(field.vectors, (0, 1)) / FRACTIONS).round(1).tolist() if _loop else [-2.0, 4.0]
    [-2.0, 4.0]
    """
    if _loop is None or min(frame.shape) < 2 * _MATCHED:
        return MotionField(np.zeros_like(last.vectors), np.zeros((3, 2), np.float32))
    known = _resized(last.vectors[::4, ::4] // (4 * FRACTIONS), _blocks(frame.shape, 2 * _MATCHED))
    coarse = halved(frame, threads=threads), halved(before, threads=threads)
    start = _resized(known, _blocks(coarse[0].shape, _MATCHED))
    matched = _match(*coarse, start, last.camera, 4, sigma / 2, threads)
    matched = _match(frame, before, _doubled(matched, _blocks(frame.shape, _MATCHED)), last.camera, 2, sigma, threads)
    blocks = last.vectors.shape[:2]
    motion = _resized(np.repeat(np.repeat(matched, 2, 0), 2, 1), _blocks(frame.shape, _REFINED))
    vectors, sure = np.empty(motion.shape, np.float32), np.empty(motion.shape[:2], np.float32)
    variance, loop = max(1.0, (sigma / 16) ** 2), _loop
    share_rows(
        lambda top, bottom: loop.refine_rows(frame, before, motion, variance, vectors, sure, top, bottom),
        len(motion), frame.size, threads,
    )  # fmt: skip
    vectors = _resized(2 * vectors, blocks)
    sure = _resized(sure, blocks)
    camera = _camera(vectors, sure)
    found = np.rint(_smoothed(vectors, sure, _field(camera, blocks)) * FRACTIONS)
    return MotionField(np.clip(found, -32768, 32767).astype(np.int16), camera)


def _match(
    frame: Plane, before: Plane, known: NDArray[np.int16], camera: NDArray[np.float32], scale: int, sigma: float,
    threads: int,
) -> NDArray[np.int16]:  # fmt: skip
    """Match blocks of planes that are smaller by a scale."""
    assert _loop is not None
    found, loop, noise = np.empty_like(known), _loop, min(32767, round(_MEAN_ABSOLUTE * sigma))
    likely = np.rint(_field(camera, known.shape[:2], scale) / scale).clip(-32768, 32767).astype(np.int16)

    def band(top: int, bottom: int) -> None:
        loop.match_rows(frame, before, known, likely, noise, found, top, bottom)

    share_rows(band, len(known), frame.size, threads)
    return found


def _camera(vectors: NDArray[np.float32], sure: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the affine motion that most blocks follow: least squares, reweighted by Geman and McClure's function."""
    where = np.flatnonzero(sure > _SURE)
    camera = np.zeros((3, 2), np.float32)
    if where.size < 4:
        return camera
    where = where[:: 1 + where.size // _VOICES]
    places = np.stack([np.ones(where.size), *np.unravel_index(where, sure.shape)], axis=1)
    weight, wanted = np.minimum(sure.ravel()[where], _LOUDEST), vectors.reshape(-1, 2)[where].astype(np.float64)
    center, reach = places.mean(0) * (0, 1, 1), np.maximum(places.std(0), 1)
    basis = (places - center) / reach
    found = np.zeros((3, 2))
    found[0] = np.median(wanted, axis=0)
    for _ in range(_ROUNDS):
        apart = wanted - basis @ found
        error = apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1]
        typical = np.partition(error, error.size // 2)[error.size // 2]
        close = weight / np.square(1 + error / (4 * typical + _CLOSE**2))
        found = np.linalg.solve(basis.T * close @ basis + _STRAIGHT, basis.T * close @ wanted)
    found /= reach[:, np.newaxis]
    found[0] -= center @ found
    return found.astype(np.float32)


def _field(camera: NDArray[np.float32], blocks: tuple[int, ...], size: int = 1) -> NDArray[np.float32]:
    """Return the vectors of the blocks of a picture, or of groups of size x size of them, that moves as a whole."""
    down, across = ((np.arange(count, dtype=np.float32) + 0.5) * size - 0.5 for count in blocks)
    result: NDArray[np.float32] = (
        camera[0] + down[:, np.newaxis, np.newaxis] * camera[1] + across[:, np.newaxis] * camera[2]
    )
    return result


def _smoothed(
    vectors: NDArray[np.float32], sure: NDArray[np.float32], camera: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean vectors of blocks and their neighbors, as they are sure, or the motion of the picture there."""
    weight = np.maximum(sure, 1e-6)[..., np.newaxis]
    weighed = np.concatenate([weight * (vectors - camera), weight], axis=2)
    total = box_sum(weighed) + _OWN * weighed
    total[..., 2] += _CAMERA
    apart = total[..., :2] / total[..., 2:]
    is_apart = np.square(apart).sum(axis=2) > _DIFFERENT * (4 / total[..., 2] + _CLOSE**2)
    result: NDArray[np.float32] = camera + apart * is_apart[..., np.newaxis]
    return result


def box_sum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums over 3 x 3 cells of (h, w, C); the border counts as what lies beyond.

    >>> box_sum(np.ones((2, 2, 1), np.float32)).ravel().tolist()
    [9.0, 9.0, 9.0, 9.0]
    """
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    result: NDArray[np.float32] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return result


def _blocks(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    return -(-shape[0] // side), -(-shape[1] // side)


def _doubled(field: NDArray[np.int16], blocks: tuple[int, int]) -> NDArray[np.int16]:
    """Return the field of a plane twice as large."""
    return _resized(2 * np.repeat(np.repeat(field, 2, 0), 2, 1), blocks)


def _resized(field: NDArray[Any], blocks: tuple[int, int]) -> NDArray[Any]:
    """Cut a field to some blocks, or repeat its last ones."""
    short = [(0, max(0, wanted - have)) for wanted, have in zip(blocks, field.shape[:2], strict=True)]
    more = [(0, 0)] * (field.ndim - 2)
    return np.ascontiguousarray(np.pad(field, (*short, *more), mode="edge")[: blocks[0], : blocks[1]])
