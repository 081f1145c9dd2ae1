"""The sentences of a report: how values were measured, and their limitations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import SIGNIFICANT, Summary, is_spread
from pielight.evaluation.statistics import CONFIDENCE, RESAMPLES

TEST_OF_MEANS = "Wilcoxon signed-rank test"
TEST_OF_DATASETS = f"permutation test, which exchanges the two results of pictures ({RESAMPLES} times)"


def notice(plan: Plan) -> str:
    """Return what comes before all numbers: which model is run on the results, or what GT-mean does."""
    return gt_mean_notice(plan) if plan.evaluator is None else plan.evaluator.description()


def gt_mean_notice(plan: Plan) -> str:
    """Return what GT-mean does to the numbers."""
    if not plan.gt_mean:
        return "GT-mean is off: results are measured as they are."
    names = ", ".join(metric.name for metric in plan.metrics if plan.is_scaled(metric)) or "no metric of this report"
    return (
        f"GT-MEAN IS ON: before {names}, each result is scaled to the mean brightness of its reference, so that these "
        "values must not be compared with others."
    )


def statistics_note(summary: Summary) -> str:
    """Return how intervals and p-values were computed."""
    of_datasets = summary.plan.evaluator is not None
    text = (
        f"{'Values of all pictures of a set together' if of_datasets else 'Means over pictures'}, in brackets "
        f"{100 * CONFIDENCE:.0f} % bootstrap intervals (expanded percentiles, "
        f"{RESAMPLES} resamples, seed {summary.seed})."
    )
    grouped = [dataset.name for dataset in summary.plan.datasets if dataset.groups]
    if grouped:
        text += (
            f" In {', '.join(grouped)} the pictures of one scene or clip are drawn together and tested by their mean, "
            "since they are alike."
        )
    if films := [dataset.name for dataset in summary.plan.datasets if dataset.is_film]:
        text += f" In {', '.join(films)} the mean is that of the clips' means."
    if summary.comparisons:
        text += (
            f" Comparisons are paired, picture by picture, with the first method: {'' if of_datasets else 'mean '}"
            f"difference with its bootstrap interval, and the two-sided "
            f"{TEST_OF_DATASETS if of_datasets else TEST_OF_MEANS}; p (Holm) is corrected for the "
            f"{len(summary.comparisons)} comparisons of this report, and only where it is below {SIGNIFICANT} one is "
            "called better or worse; mixed is where the interval of the mean disagrees with the test."
        )
    spreads = [metric.name for metric in summary.plan.metrics if is_spread(metric)]
    if spreads:
        text += f" {', '.join(spreads)}: the standard deviation over pictures; compared by the {TEST_OF_DATASETS}."
    return text


def notes(summary: Summary, dataset: str) -> list[str]:
    """Return the limitations of a dataset: what it lacks, and where metrics have no value."""
    of_dataset = [note for one in summary.plan.datasets if one.name == dataset for note in one.notes]
    cells = [cell for cell in summary.cells if cell.dataset.name == dataset and cell.note]
    return of_dataset + [f"{cell.method.label}: {cell.note}" for cell in cells]


def provenance(record: Mapping[str, Any]) -> list[str]:
    """Return lines on versions, checksums, seed and date."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items() if version)
    checksums = [f"{dataset['name']} {dataset['sha256']}" for dataset in record["data"]]
    for method in record["methods"]:
        if isinstance(method["sha256"], str):
            checksums.append(f"{method['label']} {method['sha256']}")
        elif method["sha256"]:
            checksums += [f"{method['label']} on {dataset} {digits}" for dataset, digits in method["sha256"].items()]
    return [
        f"date: {record['date']}; seed: {record['seed']}; GT-mean: {'on' if record['gt_mean'] else 'off'}",
        f"versions: {versions}; {record['system']}",
        f"checksums (SHA-256, first digits): {', '.join(checksums)}",
    ]
