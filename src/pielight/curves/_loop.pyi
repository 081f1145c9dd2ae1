"""The compiled 8-bit loop; every argument but the sizes and rows is a C-contiguous buffer."""

from typing import Any

def enhance_rows(
    source: Any,
    result: Any,
    shape: tuple[int, ...],
    tables: Any,
    grid: tuple[int, ...],
    row_first: Any,
    row_weight: Any,
    column_first: Any,
    column_weight: Any,
    top: int,
    bottom: int,
    /,
) -> None:
    """Enhance rows [top, bottom); raises ValueError if the sizes do not fit together."""
