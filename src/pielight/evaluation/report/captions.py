"""What a report says in words: how it was measured, and what must be known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import SIGNIFICANT, Summary
from pielight.evaluation.statistics import CONFIDENCE, RESAMPLES

TEST_OF_MEANS = "Wilcoxon signed-rank test"
TEST_OF_A_SET = f"permutation test, which exchanges the two results of pictures ({RESAMPLES} times)"


def notice(plan: Plan) -> str:
    """Say what comes before all numbers: which model looks at the results, or what GT-mean does."""
    return gt_mean_notice(plan) if plan.viewer is None else plan.viewer.says()


def gt_mean_notice(plan: Plan) -> str:
    """Say what GT-mean does to the numbers."""
    if not plan.gt_mean:
        return "GT-mean is off: results are measured as they are."
    names = ", ".join(metric.name for metric in plan.metrics if plan.is_scaled(metric)) or "no metric of this report"
    return (
        f"GT-MEAN IS ON: before {names}, each result is scaled to the mean brightness of its reference, so that these "
        "values must not be compared with others."
    )


def how(summary: Summary) -> str:
    """Say how intervals and p-values were computed."""
    pooled = summary.plan.viewer is not None
    text = (
        f"{'Values of all pictures of a set together' if pooled else 'Means over pictures'}, in brackets "
        f"{100 * CONFIDENCE:.0f} % bootstrap intervals (expanded percentiles, "
        f"{RESAMPLES} resamples, seed {summary.seed})."
    )
    grouped = [data.name for data in summary.plan.data if data.groups]
    if grouped:
        text += (
            f" In {', '.join(grouped)} the pictures of one scene or clip are drawn together and tested by their mean, "
            "since they are alike."
        )
    if summary.comparisons:
        text += (
            f" Comparisons are paired, picture by picture, with the first method: {'' if pooled else 'mean '}"
            f"difference with its bootstrap interval, and the two-sided "
            f"{TEST_OF_A_SET if pooled else TEST_OF_MEANS}; p (Holm) is corrected for the "
            f"{len(summary.comparisons)} comparisons of this report, and only where it is below {SIGNIFICANT} one is "
            "called better or worse; mixed is where the interval of the mean disagrees with the test."
        )
    return text


def notes(summary: Summary, data: str) -> list[str]:
    """Return what must be known of a data set: what it lacks, and where metrics have no value."""
    found = [f"{cell.method.label}: {cell.note}" for cell in summary.cells if cell.data.name == data and cell.note]
    return [*(note for one in summary.plan.data if one.name == data for note in one.notes), *found]


def provenance(facts: Mapping[str, Any]) -> list[str]:
    """Return lines on versions, checksums, seed and date."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items() if version)
    checksums = [f"{data['name']} {data['sha256']}" for data in facts["data"]]
    for method in facts["methods"]:
        if isinstance(method["sha256"], str):
            checksums.append(f"{method['label']} {method['sha256']}")
        elif method["sha256"]:
            checksums += [f"{method['label']} on {data} {digits}" for data, digits in method["sha256"].items()]
    return [
        f"date: {facts['date']}; seed: {facts['seed']}; GT-mean: {'on' if facts['gt_mean'] else 'off'}",
        f"versions: {versions}; {facts['system']}",
        f"checksums (SHA-256, first digits): {', '.join(checksums)}",
    ]
