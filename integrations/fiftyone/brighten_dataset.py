"""Brightens the pictures of a FiftyOne dataset into a folder: ``python brighten_dataset.py DATASET FOLDER``.

Each sample gets the path of its bright copy in the field ``bright_filepath``, which the app then offers beside
``filepath``; media, labels and what was there before stay.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pielight import Enhancer, PielightError

FIELD = "bright_filepath"


def brighten(dataset: Any, folder: str | Path, enhancer: Enhancer | None = None) -> list[str]:
    """Brighten every sample that has no bright copy yet.

    Args:
        dataset: A dataset of FiftyOne's.
        folder: Of the copies; made if it is not there.
        enhancer: None is the default model.

    Returns:
        One line for each sample that failed; it has no copy.
    """
    enhancer, folder = enhancer or Enhancer(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not dataset.has_sample_field(FIELD):
        import fiftyone

        dataset.add_sample_field(FIELD, fiftyone.StringField)
    errors = []
    for sample in dataset.iter_samples(autosave=True, progress=True):
        source = Path(sample.filepath)
        if sample[FIELD] and Path(sample[FIELD]).is_file():
            continue
        try:  # two samples may have one name, so that of the sample is its identifier
            sample[FIELD] = str(enhancer.enhance_file(source, folder / f"{sample.id}{source.suffix}", exist_ok=True))
        except PielightError as error:
            errors.append(str(error))
    media = dataset.app_config.media_fields
    dataset.app_config.media_fields = [*media, *({FIELD} - {*media})]
    dataset.save()
    return errors


if __name__ == "__main__":
    import fiftyone

    failed = brighten(fiftyone.load_dataset(sys.argv[1]), sys.argv[2])
    sys.exit("\n".join(failed) or None)
