"""What the plug-in uses of GIMP 3's Python interface, with layers that are Pillow images; the real one needs GIMP 3."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from tests.integrations.modules import stand_in

Kind = Enum("Kind", "INTERACTIVE NONINTERACTIVE SUCCESS CANCEL EXECUTION_ERROR PLUGIN DRAWABLE SELECTION READWRITE")
LayerMode = Enum("LayerMode", "NORMAL MULTIPLY PASS_THROUGH")
Precision = Enum("Precision", "U8_NON_LINEAR U16_NON_LINEAR U16_LINEAR FLOAT_LINEAR")


class GError(Exception):
    """GLib.Error."""

    @staticmethod
    def new_literal(domain: str, text: str, code: int) -> GError:
        return GError(text)


class Layer:
    """A layer: pixels, a name, a place, how it is blended, and perhaps a mask."""

    def __init__(self, pixels: PillowImage.Image, name: str = "photo", offsets: tuple[int, int] = (0, 0)) -> None:
        self.pixels, self.name, self.offsets, self.mask = pixels, name, offsets, None
        self.opacity, self.mode, self.visible = 100.0, LayerMode.NORMAL, True

    @staticmethod
    def new_from_drawable(drawable: Layer, image: Image) -> Layer:
        layer = Layer(drawable.pixels.copy(), drawable.name, drawable.offsets)
        layer.opacity, layer.mode, layer.visible = drawable.opacity, drawable.mode, drawable.visible
        return layer

    def get_width(self) -> int:
        return self.pixels.width

    def get_height(self) -> int:
        return self.pixels.height

    def get_offsets(self) -> tuple[bool, int, int]:
        return True, *self.offsets

    def set_offsets(self, across: int, down: int) -> None:
        self.offsets = across, down

    def get_name(self) -> str:
        return self.name

    def set_name(self, name: str) -> None:
        self.name = name

    def get_opacity(self) -> float:
        return self.opacity

    def set_opacity(self, opacity: float) -> None:
        self.opacity = opacity

    def get_mode(self) -> LayerMode:
        return self.mode

    def set_mode(self, mode: LayerMode) -> None:
        assert mode != LayerMode.PASS_THROUGH, "for groups alone"
        self.mode = mode

    def get_visible(self) -> bool:
        return self.visible

    def set_visible(self, visible: bool) -> None:
        self.visible = visible

    def get_parent(self) -> None:
        return None

    def create_mask(self, kind: Kind) -> Kind:
        return kind

    def add_mask(self, mask: Any) -> None:
        self.mask = mask


class Image:
    """An image: layers from the top down."""

    alive = 0

    def __init__(
        self, width: int, height: int, base: str = "rgb", precision: Precision = Precision.U8_NON_LINEAR
    ) -> None:
        self.size, self.base, self.precision, self.profile = (width, height), base, precision, b"profile"
        self.layers: list[Layer] = []
        self.undo, self.selection = [0, 0], False
        Image.alive += 1

    new_with_precision = classmethod(lambda cls, *arguments: cls(*arguments))

    def insert_layer(self, layer: Layer, parent: None, position: int) -> None:
        self.layers.insert(position, layer)

    def get_item_position(self, layer: Layer) -> int:
        return self.layers.index(layer)

    def get_base_type(self) -> str:
        return self.base

    def get_precision(self) -> Precision:
        return self.precision

    def convert_precision(self, precision: Precision) -> bool:
        assert precision != self.precision, "an error in GIMP"
        self.precision = precision
        return True

    def get_color_profile(self) -> bytes:
        return self.profile

    def set_color_profile(self, profile: bytes) -> None:
        self.profile = profile

    def undo_group_start(self) -> None:
        self.undo[0] += 1

    def undo_group_end(self) -> None:
        self.undo[1] += 1

    def delete(self) -> None:
        Image.alive -= 1


class Procedure:
    """Gimp.ImageProcedure: takes what it is told, and keeps the arguments."""

    def __init__(self, plug_in: Any, name: str, kind: Kind, run: Any, data: None) -> None:
        self.run, self.told, self.arguments = run, dict[str, Any](), dict[str, Any]()

    new = classmethod(lambda cls, *arguments: cls(*arguments))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith(("set_", "add_menu_path")):
            raise AttributeError(name)
        return lambda *values: self.told.update({name: values})

    def add_double_argument(
        self, name: str, label: str, about: str, least: float, most: float, default: float, flags: Kind
    ) -> None:
        assert least <= default <= most
        self.arguments[name] = default

    def add_string_argument(self, name: str, label: str, about: str, default: str, flags: Kind) -> None:
        self.arguments[name] = default

    def new_return_values(self, status: Kind, error: GError) -> tuple[Kind, str]:
        return status, str(error)


class PlugIn:
    """Gimp.PlugIn."""

    __gtype__ = "type"

    @staticmethod
    def error_quark() -> str:
        return "gimp-plug-in"


saved: list[Precision] = []
progress: list[str] = []
closed: list[bool] = []  # dialogs, by what the user said


def file_save(mode: Kind, image: Image, file: str, options: None) -> bool:
    (layer,) = image.layers
    assert layer.offsets == (0, 0)
    assert (layer.opacity, layer.mode, layer.visible) == (100.0, LayerMode.NORMAL, True), "would be merged"
    assert image.precision in (Precision.U8_NON_LINEAR, Precision.U16_NON_LINEAR)
    saved.append(image.precision)
    layer.pixels.save(file)
    return True


def file_load_layer(mode: Kind, image: Image, file: str) -> Layer:
    with PillowImage.open(file) as opened:
        opened.load()
    return Layer(opened, "bright.png")


def modules(answer: bool = True) -> dict[str, Any]:
    """Return the modules gi and gi.repository; ``answer`` is what the user says to the dialog."""
    gimp = SimpleNamespace(
        PlugIn=PlugIn, ImageProcedure=Procedure, Image=Image, Layer=Layer, file_save=file_save,
        file_load_layer=file_load_layer, LayerMode=LayerMode, Precision=Precision, progress_init=progress.append,
        RunMode=Kind, PDBStatusType=Kind, PDBProcType=Kind, AddMaskType=Kind,
        ProcedureSensitivityMask=Kind, Selection=SimpleNamespace(is_empty=lambda image: not image.selection),
        displays_flush=lambda: None, main=lambda kind, arguments: None,
    )  # fmt: skip
    saved.clear()
    progress.clear()
    closed.clear()
    dialog = SimpleNamespace(fill=lambda names: None, run=lambda: answer, destroy=lambda: closed.append(answer))
    ui = SimpleNamespace(init=lambda name: None, ProcedureDialog=SimpleNamespace(new=lambda *arguments: dialog))
    gio = SimpleNamespace(File=SimpleNamespace(new_for_path=str))
    repository = stand_in(
        "gi.repository", Gimp=gimp, GimpUi=ui, Gio=gio, GLib=SimpleNamespace(Error=GError),
        GObject=SimpleNamespace(ParamFlags=Kind),
    )  # fmt: skip
    return {"gi": stand_in("gi", require_version=lambda name, version: None), "gi.repository": repository}


def pixels(layer: Layer) -> np.ndarray[Any, Any]:
    """Return a layer's pixels."""
    return np.asarray(layer.pixels)
