from datetime import datetime

import numpy as np

from pielight.core.environment import environment


def test_versions_are_those_that_run() -> None:
    found = environment(("numpy", "no-such-package"))
    assert found["versions"]["numpy"] == np.__version__
    assert found["versions"]["no-such-package"] is None
    assert datetime.fromisoformat(found["date"]).tzinfo is not None
