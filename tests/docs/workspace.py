"""A folder in which the commands of the documentation can run: every file that they name, small and generated."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from tests.docs.markdown import ROOT
from tests.evaluation.downstream.networks import save_segmenter, square_finder
from tests.video.clips import Clip

DARK, GOOD = 0.18, 0.6
_VGG = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512)  # channels of VGG16's convolutions; 0 is a pool
_MODEL = """
import torch

def build():
    return torch.nn.Conv2d(3, 19, 1)

def loss(outputs, targets):
    return torch.nn.functional.cross_entropy(outputs, targets.long(), ignore_index=255)
"""


def picture(seed: int, light: float = GOOD, width: int = 200, height: int = 168) -> NDArray[np.uint8]:
    """Smooth shapes with a sky, edges and some noise, of a mean of about ``light`` of 255."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width] / min(width, height)
    color = np.zeros((height, width, 3))
    for _ in range(9):
        y, x, size = rng.uniform(0, 1, 3)
        inside = (abs(down - y) < 0.1 + size / 3) & (abs(across - x) < 0.1 + size / 4)
        color[inside] = rng.uniform(0.1, 1, 3)
    color += 0.25 + 0.3 * np.stack([1 - down, 1 - down, np.ones_like(down)], 2) * (down < 0.35)[..., None]
    color += rng.normal(0, 0.02, color.shape)
    color *= light / color.mean()
    return (color.clip(0, 1) * 255).round().astype(np.uint8)


def photos(
    folder: Path, count: int, light: float = GOOD, suffix: str = ".jpg", start: int = 0, scale: int = 1
) -> list[Path]:
    """Write some photographs into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03d}{suffix}" for number in range(start, start + count)]
    for number, path in enumerate(paths, start):
        Image.fromarray(picture(number, light, 200 * scale, 168 * scale)).save(path)
    return paths


def build(place: Path) -> None:
    """Write everything into a new folder."""
    for name in ("configs", "benchmarks", "examples", "docs"):
        shutil.copytree(ROOT / name, place / name)
    _single_photos(place)
    for folder in ("good-photos", "FOLDER"):
        photos(place / folder, 16, scale=3)
    for folder in ("my/good", "PHOTOS", "FOGGY", "KODAK", "foggy", "data/photos"):
        photos(place / folder, 10)
    photos(place / "my/dark", 12, DARK)
    photos(place / "dark", 6, DARK)
    photos(place / "holiday/day 1", 2, DARK)
    photos(place / "holiday/day 2", 1, DARK, ".png", 7)
    photos(place / "inbox", 1, DARK)
    (place / "tars").mkdir()
    for number in range(2):
        with tarfile.open(place / f"tars/{number:04d}.tar", "w") as archive:
            archive.add(place / "dark" / f"{number:03d}.jpg", f"{number:03d}.jpg")
    for name in ("clip.mp4", "clips/night.mkv"):
        (place / name).parent.mkdir(exist_ok=True)
        Clip(name, size=(160, 120), frames=50, audio="aac").make(place)
    for method in ("pie", "clahe"):
        photos(place / "results" / method, 6, GOOD)
    for name in ("LOLdataset/eval15/low", "LOLdataset/eval15/high"):
        photos(place / name, 3, DARK if name.endswith("low") else GOOD, ".png")
    photos(place / "DICM", 3, DARK)
    _source(place / "SOURCE")
    faces(place / "FACES", range(4))
    streets(place / "CAMVID/val", range(3))
    labels(place / "data/photo-labels", photos(place / "data/photos", 10), classes=19)
    _weights(place)
    for name, source in (("research_data", "SOURCE"), ("free_data", "KODAK")):
        command = [sys.executable, f"benchmarks/{name}.py", source, "data"]
        subprocess.run(command, cwd=place, check=True)


def _single_photos(place: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[306] = "Maker", "2026:01:02 03:04:05"
    for name in ("photo", "a", "wet", "DIVE", "PHOTO", "night"):
        image = Image.fromarray(picture(len(name), DARK, 320, 240))
        image.save(place / f"{name}.jpg", exif=exif, dpi=(300, 300), icc_profile=_profile())
    shutil.copyfile(place / "PHOTO.jpg", place / "PHOTO")


def _profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _source(source: Path) -> None:
    """What benchmarks/research_data.py lays out."""
    scenes = []
    for scene in range(8):
        frames = []
        for number, light in enumerate((0.08, 0.2, 0.5)):
            name = f"{scene}_{number}.jpg"
            (source / "sice/images").mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(scene, light)).save(source / "sice/images" / name)
            frames.append({"file": name, "mean": light, "sim_to_ref": 0.95})
        scenes.append({"scene": f"s{scene}", "ref": f"{scene}_2.jpg", "frames": frames})
    (source / "sice/scenes.json").write_text(json.dumps(scenes))
    for name, suffix in (("lol/train/low", "webp"), ("lol/train/high", "jpg"), ("lol/val/low", "webp"),
                         ("lol/val/high", "webp"), ("bsds", "jpg"), ("kodak", "jpg"), ("dicm_dev", "jpg"),
                         ("imagenet_sample", "jpg"),
                         ("sots_dev/hazy", "png"), ("sots_dev/gt", "png"), ("rain_dev/rainy", "png"),
                         ("rain_dev/gt", "png")):  # fmt: skip
        photos(source / name, 4, DARK if name.endswith(("low", "dicm_dev")) else GOOD, f".{suffix}")
    faces(source / "faces_dev", range(20))
    for part in ("train", "val"):
        streets(source / "camvid" / part, range(8))


def faces(folder: Path, numbers: Sequence[int]) -> None:
    """Write photographs with a bright square each, and its box."""
    (folder / "images").mkdir(parents=True)
    boxes: dict[str, list[dict[str, int]]] = {}
    for number in numbers:
        values = picture(number, 0.3, 480, 400)
        values[160:240, 160:240] = 230
        Image.fromarray(values).save(folder / "images" / f"{number}.jpg", quality=95)
        boxes[f"{number}.jpg"] = [{"x": 160, "y": 160, "w": 80, "h": 80}]
    (folder / "boxes.json").write_text(json.dumps(boxes))


def streets(folder: Path, numbers: Sequence[int]) -> None:
    """Write street scenes, the first at dusk, and the classes of their pixels."""
    (folder / "images").mkdir(parents=True)
    paths = []
    for number in numbers:
        name = f"{'0001TP' if number < 4 else '0006R0'}_{number:05d}.png"
        Image.fromarray(picture(number, 0.4, 320, 240)).save(folder / "images" / name)
        paths.append(folder / "images" / name)
    labels(folder / "labels", paths, classes=12)


def labels(folder: Path, paths: Sequence[Path], classes: int) -> None:
    """Write a class for every pixel of some pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        with Image.open(path) as image:
            down, across = np.mgrid[: image.height, : image.width]
        Image.fromarray(((down // 30 + across // 40) % classes).astype(np.uint8)).save(folder / f"{path.stem}.png")


def _weights(place: Path) -> None:
    """Networks that have learned nothing, and parameters that nobody has fitted."""
    generator = torch.Generator().manual_seed(0)
    vgg, place_in_vgg, channels = {}, 0, 3
    for width in _VGG:
        if not width:
            place_in_vgg += 1
            continue
        scale = (2 / (9 * channels)) ** 0.5
        vgg[f"{place_in_vgg}.weight"] = torch.randn((width, channels, 3, 3), generator=generator) * scale
        vgg[f"{place_in_vgg}.bias"] = torch.zeros(width)
        place_in_vgg, channels = place_in_vgg + 2, width
    vgg["0.bias"][:4] = torch.tensor([0.4034, 0.3778, 0.4644, -0.3228])  # by which torchvision's are known
    torch.save(vgg, place / "VGG16.pth")
    for name in ("NIQE.npz", "niqe_pris_params.npz"):
        np.savez(place / name, mu_pris_param=np.zeros((1, 36)), cov_pris_param=np.eye(36))
    dce = {}
    sizes = ((32, 3), (32, 32), (32, 32), (32, 32), (32, 64), (32, 64), (24, 64))
    for number, (out, into) in enumerate(sizes, 1):
        dce[f"e_conv{number}.weight"] = torch.randn((out, into, 3, 3), generator=generator) * 0.02
        dce[f"e_conv{number}.bias"] = torch.zeros(out)
    torch.save(dce, place / "Epoch99.pth")
    for name in ("yunet.onnx", "data/yunet_n_dynamic.onnx"):
        square_finder(place / name)
    save_segmenter(place / "net.onnx", classes=12)
    for name in ("MODEL.onnx", "NAME.onnx", "NAME-enhancer.onnx", "former.onnx"):
        shutil.copyfile(ROOT / "src/pielight/models/free.onnx", place / name)
    for name in ("pie", "free", "denoise"):
        for seed in range(3):
            (place / f"runs/{name}-{seed}").mkdir(parents=True)
            shutil.copyfile(ROOT / f"src/pielight/models/{name}.onnx", place / f"runs/{name}-{seed}/{name}.onnx")
    (place / "mymodel.py").write_text(_MODEL)
    save_file({"weight": torch.zeros(19, 3, 1, 1), "bias": torch.zeros(19)}, place / "mymodel.safetensors")
    (place / "src/pielight/models").mkdir(parents=True)
