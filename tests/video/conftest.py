"""An enhancer for all clips, and the call that enhances one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pielight.enhancer import Enhancer
from pielight.inference.pipeline_files import SaveOptions, Written
from pielight.options import EnhanceOptions
from pielight.video.enhance_clip import enhance_clip
from pielight.video.options import VideoOptions

Enhance = Callable[..., Written]


@pytest.fixture(scope="session")
def enhancer() -> Enhancer:
    return Enhancer(threads=1)


@pytest.fixture
def enhance(enhancer: Enhancer) -> Enhance:
    """Enhance a clip into another file, the default model always and fully."""

    def call(source: Path, target: Path, video: VideoOptions | None = None, **options: Any) -> Written:
        chosen = EnhanceOptions(**{"auto": False, **options})
        return enhance_clip(source, target, enhancer, chosen, video or VideoOptions(), SaveOptions())

    return call
