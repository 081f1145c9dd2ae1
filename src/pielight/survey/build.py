"""A new study: results are matched with their inputs and stored as a browser shows them, under random names."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import pielight
from pielight.batch.find import find, is_folder
from pielight.core.atomic_file import read_whole, shown
from pielight.core.messages import few
from pielight.errors import ConfigError, DataError, PielightError
from pielight.inference.files import origin
from pielight.io.decode import decode
from pielight.io.display import displayed
from pielight.io.required_extra import require_readers
from pielight.survey.study import Scene, Settings, Study, picture_path
from pielight.survey.votes import Votes

_LISTED = 5
_QUALITY = 95
_BLOCKS = 12
_UNBOUNDED = 1 << 20


def build(
    folder: Path,
    inputs: Path,
    methods: Mapping[str, Path],
    settings: Settings,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Study:
    """Make a study in a folder; it appears at one stroke, when it is whole.

    Args:
        folder: Must not exist yet.
        inputs: Folder of dark photos.
        methods: Folder of results of each method, matched by stem: ``a.png`` or ``a_pie.png`` belongs to ``a.jpg``.
        settings: What was chosen.
        progress: Is told how many photos are done, of how many.

    Raises:
        ConfigError: The methods are too few, or the folder exists.
        DataError: Results and photos do not match; the first few of them are named.
        PictureError: A picture cannot be read.
    """
    if len(methods) < (least := 2 if settings.mode == "pairs" else 1):
        raise ConfigError(
            f"mode {settings.mode} needs at least {least} methods, not {len(methods)}: --method NAME=FOLDER"
        )
    if folder.exists():
        raise ConfigError(f"{shown(folder)}: exists already; name a new folder")
    sources = _matched(inputs, methods)
    require_readers(path for paths in sources.values() for path in paths.values())
    part = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}.part")
    try:
        (part / "pictures").mkdir(parents=True)
        scenes, sums, misfits = [], {}, []
        broken = np.random.default_rng(settings.seed).permutation(len(sources))[: settings.attention]
        for number, (stem, paths) in enumerate(sources.items()):
            scene, misfit = _scene(part, stem, paths, settings, number in broken)
            scenes.append(scene)
            misfits += misfit
            sums[stem] = {name or "input": hashlib.sha256(read_whole(path)).hexdigest() for name, path in paths.items()}
            progress(number + 1, len(sources))
        if misfits:
            raise DataError(f"results differ in size from their inputs: {few(misfits, _LISTED)}")
        study = Study(
            settings,
            tuple(methods),
            tuple(scenes),
            {
                "pielight": pielight.__version__,
                "input": str(inputs),
                "methods": {name: str(path) for name, path in methods.items()},
                "sha256": sums,
            },
        )
        study.save(part)
        Votes(part).close()
        part.rename(folder)
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return study


def _matched(inputs: Path, methods: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Return the input ("") and the results of every photo, by its stem."""
    photos = _by_stem(inputs, frozenset())
    sources = {stem: {"": path} for stem, path in photos.items()}
    complaints = []
    for name, folder in methods.items():
        results = _by_stem(folder, frozenset(photos))
        missing = [stem for stem in photos if stem not in results]
        strange = [results[stem].name for stem in results if stem not in photos]
        if missing:
            complaints.append(f"{name} has no result for {few(missing, _LISTED)}")
        if strange:
            complaints.append(f"{name} has results without an input: {few(strange, _LISTED)}")
        for stem in photos.keys() & results.keys():
            sources[stem][name] = results[stem]
    if complaints:
        raise DataError(f"unmatched pictures: {'; '.join(complaints)}")
    return sources


def _by_stem(folder: Path, known: frozenset[str]) -> dict[str, Path]:
    if not is_folder(folder):
        raise DataError(f"{shown(folder)}: no such folder")
    found: dict[str, Path] = {}
    twice = []
    try:
        paths = [one.path for one in find([folder], strict=False).pictures]
    except PielightError as error:
        raise DataError(str(error)) from error
    if not paths:
        raise DataError(f"{shown(folder)}: no pictures in this folder")
    for path in paths:
        stem = path.stem if path.stem in known else origin(path) or path.stem
        if stem in found:
            twice.append(f"{found[stem].name} and {path.name}")
        found[stem] = path
    if twice:
        raise DataError(f"{shown(folder)}: several pictures of one name: {few(twice, _LISTED)}")
    return found


def _scene(
    folder: Path, stem: str, paths: Mapping[str, Path], settings: Settings, with_broken: bool
) -> tuple[Scene, list[str]]:
    """Store the pictures of a photo; return what does not fit, too."""
    names, misfits = {}, []
    whole: tuple[int, int] | None = None
    image = Image.new("RGB", (1, 1))
    for method, path in paths.items():
        picture = decode(read_whole(path), shown(path))
        image = displayed(picture, _UNBOUNDED)
        whole = whole or image.size
        if image.size != whole:
            misfits.append(f"{method}/{path.name} {image.width} x {image.height}, not {whole[0]} x {whole[1]}")
            continue
        image.thumbnail((settings.size, settings.size), Image.Resampling.LANCZOS)
        names[method] = _store(folder, image, settings.lossless)
    if misfits:
        return Scene(stem, 0, 0, "", {}), misfits
    scene = Scene(stem, *image.size, names.pop(""), names)
    return (replace(scene, broken=_store(folder, destroyed(image), settings.lossless)) if with_broken else scene), []


def destroyed(image: Image.Image) -> Image.Image:
    """Return a picture that nobody takes for the better one: coarse blocks of wrong colors.

    >>> destroyed(Image.new("RGB", (60, 40))).size
    (60, 40)
    """
    blocks = np.asarray(image.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX)).astype(int)
    noise = np.random.default_rng(0).integers(-90, 90, blocks.shape)
    coarse = (255 - blocks[..., ::-1] // 2 + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(coarse).resize(image.size, Image.Resampling.NEAREST)


def _store(folder: Path, image: Image.Image, lossless: bool) -> str:
    """Write a picture without metadata under a name that tells nothing."""
    name = secrets.token_hex(16) + (".png" if lossless else ".jpg")
    options = {"optimize": True} if lossless else {"quality": _QUALITY, "subsampling": 0, "optimize": True}
    plain = Image.fromarray(np.asarray(image))  # without what the source's file said of itself
    plain.save(picture_path(folder, name), **options)
    return name
