"""The compiled loops; arrays are passed through the buffer protocol. ValueError if they do not fit together."""

from typing import Any

def enhance_rows(
    source: Any,
    tables: Any,
    row_node: Any,
    row_weight: Any,
    column_node: Any,
    column_weight: Any,
    result: Any,
    top: int,
    bottom: int,
    /,
) -> None:
    """Enhance rows [top, bottom) of a picture."""

def expose_rows(
    source: Any,
    nodes: Any,
    row_node: Any,
    row_weight: Any,
    column_node: Any,
    column_weight: Any,
    decode: Any,
    encode: Any,
    result: Any,
    top: int,
    bottom: int,
    /,
) -> None:
    """Expose rows [top, bottom) of a picture."""

def finish_rows(
    source: Any,
    levels: Any,
    to_light: Any,
    from_light: Any,
    matrix: Any,
    toe: float,
    result: Any,
    top: int,
    bottom: int,
    /,
) -> None:
    """Finish rows [top, bottom) of a result, as :func:`pielight.ops.finish.apply_finish` does."""

def shrink(source: Any, row_edges: Any, column_edges: Any, result: Any, top: int, bottom: int, /) -> None:
    """Take the means over boxes for rows [top, bottom) of the result."""

def tabulate(x: Any, alphas: Any, result: Any, strength: float, spared: float, /) -> None:
    """Evaluate light-enhancement curves at a positive strength, as :func:`pielight.ops.tone.apply_tone` does."""
