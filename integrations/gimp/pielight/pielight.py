#!/usr/bin/env python3
"""Plug-in for GIMP 3: Colors > Brighten dark photo. It runs the command pielight, and loads its result as a layer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, Gio, GLib, GObject

NAME = "plug-in-pielight-brighten"
_HELP = "Brightens photos that came out too dark, in a new layer above; well-exposed ones stay as they are."
_PIPX = str(Path.home() / ".local/bin")  # which a desktop's PATH may lack
# what AppImages and bundles set for themselves
_OF_GIMP = frozenset(("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH"))


class Pielight(Gimp.PlugIn):
    """The plug-in, with one procedure."""

    def do_query_procedures(self) -> list[str]:
        """Name the procedure."""
        return [NAME]

    def do_set_i18n(self, _: str) -> bool:
        """Say that nothing is translated."""
        return False

    def do_create_procedure(self, name: str) -> Any:
        """Describe the procedure: where it stands in the menus, and its two arguments."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("_Brighten dark photo")
        procedure.add_menu_path("<Image>/Colors")
        procedure.set_documentation(_HELP, _HELP, name)
        procedure.set_attribution("pielight", "pielight, Apache-2.0", "2026")
        about = "0 leaves the photo as it is, 1 is the model's choice; below 0 darkens"
        procedure.add_double_argument("strength", "_Strength", about, -1.5, 1.5, 1.0, GObject.ParamFlags.READWRITE)
        about = "pie (research use only), free (any use), or the path of an ONNX file"
        procedure.add_string_argument("model", "_Model", about, "pie", GObject.ParamFlags.READWRITE)
        return procedure

    def run(self, procedure: Any, run_mode: Any, image: Any, drawables: list[Any], config: Any, _: Any) -> Any:
        """Brighten the chosen layer."""
        if len(drawables) != 1:
            return _failed(procedure, f"choose one layer, not {len(drawables)}")
        if not isinstance(drawables[0], Gimp.Layer):
            return _failed(procedure, "choose a layer, not a mask or channel")
        if run_mode == Gimp.RunMode.INTERACTIVE:
            GimpUi.init(NAME)
            dialog = GimpUi.ProcedureDialog.new(procedure, config, "Brighten dark photo")
            dialog.fill(None)
            is_confirmed = dialog.run()
            dialog.destroy()
            if not is_confirmed:
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        image.undo_group_start()
        try:
            _brighten(image, drawables[0], config.get_property("strength"), config.get_property("model"))
        except (RuntimeError, OSError, GLib.Error) as error:
            return _failed(procedure, str(error))
        finally:
            image.undo_group_end()
        Gimp.displays_flush()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


def _brighten(image: Any, drawable: Any, strength: float, model: str) -> None:
    """Put a brightened copy of a layer above it, masked by the selection if there is one, and blended as it is."""
    with tempfile.TemporaryDirectory(prefix="pielight-") as folder:
        dark, bright = str(Path(folder, "dark.png")), str(Path(folder, "bright.png"))
        Gimp.progress_init("Brightening")
        _save(image, drawable, dark)
        _run(dark, bright, strength, model)
        layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(bright))
    layer.set_name(f"{drawable.get_name()} (bright)")
    mode = drawable.get_mode()
    layer.set_mode(Gimp.LayerMode.NORMAL if mode == Gimp.LayerMode.PASS_THROUGH else mode)  # which groups alone have
    layer.set_opacity(drawable.get_opacity())
    layer.set_visible(drawable.get_visible())
    _, across, down = drawable.get_offsets()
    layer.set_offsets(across, down)
    image.insert_layer(layer, drawable.get_parent(), image.get_item_position(drawable))
    if not Gimp.Selection.is_empty(image):
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))


def _save(image: Any, drawable: Any, path: str) -> None:
    """Save one layer, in 8 or 16 bits, not linear, with the image's profile, and as if it were opaque and visible."""
    size = drawable.get_width(), drawable.get_height()
    alone = Gimp.Image.new_with_precision(*size, image.get_base_type(), image.get_precision())
    try:
        profile = image.get_color_profile()
        if profile:
            alone.set_color_profile(profile)
        layer = Gimp.Layer.new_from_drawable(drawable, alone)
        alone.insert_layer(layer, None, 0)
        layer.set_offsets(0, 0)
        layer.set_opacity(100.0)  # else the export merges it into the pixels
        layer.set_mode(Gimp.LayerMode.NORMAL)
        layer.set_visible(True)
        kept = Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U16_NON_LINEAR
        if image.get_precision() not in kept:  # GIMP refuses a conversion to what it is already
            alone.convert_precision(Gimp.Precision.U16_NON_LINEAR)
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, alone, Gio.File.new_for_path(path), None)
    finally:
        alone.delete()


def _run(dark: str, bright: str, strength: float, model: str) -> None:
    """Run the command, whose Python need not be GIMP's.

    Raises:
        RuntimeError: It is not there, or fails; one line.
    """
    program = os.environ.get("PIELIGHT") or shutil.which("pielight") or shutil.which("pielight", path=_PIPX)
    if not program:
        raise RuntimeError("the command is not found; run in its clone: pipx install '.[deep]'")
    command = [program, dark, "-o", bright, "--strength", str(strength), "--model", model, "--quiet"]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # of Windows
    variables = {name: value for name, value in os.environ.items() if name not in _OF_GIMP}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, creationflags=flags, env=variables,
    )  # fmt: skip
    if done.returncode:
        text = done.stderr.strip() or f"status {done.returncode}"
        raise RuntimeError(text.splitlines()[-1].removeprefix("Error: "))


def _failed(procedure: Any, text: str) -> Any:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), f"pielight: {text}", 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


Gimp.main(Pielight.__gtype__, sys.argv)
