"""Tell how much of the distance to the references a lattice of curves can still close, with help from the references.

Usage: python benchmarks/bounds.py DATA [--model FILE.onnx] [--every 4] [--denoise auto]

DATA is what benchmarks/research_data.py laid out. Every EVERYth pair; means of PSNR and SSIM (R, G and B) of the result
as it is, and of the same after the reference has said what no method can know:

- one exposure: the exposure of the whole result, in steps of 1/8 EV, that is nearest to the reference;
- local light and color: every channel brought to the reference's local mean, Gaussian windows of 1/32 of the longer
  side, which is what the nodes of the lattice could do at best.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from pielight import Enhancer
from pielight.evaluation.metrics.fidelity import psnr
from pielight.evaluation.metrics.structure import ssim
from quality import paired, read

GAMMA = 2.2


def rounded(values: Any) -> Any:
    """Return values as 8-bit pixels."""
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def one_exposure(result: Any, reference: Any) -> Any:
    """Return the result at the exposure that is nearest to the reference."""
    linear = (result / 255.0) ** GAMMA
    candidates = [rounded(255 * (linear * 2.0**ev) ** (1 / GAMMA)) for ev in np.arange(-1.5, 1.51, 0.125)]
    return max(candidates, key=lambda one: psnr(one, reference))


def local_light(result: Any, reference: Any) -> Any:
    """Return the result with the reference's local mean in every channel."""
    sigma = max(result.shape) / 32
    mean, wanted = (gaussian_filter(one.astype(np.float32), (sigma, sigma, 0)) for one in (result, reference))
    return rounded(result * (wanted + 1) / (mean + 1))


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("data", type=command.folder)
    parser.add_argument("--model", default=None)
    parser.add_argument("--every", type=command.at_least(1), default=4)
    parser.add_argument("--denoise", type=command.denoise, default="0", help="auto, or 0 to 1")
    options = parser.parse_args()
    enhancer = Enhancer(options.model)
    print("| set | n | as it is | one exposure | local light and color |\n|---|---|---|---|---|")
    for name in ("lol", "sice_ref", "sice_fused"):
        folder, found = options.data / "val" / name, []
        for dark, wanted in paired(folder)[:: options.every]:
            reference = read(wanted)
            result = enhancer(read(dark), denoise=options.denoise)
            versions = (result, one_exposure(result, reference), local_light(result, reference))
            found.append([(psnr(one, reference), ssim(one, reference)) for one in versions])
        cells = " | ".join(f"{p:.2f} / {s:.3f}" for p, s in np.mean(found, axis=0))
        print(f"| {name} | {len(found)} | {cells} |", flush=True)


if __name__ == "__main__":
    command.run(main)
