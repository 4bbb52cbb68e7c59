"""Frozen dataclasses to JSON and back: snake_case here, camelCase on the wire. A ValueError names the field."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from splitreel.contract.bounds import Bounds

T = TypeVar("T")

_HUMP = re.compile(r"_([a-z0-9])")


@cache
def wire_name(name: str) -> str:
    return _HUMP.sub(lambda match: match.group(1).upper(), name)


def to_wire(value: object) -> object:
    """`value` as JSON data. Keys of mappings are data, not field names, and stay as they are."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {wire_name(f.name): to_wire(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_wire(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_wire(item) for item in value]
    return value


def from_wire(kind: type[T], value: object) -> T:
    """Parses a JSON value as `kind`, a dataclass. Ignores unknown keys, as zod does. Raises ValueError."""
    return cast("T", _parse(kind, value, kind.__name__))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _parse(kind: Any, value: object, path: str) -> object:  # noqa: PLR0911 - one return for each kind of type
    if get_origin(kind) is Annotated:
        return _parse_bounded(kind, value, path)
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _parse_union(get_args(kind), value, path)
    if origin is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{path}: not one of {get_args(kind)}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{path}: expected a list")
        return tuple(_parse(get_args(kind)[0], item, f"{path}[{index}]") for index, item in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            raise ValueError(f"{path}: expected an object")
        return {str(key): _parse(get_args(kind)[1], item, f"{path}.{key}") for key, item in value.items()}
    if is_dataclass(kind):
        return _parse_dataclass(kind, value, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return _parse_scalar(kind, value, path)


def _parse_bounded(kind: Any, value: object, path: str) -> object:
    inner, *extras = get_args(kind)
    parsed = _parse(inner, value, path)
    for bounds in extras:
        if isinstance(bounds, Bounds):
            bounds.check(len(parsed) if isinstance(parsed, tuple) else cast("float", parsed), path)
    return parsed


def _parse_union(kinds: tuple[Any, ...], value: object, path: str) -> object:
    if value is None and type(None) in kinds:
        return None
    problem = ValueError(f"{path}: expected a value")
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _parse(kind, value, path)
        except ValueError as error:
            problem = error
    raise problem


def _parse_dataclass(kind: Any, value: object, path: str) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected an object")  # noqa: TRY004 - one kind of error for all bad input
    hints = _hints(kind)
    arguments: dict[str, object] = {}
    for field in fields(kind):
        name = wire_name(field.name)
        if name not in value:
            raise ValueError(f"{path}.{name}: missing")
        arguments[field.name] = _parse(hints[field.name], value[name], f"{path}.{name}")
    return kind(**arguments)


def _parse_scalar(kind: Any, value: object, path: str) -> object:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    # JSON has one kind of number, so 6.0 is the integer 6.
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not kind:
        raise ValueError(f"{path}: expected {kind.__name__}")
    return value
