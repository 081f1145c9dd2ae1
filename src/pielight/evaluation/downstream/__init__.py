"""Detectors and segmenters that are run on enhanced pictures, and how they are scored.

Needs neither torch nor the extra ``evaluate``. A new downstream task is one file, and one line in
:data:`DOWNSTREAM_TASKS`. The file holds its :class:`~pielight.evaluation.downstream.description.Evaluator`, its
metrics, and one :class:`~pielight.evaluation.downstream.description.DownstreamTask` that names them with the options
of the command and the function that reads a dataset; ``pielight evaluate --downstream`` and its help follow from that
description. Ground truth in files of its own, one per picture, goes into ``Sample.labels``.
"""

from __future__ import annotations

from pielight.evaluation.downstream.description import DownstreamTask
from pielight.evaluation.downstream.face_detection import FACES
from pielight.evaluation.downstream.segmentation import SEGMENTATION
from pielight.evaluation.downstream.skin import SKIN

DOWNSTREAM_TASKS: dict[str, DownstreamTask] = {task.name: task for task in (FACES, SEGMENTATION, SKIN)}
