"""What ``/v1/info`` tells."""

from __future__ import annotations

from typing import Any

from pielight import __version__
from pielight.core.extras import require
from pielight.errors import MissingExtraError
from pielight.inference.descriptor import find_model
from pielight.options import BRIGHTEN, TASKS
from pielight.serve.media_types import CLIPS, PICTURES
from pielight.serve.settings import ServeSettings

_READ_BY_EXTRA = {"raw": "camera RAW", "heif": "heic", "deep": "16-bit color"}


def server_info(settings: ServeSettings) -> dict[str, Any]:
    """Return version, models, formats and limits.

    Raises:
        ModelError: There is no such model.

    >>> server_info(ServeSettings())["formats"]["read"][:2]
    ['jpeg', 'png']
    """
    models = {task: find_model(task, settings.model if task == BRIGHTEN else None) for task in TASKS}
    without_heic = [name for name in PICTURES if name != "heic"]
    extra = [name for key, name in _READ_BY_EXTRA.items() if _is_installed(key)]
    limits = ("max_body", "max_pixels", "max_clip", "queue", "picture_seconds", "rate", "clips", "clips_per_address",
              "keep_seconds")  # fmt: skip
    return {
        "version": __version__,
        "models": {task: {"name": model.name, "sha256": model.sha256()} for task, model in models.items()},
        "formats": {
            "read": [*without_heic, *extra],
            "written": list(PICTURES) if _is_installed("heif") else without_heic,
            "clips": sorted(set(CLIPS.values())) if _is_installed("video") else [],
        },
        "limits": {name: getattr(settings, name) for name in limits},
    }


def _is_installed(extra: str) -> bool:
    try:
        require(extra)
    except MissingExtraError:
        return False
    return True
