"""Curves that channels share in the dark, against a loop in NumPy."""

import numpy as np
import torch

from pielight.training.networks.shadow_chroma import damp_shadow_chroma


def test_it_agrees_with_a_plain_transcription():
    """Node by node, as the equation says."""
    generator = torch.Generator().manual_seed(0)
    alphas = torch.rand((2, 24, 4, 4), generator=generator) * 2 - 1
    pictures = torch.rand((2, 3, 32, 32), generator=generator) * 0.3
    found = damp_shadow_chroma(alphas, pictures).numpy()
    own = alphas.numpy().reshape(2, 8, 3, 4, 4)
    difference = own - own.mean(2, keepdims=True)
    for n, i, j in np.ndindex(2, 4, 4):
        level = pictures[n, :, 8 * i : 8 * i + 8, 8 * j : 8 * j + 8].numpy().mean() * 255
        t = min(1.0, max(0.0, (level - 16) / 32))
        shared = 1 - t * t * (3 - 2 * t)
        whole = difference[n].mean((2, 3))
        expected = own[n, :, :, i, j] + shared * (whole - difference[n, :, :, i, j])
        np.testing.assert_allclose(found[n, :, i, j].reshape(8, 3), expected.clip(-1, 1), atol=1e-6)


def test_a_picture_near_black_has_one_tint_and_a_lit_one_keeps_its_curves():
    """What it is for, at both ends."""
    alphas = torch.rand((1, 24, 2, 2), generator=torch.Generator().manual_seed(1))
    dark = damp_shadow_chroma(alphas, torch.full((1, 3, 16, 16), 0.03)).unflatten(1, (8, 3))
    tints = dark - dark.mean(2, keepdim=True)
    torch.testing.assert_close(tints, tints[..., :1, :1].expand_as(tints))
    torch.testing.assert_close(damp_shadow_chroma(alphas, torch.full((1, 3, 16, 16), 0.4)), alphas)


def test_parameters_stay_in_range():
    """A dark node at the end of the range beside lit ones whose channels differ."""
    alphas = torch.tensor([-1.0, -1.0, -1.0]).view(1, 3, 1, 1).repeat(1, 1, 2, 2)
    alphas[:, 0, 0] = 1.0
    pictures = torch.full((1, 3, 16, 16), 0.5)
    pictures[..., 8:, :] = 0.01
    assert damp_shadow_chroma(alphas, pictures).abs().max() <= 1
