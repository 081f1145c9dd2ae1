"""Which questions a rater gets: random in order and sides, balanced over methods."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import product

from pielight.survey.study import Study

_FIRST_CHECK = (3, 4, 5)  # how many questions come before it


@dataclass(frozen=True)
class Question:
    """What a rater is asked.

    Attributes:
        scene: Index of the photo in the study.
        left: Method on the left, or the only one; None for the destroyed picture of an attention check.
        right: Method on the right; None for the destroyed picture, and in rating mode.
        check: Whether it is an attention check.
    """

    scene: int
    left: str | None
    right: str | None = None
    check: bool = False


def questions(study: Study, token: str) -> list[Question]:
    """Draw the questions of a rater.

    Pairs of methods take turns, each with the photos in a random order of its own, so that every pair is asked about
    equally often; in rating mode, photos take turns, each with all methods. Then all are shuffled and sides are
    drawn. Each attention check is placed at random in its share of the list; the first one early, so that few raters
    leave before it.

    Args:
        study: The study.
        token: The rater's token; the same token gives the same questions.

    >>> from pielight.survey.study import Scene, StudySettings
    >>> scenes = tuple(Scene(str(number), 9, 9, "", {}) for number in range(5))
    >>> len(questions(Study(StudySettings(questions=7, attention=0), ("a", "b", "c"), scenes), "token"))
    7
    """
    rng = random.Random(f"{study.settings.seed}:{token}")
    scenes, rated = range(len(study.scenes)), study.settings.mode == "rating"
    if rated:
        order = rng.sample(scenes, len(scenes))
        asked = [Question(*one) for one in product(order, rng.sample(study.methods, len(study.methods)))]
    else:
        pairs = study.pairs()
        rng.shuffle(pairs)
        orders = {pair: rng.sample(scenes, len(scenes)) for pair in pairs}
        asked = [Question(orders[pair][turn], *pair) for turn in scenes for pair in pairs]
    asked = asked[: study.settings.questions]
    rng.shuffle(asked)
    broken = [number for number, scene in enumerate(study.scenes) if scene.broken]
    checks = [
        Question(broken[turn % len(broken)], None if rated else rng.choice(study.methods), None, True)
        for turn in range(study.settings.attention if broken else 0)
    ]
    rng.shuffle(checks)
    share = len(asked) / max(1, len(checks))
    for number in reversed(range(len(checks))):
        position = (number + rng.random()) * share if number else min(rng.choice(_FIRST_CHECK), share)
        asked.insert(max(1, int(position)), checks[number])  # never the first question
    if rated:
        return asked
    return [replace(one, left=one.right, right=one.left) if rng.random() < 0.5 else one for one in asked]
