"""Detectors and segmenters that are run on enhanced pictures, and how they are scored.

Needs neither torch nor the extra ``evaluate``. A new downstream task is one file with its
:class:`~pielight.evaluation.plan.TaskEvaluator`, and its options in
:mod:`pielight.cli.downstream_options`.
"""
