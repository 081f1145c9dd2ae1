"""Methods to compare: pielight, classic algorithms, networks in files, and folders of results.

A new kind of method is one file with its :class:`~pielight.evaluation.methods.spec.MethodKind`, and one line here.
"""

from __future__ import annotations

from pielight.core.extras import require

require("evaluate")  # before an import fails

from pielight.evaluation.methods.classic import CLAHE, DCP, EQUALIZE, GAMMA, GUIDED, IDENTITY, MEDIAN
from pielight.evaluation.methods.exposure import EXPOSURE
from pielight.evaluation.methods.lime import LIME
from pielight.evaluation.methods.network_files import DCE, ONNX
from pielight.evaluation.methods.pielight_method import PIELIGHT
from pielight.evaluation.methods.result_folder import DIR
from pielight.evaluation.methods.spec import MethodKind

METHODS: dict[str, MethodKind] = {
    "pielight": PIELIGHT,
    "identity": IDENTITY,
    "exposure": EXPOSURE,
    "gamma": GAMMA,
    "clahe": CLAHE,
    "equalize": EQUALIZE,
    "lime": LIME,
    "dcp": DCP,
    "median": MEDIAN,
    "guided": GUIDED,
    "dce": DCE,
    "onnx": ONNX,
    "dir": DIR,
}
