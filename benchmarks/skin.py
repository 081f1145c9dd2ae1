"""Tell how far the lightness of faces moves, by quarters of skin lightness, as published and underexposed.

Usage: python benchmarks/skin.py FACES [--method [LABEL=]SPEC]... [--stops 0,1,2,3,4,5] [--limit N]
       [--detector FILE.onnx]

FACES holds pictures, or images/, and boxes.json. They are darkened by so many EV in linear light with shot and read
noise and rounded to 8 bits, and brightened by each method. Compared is the median CIE L* of every box with that of the
photograph as it was published: mean shift, mean absolute error and its 90 % quantile, shift of the darkest and of the
lightest quarter of faces (by their published L*), and turn of the hue. The last row of a method is of all darkened
photographs together. With --detector, faces are those that it finds in the published photographs. `pielight evaluate
--downstream skin` tells the same with intervals and tests.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

import _methods as methods
from pielight.evaluation.downstream.darkness import Darkness
from pielight.evaluation.downstream.datasets import darkened
from pielight.evaluation.downstream.skin import METRICS, SKIN, SkinEvaluator
from pielight.evaluation.metric_spec import MetricState

COLUMNS = {
    "shift": ("face-shift", "+.1f"),
    "mean error": ("face-error", ".1f"),
    "90 %": ("face-error-90", ".1f"),
    "darkest quarter": ("face-darkest", "+.1f"),
    "lightest quarter": ("face-lightest", "+.1f"),
    "hue, degrees": ("face-hue", ".1f"),
}


def row(label: str, ev: str, states: list[MetricState]) -> str:
    """Return a row of the table."""
    faces = sum(len(state[0]) for state in states)
    cells = [f"{METRICS[name].compute(states):{form}}" for name, form in COLUMNS.values()]
    return methods.row(label, ev, faces, *cells)


def stops(text: str) -> list[float]:
    """Take numbers with commas between."""
    return [float(part) for part in text.split(",")]


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("faces", type=command.folder)
    methods.add_option(parser)
    parser.add_argument("--stops", type=stops, default=[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    parser.add_argument("--limit", type=command.at_least(1), help="only the first N pictures")
    parser.add_argument("--detector", type=command.file)
    options = parser.parse_args()
    evaluator, opened = SkinEvaluator(options.detector), methods.opened(options.methods)
    published = SKIN.read("faces", options.faces).first(options.limit)
    evaluator.check(published)
    sets = darkened(published, options.stops, Darkness())
    print(methods.head("method", "EV", "faces", *COLUMNS))
    for label, enhance in opened.items():
        every: list[MetricState] = []
        for ev, dataset in zip(options.stops, sets, strict=True):
            found = [evaluator.update(enhance(sample.pixels()), sample) for sample in dataset.samples]
            every += found if ev else []
            print(row(label, f"{-ev:g}" if ev else "0", found), flush=True)
        if sum(ev > 0 for ev in options.stops) > 1:
            print(row(label, "darkened", every), flush=True)


if __name__ == "__main__":
    command.run(main)
