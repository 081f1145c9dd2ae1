"""The methods of an enhancer for files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pielight._enhancer_base import EnhancerBase
from pielight.core.atomic_file import is_same_file
from pielight.core.messages import shown
from pielight.errors import ExistsError
from pielight.inference import pipeline_files
from pielight.inference.pipeline_files import EnhanceJob, SaveOptions, Written
from pielight.io.result_names import result_target
from pielight.options import Denoise, EnhanceOptions, Taste

if TYPE_CHECKING:
    from typing import Unpack


class FileMethods(EnhancerBase):
    """``enhance_file``, ``enhance_and_save`` and ``enhance_bytes``."""

    def enhance_file(
        self,
        source: str | Path,
        target: str | Path | None = None,
        strength: float | None = None,
        highlights: float | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        exist_ok: bool = False,
        file_format: str | None = None,
        quality: int | None = None,
        preserve_times: bool = False,
        **taste: Unpack[Taste],
    ) -> Path:
        """Enhance a picture's file into another file, which appears whole or not at all, and has the same permissions.

        Args:
            source: Picture to read: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW.
            target: File to write, or a folder: one that exists, or a text that ends with ``/``; None is the folder of
                the picture. In a folder, the picture's name, with ``_pie`` after it where it is the picture's own.
            strength: See :meth:`pielight.Enhancer.__call__`, as for the next three.
            highlights: As there.
            denoise: As there.
            options: As there.
            exist_ok: Whether a file that has the target's name is replaced; its permissions stay.
            file_format: The format to write, as ``"png"``; None is the source's, or that of the target's extension if
                it has another.
            quality: 1..100 for lossy formats; None keeps the source's own.
            preserve_times: Whether the file takes the source's times of access and of change.
            **taste: See :meth:`pielight.Enhancer.__call__`.

        Returns:
            The path of the file that was written.

        Raises:
            ExistsError: The target exists.
            MissingFileError: There is no such source.
            PictureError: The source cannot be read, the target is the source, or it cannot be written.
            PielightError: An argument is out of range or not for this task.

        Notes on how the picture was read and written go to the logger ``pielight`` at level INFO;
        :meth:`enhance_and_save` returns them.

        >>> import tempfile
        >>> from PIL import Image
        >>> from pielight import Enhancer
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (40, 30), (20, 30, 40)).save(f"{folder}/night.png")
        ...     Enhancer(threads=1).enhance_file(f"{folder}/night.png", f"{folder}/new/").relative_to(folder).as_posix()
        'new/night.png'
        """
        source = Path(source)
        saving = SaveOptions(file_format, quality, "overwrite" if exist_ok else "skip", 1, preserve_times)
        target = result_target(source, target, saving.file_format)
        options = self._options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        try:
            written = self.enhance_and_save(source, target, options, saving)
        except ExistsError:
            is_source = is_same_file(source, target)
            what = "the result would overwrite the picture; choose another target"
            text = what if is_source else "already exists; pass exist_ok=True to replace it"
            raise ExistsError(f"{shown(target)}: {text}", str(target)) from None
        if written.note:
            logging.getLogger("pielight").info("%s: %s", shown(source), written.note)
        return written.path

    def enhance_and_save(
        self, source: Path, target: Path, options: EnhanceOptions | None = None, saving: SaveOptions | None = None
    ) -> Written:
        """Enhance a picture's file as :meth:`enhance_file` does, and return notes on the result, too.

        Args:
            source: Picture to read.
            target: File to write.
            options: None is the default at the enhancer's ``auto``.
            saving: How the file is written, and what happens if it exists; None replaces it.

        Raises:
            PielightError: See :meth:`enhance_file`.

        >>> import tempfile
        >>> from PIL import Image
        >>> from pielight import Enhancer
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("CMYK", (40, 30), (200, 190, 180, 90)).save(f"{folder}/night.jpg")
        ...     Enhancer(threads=1).enhance_and_save(Path(folder, "night.jpg"), Path(folder, "bright.png")).note
        'CMYK converted to sRGB'
        """
        options, saving = self._resolved(options), saving or SaveOptions()
        job = EnhanceJob(options, saving, self.record(options, saving.quality))
        return pipeline_files.enhance_file(source, target, self.processor, job)

    def enhance_bytes(
        self,
        data: bytes,
        options: EnhanceOptions | None = None,
        *,
        file_format: str | None = None,
        quality: int | None = None,
        name: str = "picture",
    ) -> tuple[bytes, str]:
        """Enhance the bytes of a picture's file; see :meth:`enhance_file`.

        Returns:
            The bytes of the result's file, and notes on how it was read and written.

        Raises:
            PictureError: The bytes are no picture, or it cannot be encoded.
            PielightError: An option is not for this task.

        >>> import io
        >>> from PIL import Image
        >>> from pielight import Enhancer
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (40, 30), (20, 30, 40)).save(file, "PNG")
        >>> data, notes = Enhancer(threads=1).enhance_bytes(file.getvalue(), EnhanceOptions(0.5), file_format="webp")
        >>> Image.open(io.BytesIO(data)).format, notes
        ('WEBP', '')
        """
        options = self._resolved(options)
        job = EnhanceJob(options, SaveOptions(file_format, quality), self.record(options, quality))
        return pipeline_files.enhance_bytes(data, name, self.processor, job)
