"""Reports: the files, and the page in a real browser.

Covers ``pielight.evaluation.report.captions`` and ``pielight.evaluation.report.page``.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pielight.evaluation import run
from pielight.evaluation.datasets import presets
from pielight.evaluation.methods.method import find_method
from pielight.evaluation.plan import Plan, choose
from pielight.evaluation.report import captions, examples, files
from pielight.evaluation.report.summary import Values, summarize
from pielight.evaluation.store import Store
from pielight.evaluation.workers import map_unordered


@pytest.fixture
def report(pairs: Path, tmp_path: Path, draw: Callable[..., Path]) -> Callable[..., Path]:
    """Give the function that makes a report on two data sets."""
    for number in range(3):
        draw(tmp_path / "alone" / f"<i>é {number}.png", number, 0.2)

    def make(gt_mean: bool = False) -> Path:
        folder = tmp_path / "report"
        data = (presets.find_dataset("pairs & <b>", pairs), presets.find_dataset("alone", tmp_path / "alone"))
        methods = tuple(find_method(spec) for spec in ("identity", "<u>=gamma:0.5", "pielight"))
        metrics = (*choose(["psnr", "ssim", "mae"]),)
        plan = Plan(data, methods, metrics, gt_mean)
        values, store = Values(), Store(folder)
        for trial, measurements in run.run(plan, store):
            values.add(trial, measurements)
        store.close()
        pictures = list(map_unordered(examples.thumbnails, examples.choose_examples(plan, values), 1))
        files.write(folder, summarize(plan, values, seed=3), values, pictures, "pielight evaluate ...")
        return folder

    return make


def test_files(report: Callable[..., Path]) -> None:
    folder = report()
    with (folder / "pictures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == (5 + 3) * 3
    assert list(rows[0]) == ["data", "picture", "method", "psnr", "ssim", "mae"]
    assert rows[-1]["psnr"] == ""
    facts = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert (facts["type"], facts["seed"], facts["gt_mean"]) == ("evaluation", 3, False)
    assert len(facts["versions"]["pielight"]) >= 5
    assert all(len(data["sha256"]) == 16 for data in facts["data"])
    assert [one["sha256"] is None for one in facts["methods"]] == [True, True, False]
    (best,) = [one for one in facts["means"] if one["metric"] == "psnr" and one["is_best"]]
    assert best["low"] < best["mean"] < best["high"]
    assert len(facts["comparisons"]) == 6
    own = [float(row["psnr"]) for row in rows if row["method"] == best["method"] and row["psnr"]]
    assert best["mean"] == pytest.approx(sum(own) / 5)
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "GT-mean is off" in text
    assert "corrected for the 6 comparisons" in text
    assert "pielight evaluate ..." in text
    assert "| method | psnr (dB) ↑ | ssim ↑ | mae" in text


def test_gt_mean_is_labeled_everywhere(report: Callable[..., Path]) -> None:
    folder = report(gt_mean=True)
    assert sorted(path.name for path in folder.iterdir()) == [
        "index-gt-mean.html", "pictures-gt-mean.csv", "results.jsonl", "summary-gt-mean.json", "summary-gt-mean.md",
    ]  # fmt: skip
    assert "psnr_gt_mean,ssim_gt_mean" in (folder / "pictures-gt-mean.csv").read_text(encoding="utf-8")
    text = (folder / "summary-gt-mean.md").read_text(encoding="utf-8")
    tables = [line for line in text.splitlines() if "psnr" in line and line.startswith("| method")]
    assert tables
    assert all("psnr (GT-mean, dB)" in line for line in tables)
    assert "GT-MEAN IS ON" in text
    facts = json.loads((folder / "summary-gt-mean.json").read_text(encoding="utf-8"))
    assert all(row["gt_mean"] for row in facts["means"])
    page = (folder / "index-gt-mean.html").read_text(encoding="utf-8")
    assert 'class="warning">GT-MEAN IS ON' in page
    assert len(re.findall(r"psnr \(GT-mean, dB\)", page)) > 10
    assert not re.findall(r"psnr \(dB\)", page)


def test_best_and_worst(report: Callable[..., Path], tmp_path: Path, pairs: Path) -> None:
    plan = Plan((presets.find_dataset("own", pairs),), (find_method("identity"),), choose(["mae", "psnr"]))
    values, store = Values(), Store(tmp_path / "other")
    for trial, measurements in run.run(plan, store):
        values.add(trial, measurements)
    chosen = examples.choose_examples(plan, values)
    assert [(example.metric.name, example.is_best) for example in chosen] == [("mae", True)] * 2 + [("mae", False)] * 2
    assert chosen[0].value == min(values.of(plan.datasets[0], plan.methods[0], plan.metrics[0]))
    assert chosen[2].value == max(values.of(plan.datasets[0], plan.methods[0], plan.metrics[0]))
    assert len({example.sample.name for example in chosen}) == 4
    one = Plan((plan.datasets[0].first(1),), plan.methods, plan.metrics)
    assert len(examples.choose_examples(one, values)) == 1


def test_captions(report: Callable[..., Path], pairs: Path) -> None:
    plan = Plan((presets.find_dataset("own", pairs),), (find_method("identity"),), choose(["mae", "loe"]), gt_mean=True)
    assert captions.gt_mean_notice(plan).startswith("GT-MEAN IS ON: before mae, each result")  # loe has no reference
    facts = json.loads((report() / "summary.json").read_text(encoding="utf-8"))
    dates, versions, checksums = captions.provenance(facts)
    assert dates.endswith("seed: 3; GT-mean: off")
    assert "numpy" in versions
    assert facts["methods"][2]["sha256"] in checksums


def test_a_page_needs_nothing_else(report: Callable[..., Path]) -> None:
    page = (report() / "index.html").read_text(encoding="utf-8")
    assert "pairs &amp; &lt;b&gt;" in page
    assert not re.search(r"<[biu]>", page)
    assert set(re.findall(r'(?:src|href)="(.{5})', page)) == {"data:"}
    assert "http:" not in page


def test_the_page_of_the_docs(report: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    write = importlib.import_module("how_good").write
    write(report(), tmp_path / "quality.md")
    text = (tmp_path / "quality.md").read_text(encoding="utf-8")
    tables = re.findall(r"^\[.*\]\((data/.*\.csv)\)$", text, re.MULTILINE)
    assert len(tables) == 2
    assert (tmp_path / tables[0]).read_text(encoding="utf-8").startswith("method,psnr (dB) ↑,ssim ↑,mae")
    (differences,) = re.findall(r"\[Differences.*?\]\((data/.*\.csv)\) are in a file", text)
    assert (tmp_path / differences).read_text(encoding="utf-8").startswith("data set,method,metric,mean difference")
    assert "pielight evaluate ..." in text
    assert "with Holm's correction\nfor 6 comparisons" in text
    with pytest.raises(SystemExit, match=r"no summary\.json"):
        write(tmp_path, tmp_path / "none.md")


def test_the_page_in_a_browser(report: Callable[..., Path], browser: Any) -> None:
    folder = report()
    page = browser.new_context(viewport={"width": 900, "height": 700}).new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url[:5]))
    page.goto((folder / "index.html").as_uri())
    table = page.get_by_role("table", name="Means on pairs").first
    methods = table.locator("tbody th")
    assert methods.all_inner_texts() == ["identity", "<u>", "pielight"]

    def values() -> list[float]:
        return [float(cell.get_attribute("data-value")) for cell in table.locator("tbody td:nth-child(2)").all()]

    table.get_by_role("button", name="psnr").click()
    head = table.get_by_role("columnheader", name="psnr")
    assert head.get_attribute("aria-sort") == "descending"  # the best first
    assert values() == sorted(values(), reverse=True)
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert values() == sorted(values())
    table.get_by_role("button", name="mae").click()
    assert table.get_by_role("columnheader", name="mae").get_attribute("aria-sort") == "ascending"
    assert head.get_attribute("aria-sort") is None
    table.get_by_role("button", name="method").click()
    assert methods.all_inner_texts() == sorted(methods.all_inner_texts(), key=str.casefold)

    assert page.locator("figure").count() == 3 * 4
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        assert image.get_attribute("alt")
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert page.locator("figure").first.locator("img").count() == 3
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    colors = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colors[0] != colors[1]
    assert complaints == []
    assert set(requests) <= {"file:", "data:"}
