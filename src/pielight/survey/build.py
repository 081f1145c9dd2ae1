"""A new study: results are matched with their inputs and stored as a browser shows them, under random names."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import pielight
from pielight.core.atomic_file import read_file
from pielight.core.json_file import write_json
from pielight.core.messages import few, shown
from pielight.errors import ConfigError, DataError, PielightError
from pielight.io.decode import decode
from pielight.io.display import displayed
from pielight.io.formats import is_picture_name
from pielight.io.required_extra import require_readers
from pielight.io.result_names import origin
from pielight.survey.study import FORMAT, Scene, Study, StudySettings, Votes, picture_path

_LISTED = 5
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
    ``a_pie.png`` belongs to ``a.jpg``. ``progress`` is called with how many photos are done, of how many. Raises
    ConfigError if there are too few methods or the folder exists, DataError if results and photos do not match (it
    names the first few), PictureError if a picture cannot be read.
    """
    if len(methods) < (least := 2 if settings.mode == "pairs" else 1):
        needed = f"mode {settings.mode} needs at least {least} methods, not {len(methods)}"
        raise ConfigError(f"{needed}: --method NAME=FOLDER")
    if folder.exists():
        raise ConfigError(f"{shown(folder)}: exists already; name a new folder")
    sources = _matched(inputs, methods)
    require_readers(path for paths in sources.values() for path in paths.values())
    broken = np.random.default_rng(settings.seed).permutation(len(sources))[: settings.attention]
    scenes, checksums, misfits = [], {}, list[str]()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True) as temporary:
            part = Path(temporary, "study")
            (part / "pictures").mkdir(parents=True)
            for number, (stem, paths) in enumerate(sources.items()):
                scene, checksums[stem], unequal = _scene(part, stem, paths, settings, number in broken)
                scenes.append(scene)
                misfits += unequal
                progress(number + 1, len(sources))
            if misfits:
                raise DataError(f"results differ in size from their inputs: {few(misfits, _LISTED)}")
            folders = {name: str(path) for name, path in methods.items()}
            source = {"pielight": pielight.__version__, "input": str(inputs), "methods": folders, "sha256": checksums}
            study = Study(settings, tuple(methods), tuple(scenes), source)
            write_json(part / "study.json", {"format": FORMAT, **asdict(study)})
            Votes(part).close()
            part.rename(folder)
    except PielightError:
        raise
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be written ({error.strerror})") from error
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
        files = sorted(path for path in folder.iterdir() if not path.is_dir())
    except OSError as error:
        raise DataError(f"{shown(folder)}: no such folder, or not readable ({error.strerror})") from error
    paths = [path for path in files if is_picture_name(path) and not path.name.startswith(".")]
    if not paths:
        raise DataError(f"{shown(folder)}: no pictures in this folder")
    stems = {path.stem for path in paths}
    pictures = defaultdict[str, list[Path]](list)
    for path in paths:
        if (source := origin(path)) not in stems:
            pictures[path.stem if path.stem in inputs else source or path.stem].append(path)
    if twins := [" and ".join(path.name for path in same) for same in pictures.values() if len(same) > 1]:
        raise DataError(f"{shown(folder)}: several pictures of one name: {few(twins, _LISTED)}")
    return {stem: path for stem, (path,) in pictures.items()}


def _scene(
    folder: Path, stem: str, paths: Mapping[str, Path], settings: StudySettings, has_check: bool
) -> tuple[Scene, dict[str, str], list[str]]:
    """Store the pictures of a photo; return them, the SHA-256 of their sources, and the results of other sizes."""

    def store(image: Image.Image) -> str:
        """Write a picture without metadata under a random name."""
        name = secrets.token_hex(16) + (".png" if settings.lossless else ".jpg")
        Image.fromarray(np.asarray(image)).save(picture_path(folder, name), optimize=True, quality=95, subsampling=0)
        return name

    files, checksums, sizes = {}, {}, {}
    for method, path in paths.items():
        data = read_file(path)
        checksums[method or "input"] = hashlib.sha256(data).hexdigest()
        image = displayed(decode(data, shown(path)), _FULL_SIZE)
        sizes[f"{method}/{path.name}"] = "{} x {}".format(*image.size)
        image.thumbnail((settings.size, settings.size), Image.Resampling.LANCZOS)
        files[method] = store(image)
    expected, *_ = sizes.values()
    unequal = [f"{name} {size}, not {expected}" for name, size in sizes.items() if size != expected]
    broken = store(destroyed(image)) if has_check else ""
    return Scene(stem, *image.size, files.pop(""), files, broken), checksums, unequal


def destroyed(image: Image.Image) -> Image.Image:
    """Return a picture that nobody prefers: coarse blocks of wrong colors."""
    blocks = np.asarray(image.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX)).astype(int)
    noise = np.random.default_rng(0).integers(-90, 90, blocks.shape)
    coarse = (255 - blocks[..., ::-1] // 2 + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(coarse).resize(image.size, Image.Resampling.NEAREST)
