"""Which questions a rater gets: random in order and sides, balanced over methods."""

from __future__ import annotations

import random
from itertools import combinations, product
from typing import NamedTuple

from pielight.survey.study import Study

_FIRST_CHECK = (3, 4, 5)  # how many questions come before it, so that few raters leave before


class Question(NamedTuple):
    """What a rater is asked; the destroyed picture of an attention check is None, so is ``right`` in rating mode."""

    scene: int  # index of the photo in the study
    left: str | None
    right: str | None = None
    check: bool = False


def questions(study: Study, token: str) -> list[Question]:
    """Draw the questions of a rater; the same token gives the same questions.

    Pairs of methods take turns, each with the photos in a random order of its own, so that every pair is asked about
    equally often; in rating mode, photos take turns, each with all methods. Then all are shuffled and sides are
    drawn. Each attention check is placed at random in its share of the list.

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
        pairs = list(combinations(study.methods, 2))
        rng.shuffle(pairs)
        orders = {pair: rng.sample(scenes, len(scenes)) for pair in pairs}
        asked = [Question(orders[pair][turn], *pair) for turn in scenes for pair in pairs]
    asked = asked[: study.settings.questions]
    rng.shuffle(asked)
    broken = [number for number, scene in enumerate(study.scenes) if scene.broken]
    turns = range(study.settings.attention if broken else 0)
    shown = [None if rated else rng.choice(study.methods) for _ in turns]
    checks = [Question(broken[turn % len(broken)], shown[turn], None, True) for turn in turns]
    rng.shuffle(checks)
    share = len(asked) / max(1, len(checks))
    for number in reversed(turns):
        position = (number + rng.random()) * share if number else min(rng.choice(_FIRST_CHECK), share)
        asked.insert(max(1, int(position)), checks[number])  # never the first question
    return [one._replace(left=one.right, right=one.left) if not rated and rng.random() < 0.5 else one for one in asked]
