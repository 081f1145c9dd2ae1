"""The site builds without a warning, loads nothing from elsewhere, names every public name, and stays short."""

from __future__ import annotations

import csv
import importlib
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import pielight
from tests.docs.markdown import PAGES, ROOT, page_name

pytestmark = pytest.mark.docs

WORDS = 17_970  # of README and docs; pages of docs/api are generated
BUILT = "src/pielight/serve/static/"  # by `make page`
_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
_NAME = re.compile(r"\bpielight(?:\.\w+)+\b")


class Loaded(HTMLParser):
    """Collects what a page loads: addresses of scripts, styles, pictures, fonts and frames."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag in ("script", "img", "iframe", "source", "video"):
            self.addresses.append(values.get("src") or "")
        if tag == "link" and values.get("rel") != "canonical":
            self.addresses.append(values.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as by `make docs`."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        parser = Loaded()
        parser.feed(page.read_text(encoding="utf-8"))
        assert [address for address in parser.addresses if re.match(r"(\w+:)?//", address)] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    text = "".join((site / f"api/{page}/index.html").read_text(encoding="utf-8") for page in ("python", "errors"))
    for name in pielight.__all__:
        assert name.startswith("__") or f'.{name}"' in text, name


def test_examples_are_shown_as_code(site: Path) -> None:
    for name in ("python", "errors", "training", "evaluation"):
        text = (site / f"api/{name}/index.html").read_text(encoding="utf-8")
        assert '<span class="gp">&gt;&gt;&gt;' in text
        assert "<blockquote>" not in text


def test_tables_are_shown_and_roles_are_not(site: Path) -> None:
    assert "<td>190 of ImageNet</td>" in (site / "results/model-cards/index.html").read_text(encoding="utf-8")
    for page in site.rglob("*.html"):
        assert not re.search(r":(func|class|meth|data|mod):", page.read_text(encoding="utf-8")), page


def test_the_documentation_stays_short() -> None:
    counted = {page_name(page): len(page.read_text(encoding="utf-8").split()) for page in PAGES}
    pages = {name: words for name, words in counted.items() if name == "README.md" or name.startswith("docs/")}
    assert sum(words for name, words in pages.items() if not name.startswith("docs/api/")) <= WORDS, pages
    assert counted["README.md"] <= 600


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_to_files(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def exists(dotted: str) -> bool:
    """Return whether a dotted name is a module, or something in one."""
    module, rest = dotted, ""
    while module:
        try:
            value = importlib.import_module(module)
        except ImportError:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
            continue
        for part in filter(None, rest.split(".")):
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_names_and_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in sorted({*_NAME.findall(text)}) if not exists(name)] == []
    files = re.findall(r"`((?:src|tests|benchmarks|examples|configs)/[\w/.-]+|(?:\w+/)+\w+\.(?:py|c))`", text)
    missing = [name for name in files if "NAME" not in name and name != BUILT and not exists_below(name)]
    assert missing == []


def exists_below(name: str) -> bool:
    return (ROOT / name).exists() or (ROOT / "src/pielight" / name).exists()


def test_equations_name_functions() -> None:
    with (ROOT / "docs/concepts/equations.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 40
    names = [name for row in rows for name in re.findall(r"`([\w.]+)`", row["function"])]
    assert [name for name in names if not exists(f"pielight.{name}")] == []
