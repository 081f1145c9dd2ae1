"""Which questions a rater gets: random in order and sides, even in methods."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import product

from pielight.survey.study import Study

_EARLY = (3, 4, 5)  # questions before the first check


@dataclass(frozen=True)
class Question:
    """What a rater is asked; the destroyed picture of an attention check is named None.

    Attributes:
        scene: Number of the photo in the study.
        left: Method on the left, or the only one.
        right: Method on the right; None if it is rating.
        check: Whether it is an attention check.
    """

    scene: int
    left: str | None
    right: str | None = None
    check: bool = False


def questions(study: Study, token: str) -> list[Question]:
    """Draw the questions of a rater.

    Pairs of methods take turns, each with photos in its own random order, so that every pair is asked about equally
    often; in rating mode, photos take turns, each with all methods. Then all are shuffled, sides are tossed, and each
    attention check falls at random into its share of the list; the first one early, so that few leave before it.

    Args:
        study: What is asked about.
        token: The rater's; the same gives the same questions.

    >>> from pielight.survey.study import Scene, Settings
    >>> scenes = tuple(Scene(str(number), 9, 9, "", {}) for number in range(5))
    >>> len(questions(Study(Settings(questions=7, attention=0), ("a", "b", "c"), scenes), "token"))
    7
    """
    rng = random.Random(f"{study.settings.seed}:{token}")
    rated = study.settings.mode == "rating"
    asked = _rated(study, rng) if rated else _compared(study, rng)
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
        place = (number + rng.random()) * share if number else min(rng.choice(_EARLY), share)
        asked.insert(max(1, int(place)), checks[number])  # nobody begins with one
    return asked if rated else [_tossed(question, rng) for question in asked]


def _compared(study: Study, rng: random.Random) -> list[Question]:
    pairs = study.pairs()
    rng.shuffle(pairs)
    orders = {pair: rng.sample(range(len(study.scenes)), len(study.scenes)) for pair in pairs}
    return [Question(orders[pair][turn], *pair) for turn in range(len(study.scenes)) for pair in pairs]


def _rated(study: Study, rng: random.Random) -> list[Question]:
    order = rng.sample(range(len(study.scenes)), len(study.scenes))
    return [Question(*one) for one in product(order, rng.sample(study.methods, len(study.methods)))]


def _tossed(question: Question, rng: random.Random) -> Question:
    return replace(question, left=question.right, right=question.left) if rng.random() < 0.5 else question
