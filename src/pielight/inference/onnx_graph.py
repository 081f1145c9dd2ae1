"""What an ONNX file holds, read without ONNX Runtime: the number of nodes, which is limited, and names of outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pielight.errors import ModelError

MOST_NODES = 20_000  # ONNX Runtime takes a second or two for them; the networks here have some hundreds
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # kinds of fields in protobuf
# Numbers of the fields in onnx.proto
_GRAPH, _FUNCTION = 7, 25  # of a model
_NODE, _FUNCTION_NODE = 1, 7  # of a graph, of a function
_OUTPUT, _OUTPUT_NAME = 12, 1  # of a graph, of an output
_FUNCTION_NAME, _FUNCTION_DOMAIN = 1, 10
_OPERATOR, _ATTRIBUTE, _DOMAIN = 4, 5, 7  # of a node
_SUBGRAPHS = (6, 11)  # of an attribute

_Key = tuple[bytes, bytes]  # domain and name of a function


def check_graph(path: Path) -> None:
    """Check that an ONNX file is whole and holds no more than 20,000 nodes, also in loops, branches and functions.

    Raises:
        ModelError: It is not, or cannot be read.
    """
    try:
        model = list(_fields(memoryview(path.read_bytes())))
        functions = {
            _key(body, _FUNCTION_NAME, _FUNCTION_DOMAIN): body for number, body in model if number == _FUNCTION
        }
        bodies = [(body, _NODE) for number, body in model if number == _GRAPH]
        if not bodies:
            raise ModelError(f"{path}: not an ONNX model: it holds no graph")
        _count(bodies, functions)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except _Damaged as error:
        raise ModelError(f"{path}: damaged, or not an ONNX model") from error
    except _TooLarge as error:
        raise ModelError(f"{path}: more than {MOST_NODES:,} nodes, with those of its functions") from error


def output_names(path: Path) -> list[str]:
    """Return the names of a graph's outputs, or none if the file cannot be read or is damaged.

    >>> from pielight.models import path_of
    >>> output_names(path_of("dehaze")), output_names(path_of("none"))
    (['transmission', 'airlight'], [])
    """
    try:
        model = _fields(memoryview(path.read_bytes()))
        fields = (field for number, graph in model if number == _GRAPH for field in _fields(graph))
        outputs = [_fields(value) for number, value in fields if number == _OUTPUT]
        return [bytes(name).decode() for output in outputs for number, name in output if number == _OUTPUT_NAME]
    except (OSError, UnicodeDecodeError, _Damaged):
        return []


class _Damaged(Exception):
    """What is no protobuf."""


class _TooLarge(Exception):
    """A graph of too many nodes."""


def _count(bodies: list[tuple[memoryview, int]], functions: dict[_Key, memoryview]) -> None:
    """Go through all nodes as ONNX Runtime will have them: a function's at every place where it is called."""
    nodes = 0
    while bodies:
        body, node_number = bodies.pop()
        for number, node in _fields(body):
            if number != node_number:
                continue
            nodes += 1
            if nodes > MOST_NODES:
                raise _TooLarge
            for place, value in _fields(node):
                if place == _ATTRIBUTE:
                    bodies += [(inner, _NODE) for which, inner in _fields(value) if which in _SUBGRAPHS]
            if functions and (called := functions.get(_key(node, _OPERATOR, _DOMAIN))):
                bodies.append((called, _FUNCTION_NODE))


def _key(message: memoryview, name: int, domain: int) -> _Key:
    fields = {number: bytes(value) for number, value in _fields(message) if number in (name, domain)}
    return fields.get(domain, b""), fields.get(name, b"")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and bytes of each field of a message; numbers have no bytes.

    >>> [(number, bytes(value)) for number, value in _fields(memoryview(bytes([8, 150, 1, 18, 2, 104, 105])))]
    [(1, b''), (2, b'hi')]
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        length, kind = 0, key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            at += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise _Damaged
        if at + length > end:
            raise _Damaged
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _Damaged
