"""The pages' common base: one sheet of styles, escaped values, and a policy that allows the page's own script only."""

from __future__ import annotations

import hashlib
import re
import tomllib
from base64 import b64encode
from pathlib import Path

import pytest

import pielight
from pielight.core.html import csp_hash, render_page

PACKAGE = Path(pielight.__file__).parent
PAGES = {  # a template, and the least that it can show
    "comparison/page.html": {"figures": []},
    "evaluation/report/page.html": {
        "notice": "", "is_warning": False, "statistics_note": "", "first": "", "sections": [], "definitions": ({}, []),
        "command": "", "provenance": [],
    },
    "survey/page.html": {"consent": "", "levels": {}, "questions": 1, "has_checks": True, "has_input": True},
}  # fmt: skip


def test_every_template_is_listed_here() -> None:
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.html")}
    found = {name for name in found if not name.startswith("serve/")}  # which have no script: tests/serve
    assert found == {*PAGES, "core/templates/base.html"}


@pytest.mark.parametrize("template", PAGES)
def test_a_page_has_one_head_the_common_and_its_own_styles_and_one_script(template: str) -> None:
    page = render_page(template, title="<b>&", **PAGES[template])  # type: ignore[arg-type]
    sheets = [PACKAGE / "core/templates/style.css", (PACKAGE / template).with_suffix(".css")]  # no other page's
    style = "".join(sheet.read_text(encoding="utf-8").removesuffix("\n") for sheet in sheets)
    assert page.startswith("<!DOCTYPE html>")
    assert re.findall("<style>(.*?)</style>", page, re.DOTALL) == [style]
    assert "<title>&lt;b&gt;&amp;</title>" in page
    assert "<b>" not in page
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    assert '"use strict";' in script
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"\s+content="([^"]*)">', page)
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'; img-src ")
    sources = policy[1].replace("style-src 'unsafe-inline'", "") if template != "survey/page.html" else policy[1]
    assert "unsafe" not in sources  # the survey's style sheet is allowed by its hash, too


def test_a_template_cannot_forget_a_value() -> None:
    with pytest.raises(Exception, match="'figures' is undefined"):
        render_page("comparison/page.html", title="")


def test_hashes_are_those_of_the_standard() -> None:
    """The example of Content Security Policy Level 3, 2.3.1."""
    assert csp_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


def test_templates_are_packaged() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    patterns = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]["pielight"]
    packaged = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert {path for kind in ("html", "css", "js", "md") for path in PACKAGE.rglob(f"*.{kind}")} <= packaged
    assert all(any(PACKAGE.glob(pattern)) for pattern in patterns)
