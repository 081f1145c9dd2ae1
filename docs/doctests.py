"""Shows the examples of docstrings as code: a block of lines that begin with ``>>>`` gets a fence."""

from __future__ import annotations

from typing import Any

from griffe import Extension


class Doctests(Extension):
    """Extension of griffe, which reads the docstrings for the pages of the API."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Fence the examples of an object."""
        if obj.docstring and ">>>" in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    r"""Return a docstring with its examples between fences.

    >>> fenced("Add.\n\n>>> 1 + 1\n2\n\nMore.").count("```")
    2
    """
    lines, is_code = [], False
    for line in text.splitlines():
        if not is_code and line.startswith(">>> "):
            lines.append("```pycon")
            is_code = True
        elif is_code and not line.strip():
            lines.append("```")
            is_code = False
        lines.append(line)
    return "\n".join([*lines, "```"] if is_code else lines)
