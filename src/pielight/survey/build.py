"""A new study: results are matched with their inputs and stored as a browser shows them, under random names."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pielight
from pielight.core.atomic_file import read_file
from pielight.core.messages import few, shown
from pielight.errors import ConfigError, DataError, PielightError
from pielight.io.decode import decode
from pielight.io.display import displayed
from pielight.io.formats import is_picture_name
from pielight.io.required_extra import require_readers
from pielight.io.result_names import origin
from pielight.survey.study import Scene, Study, StudySettings, picture_path
from pielight.survey.votes import Votes

_LISTED = 5
_QUALITY = 95
_BLOCKS = 12
_FULL_SIZE = 1 << 20


def build(
    folder: Path,
    inputs: Path,
    methods: Mapping[str, Path],
    settings: StudySettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Study:
    """Make a study in a new folder, which appears when it is complete.

    ``methods`` are folders of results, matched by stem with ``inputs``, a folder of dark photos: ``a.png`` or
    ``a_pie.png`` belongs to ``a.jpg``. ``progress`` is called with how many photos are done, of how many.

    Raises:
        ConfigError: There are too few methods, or the folder exists.
        DataError: Results and photos do not match; the first few of them are named.
        PictureError: A picture cannot be read.
    """
    if len(methods) < (least := 2 if settings.mode == "pairs" else 1):
        needed = f"mode {settings.mode} needs at least {least} methods, not {len(methods)}"
        raise ConfigError(f"{needed}: --method NAME=FOLDER")
    if folder.exists():
        raise ConfigError(f"{shown(folder)}: exists already; name a new folder")
    sources = _matched(inputs, methods)
    require_readers(path for paths in sources.values() for path in paths.values())
    part = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}.part")
    try:
        (part / "pictures").mkdir(parents=True)
        scenes, checksums, misfits = [], {}, list[str]()
        broken = np.random.default_rng(settings.seed).permutation(len(sources))[: settings.attention]
        for number, (stem, paths) in enumerate(sources.items()):
            scene, checksums[stem] = _scene(part, stem, paths, settings, number in broken, misfits)
            scenes.append(scene)
            progress(number + 1, len(sources))
        if misfits:
            raise DataError(f"results differ in size from their inputs: {few(misfits, _LISTED)}")
        folders = {name: str(path) for name, path in methods.items()}
        source = {"pielight": pielight.__version__, "input": str(inputs), "methods": folders, "sha256": checksums}
        study = Study(settings, tuple(methods), tuple(scenes), source)
        study.save(part)
        Votes(part).close()
        part.rename(folder)
    except PielightError:
        raise
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return study


def _matched(inputs: Path, methods: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Return the input ("") and the results of every photo, by its stem."""
    sources = {stem: {"": path} for stem, path in _by_stem(inputs, ()).items()}
    problems = []
    for name, folder in methods.items():
        results = _by_stem(folder, sources)
        if missing := [stem for stem in sources if stem not in results]:
            problems.append(f"{name} has no result for {few(missing, _LISTED)}")
        if extra := [path.name for stem, path in results.items() if stem not in sources]:
            problems.append(f"{name} has results without an input: {few(extra, _LISTED)}")
        for stem in sources.keys() & results.keys():
            sources[stem][name] = results[stem]
    if problems:
        raise DataError(f"unmatched pictures: {'; '.join(problems)}")
    return sources


def _by_stem(folder: Path, inputs: Collection[str]) -> dict[str, Path]:
    """Return the pictures in a folder by the stems of their inputs; a result beside its input is left out."""
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir()]
    except OSError as error:
        raise DataError(f"{shown(folder)}: no such folder, or not readable ({error.strerror})") from error
    paths = {path: origin(path) for path in sorted(files) if is_picture_name(path)}
    stems = {path.stem for path in paths}
    pictures: dict[str, list[Path]] = {}
    for path, source in paths.items():
        if source not in stems:
            pictures.setdefault(path.stem if path.stem in inputs else source or path.stem, []).append(path)
    if not paths:
        raise DataError(f"{shown(folder)}: no pictures in this folder")
    if twins := [" and ".join(path.name for path in same) for same in pictures.values() if len(same) > 1]:
        raise DataError(f"{shown(folder)}: several pictures of one name: {few(twins, _LISTED)}")
    return {stem: path for stem, (path,) in pictures.items()}


def _scene(
    folder: Path, stem: str, paths: Mapping[str, Path], settings: StudySettings, has_check: bool, misfits: list[str]
) -> tuple[Scene, dict[str, str]]:
    """Store the pictures of a photo, and return them with the SHA-256 of their sources; list results of other sizes."""
    files, checksums, sizes = {}, {}, []
    for method, path in paths.items():
        data = read_file(path)
        checksums[method or "input"] = hashlib.sha256(data).hexdigest()
        image = displayed(decode(data, shown(path)), _FULL_SIZE)
        sizes.append("{} x {}".format(*image.size))
        if sizes[-1] != sizes[0]:
            misfits.append(f"{method}/{path.name} {sizes[-1]}, not {sizes[0]}")
        image.thumbnail((settings.size, settings.size), Image.Resampling.LANCZOS)
        files[method] = _store(folder, image, settings.lossless)
    broken = _store(folder, destroyed(image), settings.lossless) if has_check else ""
    return Scene(stem, *image.size, files.pop(""), files, broken), checksums


def destroyed(image: Image.Image) -> Image.Image:
    """Return a picture that nobody prefers: coarse blocks of wrong colors."""
    blocks = np.asarray(image.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX)).astype(int)
    noise = np.random.default_rng(0).integers(-90, 90, blocks.shape)
    coarse = (255 - blocks[..., ::-1] // 2 + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(coarse).resize(image.size, Image.Resampling.NEAREST)


def _store(folder: Path, image: Image.Image, lossless: bool) -> str:
    """Write a picture without metadata under a random name."""
    name = secrets.token_hex(16) + (".png" if lossless else ".jpg")
    quality: dict[str, Any] = {} if lossless else {"quality": _QUALITY, "subsampling": 0}
    Image.fromarray(np.asarray(image)).save(picture_path(folder, name), optimize=True, **quality)
    return name
