"""Regions: the segmentation, and exact means for any number of labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.measure import regionprops

from pielight.errors import ConfigError
from pielight.training.data.regions import region_means, segment


@pytest.mark.parametrize("method", ["felzenszwalb", "slic"])
def test_segments_a_photograph_into_consecutive_labels(method: str) -> None:
    photo = data.astronaut()[::4, ::4]
    labels = segment(photo, method)
    assert labels.shape == photo.shape[:2]
    assert labels.dtype == np.int32
    assert sorted(np.unique(labels)) == list(range(labels.max() + 1))
    assert 5 < labels.max() < 400
    np.testing.assert_array_equal(labels, segment(photo, method))


def test_follows_an_edge() -> None:
    picture = np.full((64, 64, 3), 20, np.uint8)
    picture[:, 40:] = 90
    labels = segment(picture)
    assert len(set(labels[:, :38].ravel()) & set(labels[:, 42:].ravel())) == 0


def test_unknown_method() -> None:
    with pytest.raises(ConfigError, match="felzenszwalb or slic"):
        segment(np.zeros((8, 8, 3), np.uint8), "watershed")


@pytest.mark.parametrize("count", [1, 5, 700])  # the authors' script forgets labels above 99
def test_means_agree_with_scikit_image(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    values = torch.rand(2, 1, 40, 40, generator=generator, dtype=torch.float64)
    labels = torch.randint(count, (2, 40, 40), generator=generator)
    found = region_means(values, labels)
    for i in range(2):
        for region in regionprops(labels[i].numpy() + 1, intensity_image=values[i, 0].numpy()):
            rows, columns = region.coords.T
            np.testing.assert_allclose(found[i, 0].numpy()[rows, columns], region.intensity_mean)


def test_means_of_a_batch_do_not_mix_and_pass_gradients() -> None:
    values = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.zeros(2, 4, 4, dtype=torch.int32)
    labels[1, :, 2:] = 9
    means = region_means(values, labels)
    torch.testing.assert_close(means[0, 1, 0, 0], values[0, 1].mean())
    torch.testing.assert_close(means[1, 2, 0, 3], values[1, 2, :, 2:].mean())
    assert torch.autograd.gradcheck(lambda v: region_means(v, labels), (values,))
