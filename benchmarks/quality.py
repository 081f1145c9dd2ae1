"""Measure methods on the research data: the table of the README and of the model card.

Usage: python benchmarks/quality.py DATA [NIQE.npz] [--method [LABEL=]SPEC]... [--json FILE]

DATA is what benchmarks/research_data.py laid out. Nothing is rescaled to a reference's mean. Values are means over the
pictures of a set, after them the standard error of that mean. ssim: mean over R, G and B; ssim gray: of BT.601 gray
levels; dark30: mean (of R, G and B) of the pixels that are the input's darkest 30 %; bright10 shift: mean change of its
brightest 10 %; clipped: share of pixels with a channel >= 254; skin shift: of the median L* of published faces, and
its error where they were darkened by 3 EV; niqe: as its authors compute it; niqe2: with the second
scale made of means of 2 x 2 pixels. NIQE.npz holds the authors' parameters, or those of `pielight niqe`, with which the
names are niqe-own and niqe2-own; without it they are left out. docs/api/metrics.md says where it comes from.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import _methods as methods
from pielight.evaluation.datasets.pairing import pair, pictures
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.downstream.datasets import darkened
from pielight.evaluation.downstream.skin import SKIN, SkinEvaluator
from pielight.evaluation.metrics.brightness import dark30
from pielight.evaluation.metrics.fidelity import psnr, unchanged
from pielight.evaluation.metrics.niqe import niqe
from pielight.evaluation.metrics.pristine import Pristine, read_pristine
from pielight.evaluation.metrics.structure import ssim, ssim_gray

Enhance = Callable[[Any], Any]
COLUMNS = (("lol", "psnr"), ("lol", "ssim"), ("sice_ref", "psnr"), ("sice_fused", "psnr"), ("dicm", "dark30"),
           ("dicm", "niqe"), ("kodak", "psnr to input"), ("faces", "above 35 dB"),
           ("faces", "skin error at -3 EV"))  # fmt: skip
"""Of short tables."""
KEPT = 35.0  # dB to itself, above which a published photograph counts as left alone


def read(path: Path) -> Any:
    """Read a picture as (H, W, 3) uint8."""
    return np.asarray(Image.open(path).convert("RGB"))


def paired(folder: Path) -> list[tuple[Path, Path]]:
    """Return the pictures of dark/ in a folder and those of reference/, matched by their stems."""
    return pair(pictures(folder / "dark"), pictures(folder / "reference"))


def pairs(folder: Path, enhance: Enhance, every: int = 1) -> dict[str, list[float]]:
    """Return PSNR, and SSIM of R, G, B and of gray levels, of every pair of a folder, or of every so many."""
    found: dict[str, list[float]] = {"psnr": [], "ssim": [], "ssim gray": []}
    for dark, wanted in paired(folder)[::every]:
        out, reference = enhance(read(dark)), read(wanted)
        found["psnr"].append(psnr(out, reference))
        found["ssim"].append(ssim(out, reference))
        found["ssim gray"].append(ssim_gray(out, reference))
    return found


def natural(folder: Path, enhance: Enhance, pristine: Pristine | None) -> dict[str, list[float]]:
    """Return what happens to the dark and the bright part of pictures without reference."""
    found: dict[str, list[float]] = {}
    end = "-own" if pristine is not None and pristine.own else ""
    for path in sorted(folder.iterdir()):
        before = read(path)
        after = enhance(before)
        gray, lit = before.mean(2) / 255, after.mean(2) / 255
        low, high = np.quantile(gray, 0.3), np.quantile(gray, 0.9)
        values = {
            "dark30 in": gray[gray <= low].mean(),
            "dark30": dark30(after, before),
            "bright10 shift": (lit - gray)[gray >= high].mean(),
            "clipped in": (before.max(2) >= 254).mean(),
            "clipped": (after.max(2) >= 254).mean(),
        }
        if pristine is not None:
            values |= {
                f"niqe{end} in": niqe(before, pristine),
                f"niqe{end}": niqe(after, pristine),
                f"niqe2{end} in": niqe(before, pristine, halving="mean"),
                f"niqe2{end}": niqe(after, pristine, halving="mean"),
            }
        for name, value in values.items():
            found.setdefault(name, []).append(float(value))
    return found


def faces(folder: Path, enhance: Enhance, ev: float = 3.0, every: int = 1) -> dict[str, list[float]]:
    """Return what becomes of published photographs of faces, and of their skin, published and darkened by some EV."""
    found: dict[str, list[float]] = {
        "psnr to input": [],
        "above 35 dB": [],
        "skin shift": [],
        "skin error at -3 EV": [],
    }
    published = SKIN.read("faces", folder)
    (dark,) = darkened(published, [ev], Darkness())
    evaluator = SkinEvaluator()
    for sample, darker in list(zip(published.samples, dark.samples, strict=True))[::every]:
        picture = sample.pixels()
        result = enhance(picture)
        shifts = [
            np.subtract(after, before)
            for before, after, _ in (
                evaluator.update(result, sample),
                evaluator.update(enhance(darker.pixels()), darker),
            )
        ]
        found["psnr to input"].append(unchanged(result, picture))
        found["above 35 dB"].append(float(found["psnr to input"][-1] > KEPT))
        found["skin shift"] += shifts[0].tolist()
        found["skin error at -3 EV"] += np.abs(shifts[1]).tolist()
    return found


def measure(data: Path, enhance: Enhance, pristine: Pristine | None) -> dict[str, dict[str, list[float]]]:
    """Return every value of every picture, by set and measure."""
    report = {name: pairs(data / "val" / name, enhance) for name in ("lol", "sice_ref", "sice_fused")}
    report["dicm"] = natural(data / "val" / "dicm", enhance, pristine)
    for name in ("kodak", "bsds"):
        pictures_read = map(read, sorted((data / "val" / name).iterdir()))
        report[name] = {"psnr to input": [unchanged(enhance(picture), picture) for picture in pictures_read]}
    report["faces"] = faces(data / "faces" / "val", enhance)
    return report


def rows(label: str, report: dict[str, dict[str, list[float]]]) -> list[str]:
    """Return the report of a method as rows of a Markdown table."""
    lines = []
    for name, measures in report.items():
        for measure_name, values in measures.items():
            error = np.std(values, ddof=1) / len(values) ** 0.5
            lines.append(methods.row(label, name, len(values), measure_name, f"{np.mean(values):.3f}", f"{error:.3f}"))
    return lines


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("niqe", type=command.file, nargs="?")
    methods.add_option(parser)
    parser.add_argument("--json", type=command.new_file)
    options = parser.parse_args()
    pristine = None if options.niqe is None else read_pristine(options.niqe)
    reports = {}
    opened = methods.opened(options.methods)
    print(methods.head("method", "set", "n", "measure", "mean", "standard error"))
    for label, enhance in opened.items():
        reports[label] = measure(options.data, enhance, pristine)
        print("\n".join(rows(label, reports[label])), flush=True)
    if options.json:
        options.json.write_text(json.dumps(reports, indent=1))


if __name__ == "__main__":
    command.run(main)
