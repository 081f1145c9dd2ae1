"""Lay out the research data sets as folders for training and validation.

Usage: python benchmarks/research_data.py SOURCE TARGET

SOURCE holds sice/ (images, scenes.json), lol/, bsds/, kodak/, imagenet_sample/, dicm_dev/, camvid/, faces_dev/,
sots_dev/ and rain_dev/. TARGET gets, as links to the files:

  dark/  sice (frames of the training scenes, mean < 0.5), lol (train/low)
  well/  sice (ref of the training scenes), lol (train/high), bsds
  published/ imagenet (photographs of everything, but for every fifth), bsds (every other photograph)
  fused/ sice (exposure fusions of the training scenes' aligned frames: exposed well everywhere; unpaired use)
  val/{lol,sice_ref,sice_fused}/{dark,reference}/  pairs of one stem
  val/{dicm,kodak,bsds,imagenet}/                  pictures without reference; those of bsds and imagenet_sample that
                                                   are not in published/
  val/sots/{hazy,gt}/, val/rain/{rainy,gt}/        pairs of haze and of rain
  camvid/{train,val}/{images,labels}/              street scenes and the classes of their pixels
  camvid/{day,dusk}/{images,labels}/               the training frames by day, and those at dusk
  faces/{train,val}/                               every other photograph with its face in boxes.json, for either

The validation scenes are those whose index in scenes.json is a multiple of 6; a pair is a frame with mean < 0.3 and
< 0.6 of the ref's mean that is aligned with it (sim_to_ref > 0.8).
"""

from __future__ import annotations

import _command as command

command.needs("dev")

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image


def link(source: Path, target: Path) -> None:
    """Link a file under a new name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(source.resolve())


def fuse(images: Path, scene: dict[str, Any]) -> Image.Image:
    """Fuse a scene's aligned frames (Mertens et al., 2007)."""
    names = [frame["file"] for frame in scene["frames"] if frame["sim_to_ref"] > 0.8]
    frames = [np.asarray(Image.open(images / name).convert("RGB"))[:, :, ::-1] for name in names]
    fused = cv2.createMergeMertens().process(frames)[:, :, ::-1]
    return Image.fromarray((fused.clip(0, 1) * 255).round().astype(np.uint8))


def lay_out(source: Path, target: Path) -> None:
    """Lay everything out."""
    images = source / "sice" / "images"
    for index, scene in enumerate(json.loads((source / "sice" / "scenes.json").read_text())):
        frames = {frame["file"]: frame for frame in scene["frames"]}
        ref = frames[scene["ref"]]
        fusion = target / ("val/fusions" if index % 6 == 0 else "fused/sice") / f"{scene['scene']}.png"
        if not fusion.exists():
            fusion.parent.mkdir(parents=True, exist_ok=True)
            fuse(images, scene).save(fusion)
        if index % 6:
            link(images / ref["file"], target / "well/sice" / ref["file"])
            for name, frame in frames.items():
                if frame["mean"] < 0.5 and name != ref["file"]:
                    link(images / name, target / "dark/sice" / name)
            continue
        for name, frame in frames.items():
            if frame["mean"] < 0.3 and frame["mean"] < 0.6 * ref["mean"] and frame["sim_to_ref"] > 0.8:
                for reference, path in (("sice_ref", images / ref["file"]), ("sice_fused", fusion)):
                    link(images / name, target / f"val/{reference}/dark/{name}")
                    link(path, target / f"val/{reference}/reference/{Path(name).stem}{path.suffix}")
    for folder, place in (("lol/train/low", "dark/lol"), ("lol/train/high", "well/lol"), ("bsds", "well/bsds"),
                          ("dicm_dev", "val/dicm"), ("kodak", "val/kodak")):  # fmt: skip
        for path in sorted((source / folder).iterdir()):
            link(path, target / place / path.name)
    for folder in ("train/images", "train/labels", "val/images", "val/labels"):
        for path in sorted((source / "camvid" / folder).iterdir()):
            link(path, target / "camvid" / folder / path.name)
            if folder.startswith("train"):  # the film 0001TP was taken at dusk
                light = "dusk" if path.name.startswith("0001TP") else "day"
                link(path, target / "camvid" / folder.replace("train", light) / path.name)
    for index, path in enumerate(sorted((source / "imagenet_sample").iterdir())):
        link(path, target / ("published/imagenet" if index % 5 else "val/imagenet") / path.name)
    for index, path in enumerate(sorted((source / "bsds").iterdir())):
        link(path, target / ("val/bsds" if index % 2 else "published/bsds") / path.name)
    boxes = json.loads((source / "faces_dev/boxes.json").read_text())
    for part, names in (("train", sorted(boxes)[::2]), ("val", sorted(boxes)[1::2])):
        for name in names:
            link(source / "faces_dev/images" / name, target / f"faces/{part}/images" / name)
        (target / f"faces/{part}/boxes.json").write_text(json.dumps({name: boxes[name] for name in names}))
    for name in ("sots_dev/hazy", "sots_dev/gt", "rain_dev/rainy", "rain_dev/gt"):
        for path in sorted((source / name).iterdir()):
            link(path, target / "val" / name.replace("_dev", "") / path.name)
    for part, place in (("low", "dark"), ("high", "reference")):
        for path in sorted((source / "lol/val" / part).iterdir()):
            link(path, target / f"val/lol/{place}/{path.name}")


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("source", type=command.folder)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    lay_out(options.source, options.target)


if __name__ == "__main__":
    command.run(main)
