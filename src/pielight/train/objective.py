"""The objective: three joint constraints on dark pictures, and inversion on darkened ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.train.bank import Bank
from pielight.train.config import Training
from pielight.train.data import PictureSet
from pielight.train.features import GRAM_LAYERS, VGGFeatures
from pielight.train.hardness import hardness
from pielight.train.judge import judged_exposure
from pielight.train.losses.contrastive import (
    brightness_balance,
    brightness_profile,
    brightness_triplet,
    gram_distance,
    grams,
    info_nce,
)
from pielight.train.losses.inversion import inversion
from pielight.train.losses.preservation import (
    cast_smoothness,
    colour_constancy,
    curve_smoothness,
    feature_preservation,
    highlight_preservation,
)
from pielight.train.losses.regional import regional_brightness_consistency
from pielight.train.physics.darkening import darken
from pielight.train.physics.exposure import luminance
from pielight.train.render import render


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return the source of all randomness of one step, so that a resumed run goes on as if it never stopped.

    >>> bool(torch.rand(1, generator=step_generator(0, 2)) != torch.rand(1, generator=step_generator(1, 2)))
    True
    """
    return torch.Generator().manual_seed((step + 0x9E3779B1 * seed) % 2**32)  # torch reads 32 bits of it


def anchors(
    dark: PictureSet | None, well: PictureSet, config: Training, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw the pictures that the constraints judge: dark ones, or where there are none, well-exposed ones darkened.

    Returns:
        Pictures ``(N, 3, size, size)`` in [0, 1] and regions ``(N, render, render)``.
    """
    if dark is not None:
        return dark.batch(count, generator)
    pictures, labels = well.batch(count, generator)
    return darken(pictures, labels, config.darkening, generator)[0], labels


def losses(
    network: nn.Module, config: Training, dark: PictureSet | None, well: PictureSet, features: VGGFeatures | None,
    bank: Bank, judge: nn.Module | None, step: int, device: torch.device,
) -> tuple[Tensor, dict[str, float]]:  # fmt: skip
    """Return the weighted loss of one step and the unweighted terms that were computed.

    ``L = w_c L_c + w_b L_b + w_bal L_bal + w_j L_j + w_rc L_rc + w_fp L_fp + w_col L_col + w_hl L_hl + w_tv L_tv
    + w_cast L_cast + w_inv L_inv``, balance and the judge's verdict L_bal and L_j among them: inversion on well-exposed
    pictures that :func:`darken` darkened, the smoothness of curves and the highlights on all, the rest on real dark
    pictures. A term of weight 0 is left out.
    """
    weight, generator = config.losses, step_generator(config.seed, step)
    real, labels = anchors(dark, well, config, config.dark_batch, generator)
    original, well_labels = well.batch(config.well_batch, generator)
    darkened, target = darken(original, well_labels, config.darkening, generator)
    positive = bank.positives.draw(config.pairs, generator)
    hard = hardness(step, config.steps) if config.harder else None
    negative = bank.negatives.draw(config.pairs, generator, hard)

    real, labels, darkened, target = (item.to(device) for item in (real, labels, darkened, target))
    small = (config.data.render,) * 2
    before = F.interpolate(real, small, mode="area")
    with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        alphas = network(torch.cat([real, darkened])).float()
    split = [len(real), len(darkened)]
    real_alphas, darkened_alphas = alphas.split(split)
    anchor = render(before, real_alphas)
    grey = luminance(anchor)

    terms: dict[str, Tensor] = {}
    dim = F.interpolate(darkened, small, mode="area")
    restored = render(dim, darkened_alphas)
    if weight.inversion:
        terms["inversion"] = inversion(restored, target)
    if features is not None and weight.read_features:
        last = "relu4_3" if weight.features else GRAM_LAYERS[-1]
        with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            few = config.feature_batch
            found = {name: item.float() for name, item in features(anchor[:few], last).items()}
            with torch.no_grad():
                content = features(before[:few])["relu4_3"].float() if weight.features else None
        if weight.contrast:
            seen = grams(found, GRAM_LAYERS)
            terms["contrast"] = info_nce(
                gram_distance(seen, positive.grams), gram_distance(seen, negative.grams), weight.temperature
            )
        if content is not None:
            terms["features"] = feature_preservation(content, found["relu4_3"])
    if weight.brightness:
        profile = brightness_profile(grey, labels)
        terms["brightness"] = brightness_triplet(profile, positive.profiles, negative.profiles, weight.margin)
    if weight.balance:
        terms["balance"] = brightness_balance(brightness_profile(grey, labels), positive.profiles)
    if judge is not None and weight.judged:
        terms["judged"] = judged_exposure(judge, anchor)
    if weight.regional:
        terms["regional"] = regional_brightness_consistency(grey, labels)
    if weight.colour:
        terms["colour"] = colour_constancy(anchor)
    if weight.highlights:
        terms["highlights"] = highlight_preservation(torch.cat([before, dim]), torch.cat([anchor, restored]))
    if weight.smoothness:
        terms["smoothness"] = curve_smoothness(alphas)
    if weight.cast:
        terms["cast"] = cast_smoothness(alphas)
    total = torch.stack([getattr(weight, name) * term for name, term in terms.items()]).sum()
    return total, {name: term.item() for name, term in terms.items()}
