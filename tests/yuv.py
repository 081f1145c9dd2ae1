"""Conversions between planes and RGB in float64, by the formulas of the standards: an oracle for tests."""

import numpy as np
from numpy.typing import NDArray

from pielight.ops.yuv import Planes, YuvEncoding


def weights(matrix: str) -> NDArray[np.float64]:
    red, blue = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}[matrix]
    return np.array([red, 1 - red - blue, blue])


def to_rgb(planes: Planes, encoding: YuvEncoding) -> NDArray[np.float64]:
    """Decode by the standard's formulas in float64, chroma repeated."""
    luma, u, v = (plane.astype(float) for plane in planes)
    height, width = luma.shape
    tall, wide = u.shape[0] != height, u.shape[1] != width
    u, v = (np.repeat(np.repeat(plane, 1 + tall, 0), 1 + wide, 1)[:height, :width] for plane in (u, v))
    scale = 2.0 ** (encoding.bits - 8)
    if encoding.full_range:
        y, cb, cr = luma / encoding.white, (u - 128 * scale) / encoding.white, (v - 128 * scale) / encoding.white
    else:
        y, cb, cr = (luma / scale - 16) / 219, (u / scale - 128) / 224, (v / scale - 128) / 224
    kr, kg, kb = weights(encoding.matrix)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    return np.stack([red, (y - kr * red - kb * blue) / kg, blue], axis=2)


def to_yuv(rgb: NDArray[np.float64], encoding: YuvEncoding, shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Encode, with the mean chroma of the pixels that share a sample; the last row or column counts for its pair."""
    kr, kg, kb = weights(encoding.matrix)
    y = rgb @ np.array([kr, kg, kb])
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))
    tall, wide = int(shape[0] != y.shape[0]), int(shape[1] != y.shape[1])
    rows = np.minimum(np.arange(shape[0] << tall), y.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1] << wide), y.shape[1] - 1)

    def shared(plane: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = plane[rows][:, columns].reshape(shape[0], 1 << tall, shape[1], 1 << wide)
        mean: NDArray[np.float64] = whole.mean((1, 3))
        return mean

    scale = 2.0 ** (encoding.bits - 8)
    if encoding.full_range:
        white = encoding.white
        return [y * white, shared(cb) * white + 128 * scale, shared(cr) * white + 128 * scale]
    return [(y * 219 + 16) * scale, (shared(cb) * 224 + 128) * scale, (shared(cr) * 224 + 128) * scale]
