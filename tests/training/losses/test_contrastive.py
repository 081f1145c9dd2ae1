"""Contrastive losses against plain NumPy transcriptions of their formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pielight.training.losses.contrastive import gram, gram_distance, grams, info_nce
from pielight.training.losses.exposure import QUANTILES, brightness_profile, brightness_triplet


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def plain_gram(maps: np.ndarray) -> np.ndarray:
    c, h, w = maps.shape
    f = maps.reshape(c, h * w)
    f = f - f.mean(axis=1)[:, None]
    g = np.zeros((c, c))
    for i in range(c):
        for j in range(c):
            g[i, j] = (f[i] * f[j]).sum()
    return g / np.sqrt((g**2).sum())


def test_gram_is_the_centered_normalized_one() -> None:
    maps = draw(2, 5, 6, 7)
    for found, one in zip(gram(maps), maps.numpy(), strict=True):
        np.testing.assert_allclose(found.numpy(), plain_gram(one), atol=1e-10)


def test_gram_of_a_flat_map_is_zero_and_finite() -> None:
    assert torch.equal(gram(torch.ones(1, 3, 4, 4)), torch.zeros(1, 3, 3))


@pytest.mark.parametrize(("scale", "shift"), [(0.2, 0.0), (5.0, 0.0), (1.0, 3.0)])
def test_distance_does_not_say_how_bright_a_picture_is(scale: float, shift: float) -> None:
    """The defect of the raw Gram matrix: scaling a feature map must not move it away from itself."""
    maps = draw(1, 4, 8, 8)
    raw = [(m.flatten(2) @ m.flatten(2).transpose(1, 2)) / (4 * 64) for m in (maps, scale * maps + shift)]
    assert (raw[0] - raw[1]).square().sum() > 1e-3
    assert gram_distance([gram(maps)], [gram(scale * maps + shift)]).item() == pytest.approx(0, abs=1e-9)


def test_distance_sums_squared_differences_over_layers_for_every_pair() -> None:
    a, b = [draw(2, 3, 4, 4), draw(2, 5, 2, 2)], [draw(3, 3, 4, 4, seed=1), draw(3, 5, 2, 2, seed=1)]
    found = gram_distance([gram(m) for m in a], [gram(m) for m in b]).numpy()
    assert found.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            plain = sum(
                ((plain_gram(x[i].numpy()) - plain_gram(y[j].numpy())) ** 2).sum() for x, y in zip(a, b, strict=True)
            )
            assert found[i, j] == pytest.approx(plain, abs=1e-9)


def test_info_nce_is_the_published_quotient_over_every_pair() -> None:
    positive, negative, t = draw(2, 3), draw(2, 4, seed=1), 0.5
    plain = [
        -np.log(np.exp(dn / t) / (np.exp(dn / t) + np.exp(dp / t)))
        for i in range(2)
        for dp in positive[i].numpy()
        for dn in negative[i].numpy()
    ]
    assert info_nce(positive, negative, t).item() == pytest.approx(np.mean(plain))


def test_info_nce_wants_positives_near_and_negatives_far() -> None:
    near, far = torch.full((1, 1), 0.1), torch.full((1, 1), 2.0)
    assert info_nce(near, far) < info_nce(near, near) < info_nce(far, near)


def test_brightness_profile_takes_quantiles_of_region_means() -> None:
    gray = draw(1, 1, 16, 16)
    labels = torch.arange(16).view(1, 16, 1).expand(1, 16, 16)  # every row is a region
    found = brightness_profile(gray, labels)[0].numpy()
    means = np.sort(np.repeat(gray.numpy()[0, 0].mean(axis=1), 16))
    plain = [means[(2 * k + 1) * 256 // (2 * QUANTILES)] for k in range(QUANTILES)]
    np.testing.assert_allclose(found, plain)
    assert (np.diff(found) >= 0).all()


def test_brightness_profile_takes_the_middle_of_every_32nd() -> None:
    gray = torch.arange(64 * 4).view(1, 1, 16, 16) / 256
    profile = brightness_profile(gray, torch.arange(256).view(1, 16, 16))[0]  # every pixel is a region
    assert (profile * 256).tolist() == [8 * k + 4 for k in range(QUANTILES)]


def test_layers_have_to_match() -> None:
    one, two = [torch.eye(2)[None]], [torch.eye(2)[None]] * 2
    with pytest.raises(ValueError, match="argument 2"):
        gram_distance(one, two)


def test_brightness_triplet_is_the_hinge_over_every_pair() -> None:
    anchor, positive, negative = draw(2, QUANTILES), draw(3, QUANTILES, seed=1), draw(4, QUANTILES, seed=2)
    plain = [
        max(np.abs(a - p).mean() - np.abs(a - n).mean() + 0.3, 0)
        for a in anchor.numpy()
        for p in positive.numpy()
        for n in negative.numpy()
    ]
    assert brightness_triplet(anchor, positive, negative).item() == pytest.approx(np.mean(plain))


def test_brightness_triplet_does_not_care_where_things_are() -> None:
    """The defect of the pixel-by-pixel distance: a mirrored positive is as near as itself."""
    gray = draw(1, 1, 8, 8)
    labels = torch.arange(64).view(1, 8, 8)
    mirrored = brightness_profile(gray.flip(-1), labels.flip(-1))
    torch.testing.assert_close(brightness_profile(gray, labels), mirrored)


def test_grams_keeps_the_order_of_the_layers() -> None:
    features = {"b": draw(1, 2, 4, 4), "a": draw(1, 3, 4, 4)}
    assert [g.shape[-1] for g in grams(features, ["a", "b"])] == [3, 2]
