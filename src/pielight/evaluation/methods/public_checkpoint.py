"""Public checkpoints of Zero-DCE, SCL-LLE and PIE, which the extra ``train`` runs."""

from __future__ import annotations

from pathlib import Path

from pielight.evaluation.methods.spec import Enhance, MethodKind, Spec


def _enhancer(spec: Spec) -> Enhance:
    from pielight.training.networks.public_checkpoints import published  # loads torch

    return published(Path(spec.argument))


DCE = MethodKind("dce:FILE.pth", _enhancer, "required", lambda spec: [Path(spec.argument)], extra="train")
