"""Methods and arguments that :class:`pielight.Enhancer` had in earlier releases: they work for this one, and warn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from pielight.inference.pipeline_files import SaveOptions, Written
from pielight.io.provenance import Record
from pielight.options import AUTO, Denoise, EnhanceOptions


class FormerMethods:
    """``write``, ``file`` and ``encoded``, as they were."""

    def write(
        self: Any,
        source: Path,
        target: Path,
        strength: float = 1.0,
        highlights: float | None = None,
        *,
        denoise: Denoise = AUTO,
        options: SaveOptions | None = None,
    ) -> Written:
        """Deprecated: use ``enhance_and_save``."""
        _warn("write", "enhance_and_save")
        chosen = EnhanceOptions(strength, highlights, denoise)
        written: Written = self.enhance_and_save(Path(source), Path(target), chosen, options)
        return written

    def file(
        self: Any,
        source: Path,
        target: Path,
        strength: float = 1.0,
        highlights: float | None = None,
        *,
        denoise: Denoise = AUTO,
        file_format: str | None = None,
        quality: int | None = None,
        preserve_times: bool = False,
    ) -> str:
        """Deprecated: use ``enhance_file``, or ``enhance_and_save`` for the notes."""
        _warn("file", "enhance_file, or enhance_and_save")
        chosen = EnhanceOptions(strength, highlights, denoise)
        saving = SaveOptions(file_format, quality, preserve_times=preserve_times)
        note: str = self.enhance_and_save(Path(source), Path(target), chosen, saving).note
        return note

    def encoded(
        self: Any,
        data: bytes,
        strength: float = 1.0,
        highlights: float | None = None,
        *,
        denoise: Denoise = AUTO,
        file_format: str | None = None,
        quality: int | None = None,
        name: str = "picture",
    ) -> tuple[bytes, str]:
        """Deprecated: use ``enhance_bytes``."""
        _warn("encoded", "enhance_bytes")
        chosen = EnhanceOptions(strength, highlights, denoise)
        result: tuple[bytes, str] = self.enhance_bytes(
            data, chosen, file_format=file_format, quality=quality, name=name
        )
        return result


def takes_former_arguments(record: Callable[..., Record]) -> Callable[..., Record]:
    """Let ``Enhancer.record`` take strength, highlights and denoise in place of options, as it did."""

    @wraps(record)
    def call(enhancer: Any, *arguments: Any, **named: Any) -> Record:
        first = arguments[0] if arguments else named.get("options")
        former = {key: named.pop(key) for key in ("strength", "highlights", "denoise") if key in named}
        if former or (first is not None and not isinstance(first, EnhanceOptions)):
            _warn("record(strength, ...)", "record(EnhanceOptions(strength, ...))")
            return record(enhancer, EnhanceOptions(*arguments, **former), **named)
        return record(enhancer, *arguments, **named)

    return call


def _warn(former: str, now: str) -> None:
    warnings.warn(f"Enhancer.{former} is deprecated; use {now}", DeprecationWarning, stacklevel=3)
