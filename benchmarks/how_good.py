"""Write the page docs/how-good.md from a report.

Usage:
    pielight evaluate --data ... --method pielight --method ... -o report/
    python benchmarks/how_good.py report/ [docs/how-good.md]

REPORT is the folder that pielight evaluate wrote. The page holds figures only, no pictures of the data sets.
"""

from __future__ import annotations

import command

command.needs("evaluate")

import json
import sys
from pathlib import Path
from string import Template
from typing import Any

from pielight.core.table_cells import Markup, fenced, markdown_text, utf8
from pielight.core.tables import markdown
from pielight.evaluation.report.tables import mean_and_interval, p_value
from pielight.evaluation.statistics import Mean

PAGE = Template("""# How good is it

Figures of one run of one command; [pielight evaluate](evaluate.md) says how to make your own. Every method saw the same
pictures, and results are measured as they are, not scaled to the brightness of the reference (no GT-mean).

In brackets are 95 % bootstrap intervals of the mean over pictures; ↑ says that more is better, ↓ that less is.
**Bold** is the best mean of a column, which says little where intervals overlap.

$sections
## What differs for sure

Every method against $first, picture by picture: two-sided Wilcoxon signed-rank tests, corrected by Holm's method
for the $count comparisons of this page. Listed are those with p < 0.05.

$differences

## What is measured

$metrics

## The command

$command

$date, pielight $pielight, seed $seed. Checksums (SHA-256, first digits): $checksums.

What these figures do not say: PSNR and SSIM reward the brightness of one reference among many that would please;
scores without a reference follow taste loosely; a mean over one data set says nothing of another. Look at the
pictures: the report shows the best and the worst of each method. Hues are measured in patches of skin's and sky's
colors, whatever they show; in near-black pictures the color itself is uncertain, as the rows of `identity` show.

Not here are networks whose weights are not ours to ship, such as Zero-DCE++, PairLIE or the PIE of its authors:
`--method zero-dce=dce:FILE.pth` and `--method other=onnx:FILE.onnx` put yours beside these, `dir:FOLDER` its results.
""")


def write(report: Path, page: Path) -> None:
    """Write the page."""
    try:
        facts = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.exit(f"{report}: no summary.json; run pielight evaluate ... -o {report} first (without --gt-mean)")
    metrics = {metric["name"]: metric for metric in facts["metrics"]}
    checksums = [f"{one['name']} {one['sha256']}" for one in facts["data"]]
    checksums += [f"{one['label']} {one['sha256']}" for one in facts["methods"] if isinstance(one["sha256"], str)]
    text = PAGE.substitute(
        sections="\n".join(section(facts, data, metrics) for data in facts["data"]),
        first=markdown_text(facts["methods"][0]["label"]),
        count=len(facts["comparisons"]),
        differences="\n".join(differences(facts, metrics)),
        metrics="\n".join(
            f"- **{one['name']}**: {one['title'][:1].lower()}{one['title'][1:]}; {one['formula']}. {one['source']}"
            for one in facts["metrics"]
        ),
        command="\n".join(fenced(facts["command"])),
        date=facts["date"][:10],
        pielight=facts["versions"]["pielight"],
        seed=facts["seed"],
        checksums=markdown_text(", ".join(checksums)),
    )
    page.write_bytes(utf8(text))


def section(facts: dict[str, Any], data: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Return the table of a data set."""
    means = [one for one in facts["means"] if one["data"] == data["name"]]
    names = list(dict.fromkeys(one["metric"] for one in means))
    columns = {"method": "method"} | {name: heading(metrics[name]) for name in names}
    rows = []
    for method in facts["methods"]:
        row = {"method": method["label"]}
        for one in means:
            if one["method"] == method["label"]:
                value, interval = written(one, "mean")
                mark = "**" if one["is_best"] else ""
                row[one["metric"]] = Markup(f"{mark}{value}{mark} {interval}".rstrip())
        rows.append(row)
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in data["notes"])
    head = f"## {markdown_text(data['name'])}: {data['pictures']} pictures"
    lines = [head, "", markdown_text(f"{data['layout']}.{notes}"), ""]
    return "\n".join([*lines, *markdown(columns, rows), ""])


def differences(facts: dict[str, Any], metrics: dict[str, Any]) -> list[str]:
    """Return the table of the differences that are significant."""
    columns = {"data": "data set", "method": "method", "metric": "metric", "difference": "mean difference",
               "p": "p (Holm)", "verdict": ""}  # fmt: skip
    rows = []
    for one in facts["comparisons"]:
        p = float(one["p_holm"])
        if not p < 0.05:
            continue
        value, interval = written(one, "difference")
        sign = "+" if float(one["difference"]) > 0 else ""
        verdict = one["verdict"]
        rows.append({**one, "metric": heading(metrics[one["metric"]]), "difference": f"{sign}{value} {interval}",
                     "p": p_value(p), "verdict": verdict})  # fmt: skip
    return list(markdown(columns, rows)) if rows else ["None."]


def heading(metric: dict[str, Any]) -> str:
    """Return a metric's name with its unit and better direction."""
    unit = f" ({metric['unit']})" if metric["unit"] else ""
    return f"{metric['name']}{unit}" + {True: " ↑", False: " ↓", None: ""}[metric["higher_is_better"]]


def written(one: dict[str, Any], value: str) -> tuple[str, str]:
    """Return a value and its interval as text; JSON holds what is not finite as text."""
    return mean_and_interval(Mean(one["pictures"], float(one[value]), float(one["low"]), float(one["high"])))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("report", type=command.folder)
    default = Path(__file__).parents[1] / "docs" / "how-good.md"
    parser.add_argument("page", type=command.new_file, nargs="?", default=default)
    options = parser.parse_args()
    write(options.report, options.page)


if __name__ == "__main__":
    command.run(main)
