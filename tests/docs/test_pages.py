"""Every command and snippet of README and docs runs, page by page, in a fresh folder on generated pictures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import test_commands, test_snippets
from tests.docs.markdown import PAGES, blocks, commands, page_name

pytestmark = pytest.mark.docs

LONG = ("model-cards.md", "ablations.md", "joint-training.md", "before-your-model.md", "fine-tuning.md")  # begun first


@pytest.mark.parametrize("page", sorted(PAGES, key=lambda page: page.name not in LONG), ids=page_name)
def test_a_page_holds_what_it_says(page: Path, workspace: Callable[[str], Path]) -> None:
    place, wrong = workspace(page_name(page)), []
    for command in commands(page):
        if test_commands.skipped(command):  # told by tests of their own
            continue
        try:
            test_commands.run(command, place)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            wrong.append(f"{page_name(page)}:{command.line}: {error}")
    for snippet in blocks(page):
        try:
            test_snippets.run(snippet, place)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            wrong.append(f"{page_name(page)}:{snippet.line}: {error}")
    assert not wrong, "\n\n".join(wrong)
