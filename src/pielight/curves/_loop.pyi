"""The compiled loops; arrays are passed through the buffer protocol."""

from typing import Any

def enhance_rows(
    source: Any,
    result: Any,
    tables: Any,
    row_node: Any,
    row_weight: Any,
    column_node: Any,
    column_weight: Any,
    top: int,
    bottom: int,
    /,
) -> None:
    """Enhance rows [top, bottom); raises ValueError if the arrays do not fit together."""

def light_curves(x: Any, alphas: Any, result: Any, /) -> None:
    """Evaluate light-enhancement curves; raises ValueError if the arrays do not fit together."""
