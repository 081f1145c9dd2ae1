"""What every setting is made of: the decorator of a section, and the types that carry its limits."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, TypeVar, cast, dataclass_transform

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

S = TypeVar("S")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def section(kind: type[S]) -> type[S]:
    """Make a class a section of a configuration: frozen, every value validated, no unknown key allowed."""
    return cast("type[S]", dataclass(frozen=True, config=ConfigDict(extra="forbid"))(kind))


def _number(value: Any) -> Any:
    """Read text as a number, since YAML 1.1 reads ``1e-3`` as text."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise PydanticCustomError("not_a_number", "is not a number") from None


def _no(value: Any) -> Any:
    """Read ``False`` as text, since YAML 1.1 reads ``no`` as a boolean."""
    return "no" if value is False else value


def _items(value: Any) -> Any:
    """Read one value as a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _ordered(ends: tuple[Any, Any]) -> tuple[Any, Any]:
    if ends[0] > ends[1]:
        raise PydanticCustomError("interval_order", "the lower end comes first")
    return ends


READ_NO = BeforeValidator(_no)
Text = Annotated[str, READ_NO, Field(strict=True, max_length=4096)]
Flag = Annotated[bool, Field(strict=True)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_items)]

Integer = Annotated[int, Field(strict=True)]
Count = Annotated[Integer, Field(ge=1)]
NonNegativeInteger = Annotated[Integer, Field(ge=0)]
Seed = Annotated[Integer, Field(ge=-(2**63), lt=2**63)]
"""What torch takes."""

Number = Annotated[float, BeforeValidator(_number), Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
NonPositive = Annotated[Number, Field(le=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
PositiveShare = Annotated[Number, Field(gt=0, le=1)]

# Intervals: two ends, the lower one first.
ENDS_IN_ORDER = (BeforeValidator(_items), AfterValidator(_ordered))
Interval = Annotated[tuple[Number, Number], *ENDS_IN_ORDER]
NonNegativeInterval = Annotated[tuple[NonNegative, NonNegative], *ENDS_IN_ORDER]
PositiveInterval = Annotated[tuple[Positive, Positive], *ENDS_IN_ORDER]
NonPositiveInterval = Annotated[tuple[NonPositive, NonPositive], *ENDS_IN_ORDER]
ShareInterval = Annotated[tuple[Share, Share], *ENDS_IN_ORDER]
PositiveShareInterval = Annotated[tuple[PositiveShare, PositiveShare], *ENDS_IN_ORDER]
