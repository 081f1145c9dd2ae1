"""Brightening by exposure: a network sees a picture at its canonical exposure and returns a map of exposures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import smooth_step
from pielight.core.pixels import Pixels
from pielight.core.threads import meanwhile
from pielight.errors import ModelError, OptionError
from pielight.inference.descriptor import ModelDescriptor, TensorSpec
from pielight.inference.exposure_plot import plot_exposure
from pielight.inference.lattice import THUMBNAIL, ThumbnailNetwork, node_sides
from pielight.inference.pointwise import PointwisePrediction
from pielight.ops import exposure_map_device
from pielight.ops.exposure import canonical_exposure, exposure_slope
from pielight.ops.exposure_map import apply_exposure, resample
from pielight.ops.exposure_statistics import BRIGHTEST, SEEN, exposure_statistics
from pielight.ops.highlight_ceiling import highlight_ceiling
from pielight.ops.thumbnail import BLACK, mean_thumbnail, thumbnail
from pielight.options import BRIGHTEN, EnhanceOptions, check_number, chosen_options

if TYPE_CHECKING:
    import torch
    from PIL import Image

MOST_EV = 32  # of a node at strength 1, up or down
UNSURE, SURE = 0.55, 0.95  # probability up to which a picture stays as it is, and from which on it gets all
_SIDE = 256  # of the thumbnail in which highlights are found where a map does not know them


@dataclass(frozen=True, eq=False)  # equal to itself only: arrays have no hash
class ExposureMap(PointwisePrediction):
    """A small map of exposures that covers a picture edge to edge, by how many stops each part is lifted.

    ``out = G(E_k(G^-1(in)))``, ``k = 2^(s EV)``: G is sRGB's encoding, ``E_k(l) = k l / (1 + (k - 1) l)`` in linear
    light l, s the strength, and EV the nodes of the map blended per pixel
    (:func:`pielight.ops.exposure_map.apply_exposure`). Exposures add, so that ``-s`` undoes ``s``, up to rounding.

    Attributes:
        ev: Exposures in stops, float32 of shape (h, w), read-only: node (j, i) sits in the middle of cell (j, i) of the
            picture cut into h x w equal cells.
        ceiling: The most exposure of each node that holds the highlights around it, float32 (h, w) in EV, read-only
            (:func:`pielight.ops.highlight_ceiling.highlight_ceiling`); None finds it in each picture.
        underexposed: The network's probability that the picture lacks light, None if there was no network.

    Raises:
        ModelError: A shape is another one, or a value is not a finite number within 32 EV.

    >>> dark = np.full((6, 8), 51, np.uint8)
    >>> brighter = ExposureMap(np.full((2, 3), 2.0))
    >>> [int(brighter.apply(dark, strength)[0, 0]) for strength in (-1, 0, 0.5, 1)]
    [23, 51, 72, 97]
    """

    ev: NDArray[np.float32]
    ceiling: NDArray[np.float32] | None = None
    underexposed: float | None = None

    def __post_init__(self) -> None:
        ev = np.array(self.ev, np.float32)
        if ev.ndim != 2 or ev.size == 0:
            raise ModelError(f"exposure map has shape {ev.shape}; expected (h, w)")
        if not np.abs(ev).max() <= MOST_EV:  # also of NaN
            raise ModelError(f"exposures must be finite and lie within {MOST_EV} EV")
        ev.flags.writeable = False
        object.__setattr__(self, "ev", ev)
        if self.ceiling is not None:
            ceiling = np.array(self.ceiling, np.float32)
            if ceiling.shape != ev.shape or not ceiling.min() >= 0:
                raise ModelError(f"ceiling has shape {ceiling.shape}; expected {ev.shape}, 0 or more")
            ceiling.flags.writeable = False
            object.__setattr__(self, "ceiling", ceiling)

    def __reduce__(self) -> tuple[type[ExposureMap], tuple[object, ...]]:  # copies are read-only, too
        return type(self), (self.ev, self.ceiling, self.underexposed)

    def scaled(self, strength: float) -> ExposureMap:
        """Return the map at a strength: every exposure times that; 0 is the identity, and below 0 it darkens.

        From 0 on the ceiling is scaled, too, so that ``scaled(s)`` is what the map is at strength s, with highlights
        or without. Three things differ: a target is added before the strength (:meth:`at`), so that a scaled map gets
        all of it; the ceiling that a map without one finds in a picture is not scaled; and below 0 the ceiling stays
        the picture's, where strength s darkens held highlights by less.

        Raises:
            OptionError: It is not a finite number, or takes an exposure beyond 32 EV.

        >>> ExposureMap(np.full((2, 3), 2.0)).scaled(-0.5).ev.max()
        np.float32(-1.0)
        """
        if not isinstance(strength, Real) or not np.abs(self.ev).max() * abs(strength) <= MOST_EV:
            raise OptionError(f"strength {strength!r}: must be finite and leave exposures within {MOST_EV} EV")
        factor = np.float32(strength)
        # At 0 nothing is exposed, and infinite ceilings times 0 are no numbers.
        ceiling = self.ceiling if self.ceiling is None or strength <= 0 else self.ceiling * factor
        return ExposureMap(self.ev * factor, ceiling, self.underexposed)

    def blend(self, other: ExposureMap, t: float) -> ExposureMap:
        """Return ``(1 - t) EV + t EV_other``, with the nodes of this map: smooths maps over time, or over one's taste.

        Ceilings and probabilities are blended likewise if both maps have them; otherwise the blend has none.

        Args:
            other: A map of any size, which is resampled to the nodes of this one.
            t: Share of the other, 0 to 1.

        Raises:
            OptionError: t is not in [0, 1], or the other is no map.

        >>> ExposureMap(np.zeros((2, 2))).blend(ExposureMap(np.full((3, 1), 4.0)), 0.25).ev.tolist()
        [[1.0, 1.0], [1.0, 1.0]]
        """
        if not isinstance(other, ExposureMap):
            raise OptionError(f"other: {type(other).__name__}, expected ExposureMap")
        t = check_number("t", t, 0.0, 1.0, "the share of the other map")
        shape, share = self.ev.shape, np.float32(t)
        ev = (1 - share) * self.ev + share * resample(other.ev, shape)
        ceiling = underexposed = None
        if self.ceiling is not None and other.ceiling is not None:
            ceiling = (1 - share) * self.ceiling + share * resample(other.ceiling, shape)
        if self.underexposed is not None and other.underexposed is not None:
            underexposed = (1 - t) * self.underexposed + t * other.underexposed
        return ExposureMap(ev, ceiling, underexposed)

    def at(self, options: EnhanceOptions, pixels: Pixels | None = None) -> NDArray[np.float32]:
        """Return the exposures that options ask for: ``s (E - h max(0, E - C))``, ``E = EV + t``, C the ceiling.

        The target t is added before the strength, so that strength 0 leaves a picture as it is.

        Args:
            options: Strength s, protection of highlights h, and t, the target.
            pixels: The picture, for its ceiling where the map has none.

        Returns:
            EV, float32 of shape (h, w).

        Raises:
            OptionError: The options are none.

        >>> ExposureMap(np.full((1, 1), 4.0), np.full((1, 1), 2.0)).at(EnhanceOptions(0.5, highlights=1)).item()
        1.0
        """
        options = chosen_options(options)
        ev = self.ev + np.float32(options.target_ev)
        if options.highlights:
            ceiling = self.ceiling
            if ceiling is None:
                small = np.zeros((3, 1, 1), np.float32) if pixels is None else thumbnail(pixels, _SIDE)
                ceiling = highlight_ceiling(small, self.ev.shape)
            ev = ev - np.float32(options.highlights) * np.maximum(ev - ceiling, 0)
        return ev * np.float32(options.strength)

    def slope(self, srgb: NDArray[np.floating], options: EnhanceOptions) -> NDArray[np.float32]:
        """Return ``d out / d in`` at values that cover the picture, such as means of cells: what it does to noise.

        Args:
            srgb: (h', w', C) in [0, 1], of any size.
            options: Strength and protection of highlights.

        Returns:
            :func:`pielight.ops.exposure.exposure_slope`, float32 of the shape of ``srgb``.

        >>> even = np.full((4, 4, 3), 1 / 255)
        >>> float(ExposureMap(np.full((2, 2), 3.0)).slope(even, EnhanceOptions(highlights=0)).max().round(1))
        8.0
        """
        ev = resample(self.at(options, srgb), srgb.shape[:2])
        return exposure_slope(srgb, ev[..., np.newaxis]).astype(np.float32)

    def plot(self, size: tuple[int, int] = (640, 480)) -> Image.Image:
        """Draw the map with a color bar in stops: :func:`pielight.inference.exposure_plot.plot_exposure`.

        Args:
            size: Width and height of the map's part of the drawing, in pixels.

        Raises:
            OptionError: A side is not a whole number from 1 to 16,384.

        >>> ExposureMap(np.full((2, 3), 2.0)).plot((90, 60)).mode
        'RGB'
        """
        return plot_exposure(self.ev, size)

    def render(
        self,
        pixels: Pixels,
        options: EnhanceOptions,
        threads: int | None = None,
        out: Pixels | None = None,
        device: torch.device | None = None,
    ) -> Pixels:
        """Expose every pixel; see :class:`~pielight.inference.pointwise.PointwisePrediction`."""
        ev = self.at(options, pixels)
        if device is None:
            return apply_exposure(pixels, ev, threads, out)
        return exposure_map_device.apply_exposure(pixels, ev, device, out)


class ExposureNetwork(ThumbnailNetwork):
    """Maps ``thumbnail``, at the canonical exposure, and ``statistics`` to ``exposure`` and ``underexposed``.

    Statistics are those of :mod:`pielight.ops.exposure_statistics`, and the canonical exposure EV_c behind them.

    ``EV = u max(0, EV_c + exposure)``: EV_c is the canonical exposure
    (:func:`~pielight.ops.exposure.canonical_exposure`) and u the smooth step of the probability ``underexposed`` from
    0.55 to 0.95, which leaves well-exposed pictures as they are.
    """

    def predict(self, pixels: Pixels, auto: bool = True) -> ExposureMap:
        """Predict the map of a picture.

        Args:
            pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
            auto: Whether u counts; without it, u is 1.

        Raises:
            ModelError: The file is damaged, or what the network returns is no map of exposures.
            OptionError: The array is not a picture.
        """
        statistics = meanwhile(partial(exposure_statistics, pixels), self.threads)
        small = thumbnail(pixels, self.thumbnail_side, self.threads)
        return self._predict(small, statistics(), auto)

    def predict_for_all(self, frames: Iterable[Pixels], auto: bool = True) -> ExposureMap:
        """Predict one map for all frames of a file, from their mean: areas that are equal in two frames stay equal."""
        found: list[NDArray[np.float32]] = []

        def measured() -> Iterator[Pixels]:
            for frame in frames:
                found.append(exposure_statistics(frame))
                yield frame

        small = mean_thumbnail(measured(), self.thumbnail_side, self.threads).transpose(2, 0, 1)
        seen = [values for values in found if values[BRIGHTEST] > BLACK] or found
        return self._predict(small, np.mean(seen, axis=0, dtype=np.float32), auto)

    def _predict(self, small: NDArray[np.float32], statistics: NDArray[np.float32], auto: bool) -> ExposureMap:
        canonical = np.float32(canonical_exposure(small))
        rows = np.ascontiguousarray(small).reshape(-1, small.shape[2], 1)  # planes one below the other, as a gray one
        seen = apply_exposure(rows, np.full((1, 1), canonical), self.threads).reshape(1, *small.shape)
        numbers = np.append(statistics, canonical)[np.newaxis]
        exposure, underexposed = self.outputs({"thumbnail": seen, "statistics": numbers})
        return self.map_of(small, canonical + exposure[0, 0], underexposed[0, 0], auto)

    def map_of(
        self, small: NDArray[np.float32], exposure: NDArray[np.float32], underexposed: np.floating, auto: bool
    ) -> ExposureMap:
        """Return the map that the network's outputs make.

        Args:
            small: The thumbnail, (3, S, S).
            exposure: The canonical exposure and what the network adds to it, (h, w).
            underexposed: The probability.
            auto: Whether it counts.

        Raises:
            ModelError: It is no probability, or the exposures are no map.
        """
        probability = float(underexposed)
        if not 0.0 <= probability <= 1.0:
            raise ModelError(f"{self.path}: underexposed is {probability}; expected a probability")
        share = np.float32(smooth_step(probability, UNSURE, SURE)) if auto else np.float32(1)
        ev = share * np.maximum(exposure, 0)
        try:
            return ExposureMap(ev, highlight_ceiling(small, ev.shape), probability)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error


DESCRIPTOR = ModelDescriptor(
    kind="exposure_map",
    task=BRIGHTEN,
    purpose="brighten pictures by exposure",
    shipped=("pie", "free"),
    inputs=(THUMBNAIL, TensorSpec("statistics", ("n", SEEN))),
    outputs=(
        TensorSpec("exposure", ("n", 1, *node_sides())),
        TensorSpec("underexposed", ("n", 1)),
    ),
    network=ExposureNetwork,
    options=frozenset({"highlights", "auto", "denoise", "device", "target_ev", "black", "warmth", "tint"}),
)
