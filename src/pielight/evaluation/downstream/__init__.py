"""What detectors and segmenters find in enhanced pictures, and how that is scored.

Needs neither torch nor the extra ``evaluate``. A new downstream task is one file with its
:class:`~pielight.evaluation.downstream.task_evaluator.TaskEvaluator`, and its options in
:mod:`pielight.cli.downstream_options`.
"""
