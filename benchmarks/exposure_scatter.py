"""Draw how bright enhanced pictures are against how bright their references are: does the model know the content?

Usage: python benchmarks/exposure_scatter.py DATA OUT.svg [NAME=MODEL.onnx ...]

DATA is what benchmarks/research_data.py laid out; without a model the default one is drawn. One panel per model, one
dot per picture of the sets with references. Prints for each model and set the
correlation of the mean gray levels, the slope of the output's on the reference's, the mean error, and the mean
absolute error. A model that draws every picture to one brightness has the slope 0."""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import numpy as np

from quality import Enhance, paired, read

SETS = {"lol": "#4477aa", "sice_ref": "#ee6677", "sice_fused": "#228833"}
Points = dict[str, Any]


def brightness(data: Path, enhance: Enhance) -> Points:
    """Return the mean gray levels of references and outputs ``(N, 2)`` in [0, 1], by set."""
    found = {}
    for name in SETS:
        folder = data / "val" / name
        found[name] = np.array(
            [(read(reference).mean() / 255, enhance(read(dark)).mean() / 255) for dark, reference in paired(folder)]
        )
    return found


def describe(points: Points, samples: int = 2000) -> str:
    """Return one line per set: correlation and slope with 95 % intervals, mean error and mean absolute error."""
    lines = []
    for name, (reference, output) in ((name, item.T) for name, item in points.items()):
        error = output - reference
        draws = np.random.default_rng(0).integers(len(error), size=(samples, len(error)))
        drawn = np.array([_follows(reference[row], output[row]) for row in draws])
        least, most = np.quantile(drawn, (0.025, 0.975), axis=0)
        shown = [
            f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"
            for value, low, high in zip(_follows(reference, output), least, most, strict=True)
        ]
        lines.append(
            f"{name:10s} n {len(error):3d}  r {shown[0]}  slope {shown[1]}  "
            f"error {error.mean():+.3f}  |error| {abs(error).mean():.3f}"
        )
    return "\n".join(lines)


def _follows(reference: Any, output: Any) -> tuple[float, float]:
    """Return the correlation and the slope of the output's brightness on the reference's."""
    return float(np.corrcoef(reference, output)[0, 1]), float(np.polyfit(reference, output, 1)[0])


def svg(panels: dict[str, Points], side: int = 300, margin: int = 40) -> str:
    """Return the panels as an SVG drawing: reference's brightness to the right, the output's upwards."""
    width, height = len(panels) * (side + margin) + margin, side + 2 * margin
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             f'font-size="12"><rect width="{width}" height="{height}" fill="white"/>']  # fmt: skip
    for index, (title, points) in enumerate(panels.items()):
        left, bottom = margin + index * (side + margin), margin + side
        parts.append(f'<rect x="{left}" y="{margin}" width="{side}" height="{side}" fill="none" stroke="#999"/>'
                     f'<path d="M{left} {bottom}l{side} {-side}" stroke="#999"/>'
                     f'<text x="{left}" y="{margin - 12}" font-size="15">{title}</text>'
                     f'<text x="{left + side}" y="{bottom + 15}" text-anchor="end">reference</text>')  # fmt: skip
        for row, (name, item) in enumerate(points.items()):
            parts.append(f'<text x="{left + 8}" y="{margin + 18 + 16 * row}" fill="{SETS[name]}">{name}</text>')
            parts += [
                f'<circle cx="{left + side * x:.1f}" cy="{bottom - side * y:.1f}" r="3" fill="{SETS[name]}" '
                f'fill-opacity="0.6"/>'
                for x, y in item
            ]
    return "\n".join([*parts, "</svg>\n"])


def draw(data: Path, out: Path, models: dict[str, Path | None]) -> None:
    """Write the drawing, and print what it shows."""
    from pielight import Enhancer

    panels = {name: brightness(data, Enhancer(path)) for name, path in models.items()}
    for name, points in {**panels, "as they are": brightness(data, lambda pixels: pixels)}.items():
        print(f"{name}\n{describe(points)}")
    out.write_text(svg(panels), encoding="utf-8")


def model(text: str) -> tuple[str, Path]:
    """Take NAME=MODEL.onnx."""
    name, _, path = text.partition("=")
    if not name or not path:
        raise ArgumentTypeError(f"{text}: must be NAME=MODEL.onnx")
    return name, command.file(path)


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("out", type=command.new_file)
    parser.add_argument("models", type=model, nargs="*")
    options = parser.parse_intermixed_args()
    draw(options.data, options.out, dict(options.models) or {"pie": None})


if __name__ == "__main__":
    command.run(main)
