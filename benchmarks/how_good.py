"""Write the page docs/results/quality.md from a report.

Usage:
    pielight evaluate --data ... --method pielight --method ... -o report/
    python benchmarks/how_good.py report/ [docs/results/quality.md]

REPORT is the folder that pielight evaluate wrote. The page and its tables, as
CSV in data/ beside it, hold figures only, no pictures of the data sets.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

import json
import re
import sys
from pathlib import Path
from string import Template
from textwrap import wrap
from typing import Any

from pielight.core.messages import utf8
from pielight.core.tables import csv_text, fenced, markdown_text
from pielight.evaluation.report.tables import p_value, value_and_interval
from pielight.evaluation.statistics import Estimate

PAGE = Template("""# Quality

Written by `benchmarks/how_good.py` from the report of one [evaluation](../guides/evaluation.md):

$command

$date, pielight $pielight, seed $seed. SHA-256 of data and models, first digits:
$checksums.

Every method got the same pictures; results are not scaled to the brightness of the reference. In brackets are
95 % bootstrap intervals of the mean over pictures; ↑ means that more is better, ↓ that less is. [Formulas and
sources](../api/metrics.md).

$sections
## Significant differences

Every method was compared with $first, picture by picture, by Wilcoxon signed-rank tests with Holm's correction
for $count comparisons. [Differences with p < 0.05]($differences) are in a file of their own (CSV).

## Limits of these figures

PSNR and SSIM reward the brightness of one reference, although others would look as good. Scores without a
reference agree only loosely with people's taste. A mean over one data set says nothing about another. Look at
the pictures: the report shows the best and the worst of each method.

Networks with weights that are not free (Zero-DCE++, PairLIE, the authors' PIE) are not included: `--method
zero-dce=dce:FILE.pth`, `--method other=onnx:FILE.onnx` and `dir:FOLDER` add yours.
""")


def write(report: Path, page: Path) -> None:
    """Write the page."""
    try:
        facts = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.exit(f"{report}: no summary.json; run pielight evaluate ... -o {report} first (without --gt-mean)")
    metrics = {metric["name"]: metric for metric in facts["metrics"]}
    tables = page.parent / "data"
    tables.mkdir(exist_ok=True)
    checksums = [f"{one['name']} {one['sha256']}" for one in facts["data"]]
    checksums += [f"{one['label']} {one['sha256']}" for one in facts["methods"] if isinstance(one["sha256"], str)]
    text = PAGE.substitute(
        sections="\n".join(
            section(facts, data, metrics, tables / file_name(page, data["name"])) for data in facts["data"]
        ),
        first=markdown_text(facts["methods"][0]["label"]),
        count=len(facts["comparisons"]),
        differences=differences(facts, metrics, tables / file_name(page, "differences")),
        command="\n".join(fenced(continued(facts["command"]))),
        date=facts["date"][:10],
        pielight=facts["versions"]["pielight"],
        seed=facts["seed"],
        checksums="\n".join(wrap(markdown_text(", ".join(checksums)), 110, break_on_hyphens=False)),
    )
    page.write_bytes(utf8(text))


def continued(command_line: str) -> str:
    """Return a command line of which each long line is continued before an option."""
    first, *others = command_line.split(" --")
    lines = [first]
    for option in others:
        if len(lines[-1]) + len(option) > 110:
            lines.append("   ")
        lines[-1] += f" --{option}"
    return " \\\n".join(lines)


def file_name(page: Path, name: str) -> str:
    """Return the name of a table's file."""
    safe = re.sub(r"[^\w-]", "_", name)
    return f"{page.stem}-{safe}.csv"


def section(facts: dict[str, Any], data: dict[str, Any], metrics: dict[str, Any], table: Path) -> str:
    """Write the table of a data set, and return its section."""
    means = [one for one in facts["means"] if one["data"] == data["name"]]
    names = list(dict.fromkeys(one["metric"] for one in means))
    titles = {name: heading(metrics[name]) for name in names}
    rows = []
    for method in facts["methods"]:
        row = {"method": method["label"]}
        for one in means:
            if one["method"] == method["label"]:
                row[titles[one["metric"]]] = " ".join(written(one, "mean")).rstrip()
        rows.append(row)
    save(table, ["method", *titles.values()], rows)
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in data["notes"])
    name = markdown_text(data["name"])
    lines = [f"## {name}: {data['pictures']} pictures", "", markdown_text(f"{data['layout']}.{notes}"), ""]
    return "\n".join([*lines, f"[{name}](data/{table.name})", ""])


def differences(facts: dict[str, Any], metrics: dict[str, Any], table: Path) -> str:
    """Write the table of the significant differences, and return its link."""
    rows = []
    for one in facts["comparisons"]:
        p = float(one["p_holm"])
        if p < 0.05:
            value, interval = written(one, "difference")
            sign = "+" if float(one["difference"]) > 0 else ""
            rows.append({"data set": one["data"], "method": one["method"], "metric": heading(metrics[one["metric"]]),
                         "mean difference": f"{sign}{value} {interval}", "p (Holm)": p_value(p),
                         "verdict": one["verdict"]})  # fmt: skip
    save(table, ["data set", "method", "metric", "mean difference", "p (Holm)", "verdict"], rows)
    return f"data/{table.name}"


def save(table: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    """Write a table as CSV, which the site shows in place of the link to it."""
    table.write_bytes(utf8(csv_text(dict(zip(columns, columns, strict=True)), rows)))


def heading(metric: dict[str, Any]) -> str:
    """Return a metric's name with its unit and better direction."""
    unit = f" ({metric['unit']})" if metric["unit"] else ""
    return f"{metric['name']}{unit}" + {True: " ↑", False: " ↓", None: ""}[metric["higher_is_better"]]


def written(one: dict[str, Any], value: str) -> tuple[str, str]:
    """Return a value and its interval as text; JSON holds what is not finite as text."""
    return value_and_interval(Estimate(one["pictures"], float(one[value]), float(one["low"]), float(one["high"])))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("report", type=command.folder)
    default = Path(__file__).parents[1] / "docs" / "results" / "quality.md"
    parser.add_argument("page", type=command.new_file, nargs="?", default=default)
    options = parser.parse_args()
    write(options.report, options.page)


if __name__ == "__main__":
    command.run(main)
