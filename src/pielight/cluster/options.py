"""What is done to every photo of every shard: one frozen object that travels to the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pielight.enhancer import Enhancer
from pielight.errors import OptionError
from pielight.io.formats import format_named
from pielight.io.size_limits import MAX_PIXELS
from pielight.options import BRIGHTEN, EnhanceOptions


@dataclass(frozen=True)
class ClusterOptions:
    """What is done to every photo.

    Attributes:
        enhance: Strength and the like.
        task: As in :class:`pielight.Enhancer`, as for the next two; files of models must lie at these paths on every
            machine.
        model: As there.
        denoise_model: As there.
        file_format: The format to write, as ``"webp"``; None keeps each photo's own.
        quality: 1..100 for lossy formats; None keeps each photo's own.
        max_pixels: A larger photo fails; each worker holds one at a time, so that this bounds its memory.

    Raises:
        OptionError: A value is out of range.

    >>> ClusterOptions(file_format="webp").file_format
    'WEBP'
    """

    enhance: EnhanceOptions = field(default_factory=EnhanceOptions)
    task: str = BRIGHTEN
    model: str | None = None
    denoise_model: str | None = None
    file_format: str | None = None
    quality: int | None = None
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        if self.file_format is not None:
            if not (known := format_named(self.file_format)):
                raise OptionError(f"file_format {self.file_format!r}: no format that is written")
            object.__setattr__(self, "file_format", known)
        for name in ("model", "denoise_model"):  # workers may have another working folder
            if (path := getattr(self, name)) is not None and path.endswith(".onnx"):
                object.__setattr__(self, name, str(Path(path).absolute()))
        if self.max_pixels < 1:
            raise OptionError(f"max_pixels {self.max_pixels}: must be above 0")

    def enhancer(self) -> Enhancer:
        """Find the model, which is opened at the first photo; one thread, as each worker has one core.

        Raises:
            ModelError: There is none.
        """
        return Enhancer(self.model, 1, self.enhance.is_gated, denoise_model=self.denoise_model, task=self.task)

    def record(self) -> dict[str, str]:
        """Return all that determines the bytes of results, but the version: for manifests.

        >>> ClusterOptions(EnhanceOptions(0.5)).record()["Strength"]
        '0.5'
        """
        known = dict(self.enhancer().record(self.enhance, self.quality).options)
        if self.file_format is not None:
            known["Format"] = self.file_format
        return known | {"MaxPixels": str(self.max_pixels)}
