"""The commands and snippets of the documentation, as they stand in its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - {ROOT / "CHANGELOG.md"}))
PROGRAMS = (
    "pielight",
    "python",
    "pip",
    "make",
    "cp",
    "tensorboard",
    "torchrun",
    "pytest",
    "curl",
    ".venv/bin/pre-commit",
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def page_name(page: Path) -> str:
    """Return a page's path from the root of the repository."""
    return page.relative_to(ROOT).as_posix()


class Snippet(NamedTuple):
    """A block of code."""

    page: str
    line: int
    language: str
    text: str


class Command(NamedTuple):
    """A command, without its comment and on one line."""

    page: str
    line: int
    text: str
    comment: str = ""


def blocks(page: Path) -> Iterator[Snippet]:
    """Yield the blocks of code of a page."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        yield Snippet(page_name(page), text.count("\n", 0, match.start()) + 1, match[1], match[2])


def commands(page: Path) -> Iterator[Command]:
    """Yield the commands of a page in their order, those within a sentence, too."""
    text = page.read_text(encoding="utf-8")
    found = [(match.start(2), match[2], not match[1]) for match in _BLOCK.finditer(text)]
    outside = _BLOCK.sub(lambda match: " " * len(match[0].encode("utf-8", "ignore").decode()), text)
    found += [(match.start(1), match[1].replace("\\|", "|"), True) for match in _INLINE.finditer(outside)]
    for start, code, is_shell in sorted(found):
        if is_shell:
            line = text.count("\n", 0, start) + 1
            for words in code.replace("\\\n", " ").splitlines():
                command, _, comment = words.partition("  #")
                command = " ".join(command.split())
                if command.startswith(tuple(f"{program} " for program in PROGRAMS)):
                    yield Command(page_name(page), line, command, comment.strip())
