"""HTML pages: one base template and style sheet, to which each page adds its own; pages load nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(template: str, **values: Any) -> str:
    """Render a page; values are escaped.

    Args:
        template: Path of a template inside the package that extends ``core/templates/base.html``.
        values: What the template shows. The base template needs ``title``.
    """
    return _environment().get_template(template).render(values)


def jpeg_uri(data: bytes) -> str:
    """Return a JPEG file as a ``data:`` URI.

    >>> jpeg_uri(b"\\xff\\xd8")
    'data:image/jpeg;base64,/9g='
    """
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def csp_hash(text: str) -> str:
    """Return the source expression by which a Content-Security-Policy allows one inline script or style.

    >>> csp_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pielight", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"csp_hash": csp_hash, "jpeg_uri": jpeg_uri}
    return environment
