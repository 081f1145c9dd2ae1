"""Brightens the TIFF that a photo manager hands to an external editor: ``pielight-edit COPY.tif [RESULT.tif]``.

darktable, Lightroom and others make a copy, start the editor with it, and read it again: with one file the result
takes the place of that copy, whole or not at all. With two, as digiKam and RawTherapee can, the first stays as it is.
Bit depth, color profile and EXIF stay. The variables PIELIGHT_STRENGTH and PIELIGHT_MODEL change what it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pielight import Enhancer, OptionError, PielightError

_TIFF = (".tif", ".tiff")


def edit(source: Path, target: Path | None = None) -> None:
    """Brighten a TIFF into another, or in its place.

    Raises:
        PielightError: It is no TIFF, or cannot be read or written.
    """
    if source.suffix.lower() not in _TIFF:
        raise OptionError(f"{source}: an editor is given a TIFF; set the host to TIFF, 16 bits, sRGB or Adobe RGB")
    enhancer, strength = Enhancer(os.environ.get("PIELIGHT_MODEL") or None), _strength()
    if target is not None:
        enhancer.enhance_file(source, target, strength, exist_ok=True)
        return
    photo = Path(os.path.realpath(source))  # a link stays one
    with tempfile.TemporaryDirectory(prefix=".pielight-", dir=photo.parent) as folder:
        result = enhancer.enhance_file(source, Path(folder, source.name), strength)
        result.replace(photo)


def _strength() -> float | None:
    text = os.environ.get("PIELIGHT_STRENGTH", "")
    try:
        return float(text) if text else None
    except ValueError:
        raise OptionError(f"PIELIGHT_STRENGTH {text!r}: must be a number") from None


def _show(error: str) -> None:
    """Show an error where the host keeps standard error to itself, too."""
    print(f"pielight: {error}", file=sys.stderr)
    if not sys.stderr or not sys.stderr.isatty():
        if sys.platform == "win32":
            import ctypes

            ctypes.windll.user32.MessageBoxW(0, error, "pielight", 0x10)
        elif sys.platform == "darwin":
            script = 'on run argv\ndisplay notification (item 1 of argv) with title "pielight"\nend run'
            subprocess.run(["osascript", "-e", script, error], check=False)
        elif shutil.which("notify-send"):
            subprocess.run(["notify-send", "pielight", error], check=False)


def main(arguments: list[str]) -> int:
    """Run the command, and return its status: 0, or 1 after an error, which leaves every file as it was."""
    if len(arguments) not in (1, 2):
        print("usage: pielight-edit COPY.tif [RESULT.tif]", file=sys.stderr)
        return 2
    try:
        edit(*map(Path, arguments))
    except (PielightError, OSError) as error:
        _show(str(error))
        return 1
    return 0


def run() -> None:
    """Run the command, and leave with its status."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
