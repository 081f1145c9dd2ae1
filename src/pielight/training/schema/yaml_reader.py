"""YAML of any origin: plain values only, within limits, and what is wrong with it in one line."""

from __future__ import annotations

from typing import Any

import yaml

from pielight.core.messages import shown

MOST_BYTES = 1 << 18
_DEEPEST, _MOST_NODES, _LARGEST = 32, 20_000, 2**63


class _Loader(yaml.SafeLoader):
    """Composes no more than a few levels and nodes, aliases counted as often as they are used."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark, before = event.start_mark, self._nodes
        if self.check_event(yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise yaml.composer.ComposerError(None, None, "an alias of what it stands in", mark)
            self._count(self._sizes[id(node)], mark)
            return node
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"more than {_DEEPEST} levels", mark)
        self._count(1, mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._sizes[id(node)] = self._nodes - before
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.composer.ComposerError(None, None, f"{key.value[:40]!r} is there twice", key.start_mark)
                seen.add((key.tag, key.value))
        return node

    def construct_yaml_int(self, node: Any) -> int:
        if len(node.value) > 1000 or not -_LARGEST <= (value := super().construct_yaml_int(node)) < _LARGEST:
            raise yaml.constructor.ConstructorError(None, None, "a number of too many digits", node.start_mark)
        return int(value)

    def _count(self, nodes: int, mark: Any) -> None:
        self._nodes += nodes
        if self._nodes > _MOST_NODES:
            raise yaml.composer.ComposerError(None, None, f"more than {_MOST_NODES:,} values", mark)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def parse_yaml(text: str) -> Any:
    """Return what a YAML text holds, as numbers, texts, lists, dicts and the like.

    Raises:
        ValueError: It is no YAML, wants objects to be made, has a key twice or a value that is none of its kind (a 13th
            month), or is beyond the limits of size and depth; the text is one line.

    >>> parse_yaml("{a: [1, 2.5, x]}")
    {'a': [1, 2.5, 'x']}
    >>> parse_yaml("day: 2024-13-45")
    Traceback (most recent call last):
    ValueError: a value is invalid: month must be in 1..12
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES >> 10} kB")
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise ValueError(place + shown(error.problem or "no YAML")[:120]) from None
    except yaml.YAMLError as error:
        raise ValueError(shown(str(error).splitlines()[0])[:120]) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # PyYAML's, of odd values
        lines = str(error).splitlines() or [type(error).__name__]
        raise ValueError(f"a value is invalid: {shown(lines[0])[:80]}") from None
