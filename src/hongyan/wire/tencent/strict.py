"""Strict types: JSON, or parameters in a flat row, as the request of an action, or Tencent's words.

Nothing is converted in JSON: a number where a string belongs is refused, as the platform does. In a
query or form everything is text (`PhoneNumberSet.0=…`), so there whole numbers are read as such.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from hongyan.wire.tencent.fault import Fault
from hongyan.wire.tencent.requests import MultiSmsInfo, Request

Asked = TypeVar("Asked", bound=Request)

_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")
_NAMED: Final = re.compile(
    r"^Object (missing required|contains unknown) field `(.*?)`(?: - at .*)?$"
)
_INDEX: Final = re.compile(r"\[(\d+)\]")
_WHOLE: Final = re.compile(r"\d{1,20}", re.ASCII)
_POSITION: Final = re.compile(r"0|[1-9]\d{0,2}", re.ASCII)
_DEEPEST: Final = 3
"""Dots that a name may have, such as `MultiSmsInfoSet.0.TemplateParamSet.0`."""
_STRUCTURES: Final = (MultiSmsInfo,)
"""What requests hold."""
_ESCAPED_NAME: Final = re.compile(rb'\\u[0-9A-Fa-f]{4}[0-9A-Za-z]{0,64}"[ \t\r\n]*:')
"""A name that is written with an escape: of a name that we know, each other letter is one of these."""
_BODY: Final = "Body"
"""Stands for the parameter's name where the whole of a request is meant."""
_LONGEST_TOLD: Final = 512
"""A longer sentence is about a name that somebody else made up. Expressions take their time, and may
take minutes over a megabyte of it.
"""
_LONGEST_NAME: Final = 64
"""Of such a name, when it is told."""


def from_json(body: bytes, type_: type[Asked]) -> Asked:
    """Raises Fault."""
    try:
        request: Asked = _decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault("FailedOperation.JsonParseFail") from error
    _require_no_repetition(body, type_)
    return request


def from_flat(parameters: Mapping[str, str], type_: type[Asked]) -> Asked:
    """Raises Fault."""
    tree: dict[str, Any] = {}
    for name, value in parameters.items():
        _plant(tree, name, value)
    shaped = _shaped(tree, type_, "")
    try:
        return msgspec.convert(shaped, type_)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error


def flattened(request: Request) -> dict[str, str]:
    """What a query or form has for a request; empty lists vanish, as from the SDKs."""
    flat: dict[str, str] = {}
    _flatten(flat, "", msgspec.to_builtins(request))
    return flat


@cache
def _decoder(type_: type[Asked]) -> msgspec.json.Decoder[Asked]:
    return msgspec.json.Decoder(type_)


def _fault(told: str) -> Fault:
    """A sentence of msgspec's as a code, with the parameter written as `TemplateParamSet.0`."""
    if len(told) > _LONGEST_TOLD:
        return Fault("UnknownParameter", told.partition("`")[2][:_LONGEST_NAME])
    path = _PATH.search(told)
    where = _INDEX.sub(r".\1", path[1]) if path else ""
    if named := _NAMED.match(told):
        code = "MissingParameter" if named[1].startswith("missing") else "UnknownParameter"
        return Fault(code, f"{where}.{named[2]}" if where else named[2])
    # Of the right type and yet refused: below zero, or beyond what a uint64 can be here.
    if told.startswith(("Expected `int` >", "Expected `int` <")):
        return Fault("InvalidParameterValue", where)
    return Fault("InvalidParameter", where or _BODY)


def _require_no_repetition(body: bytes, type_: type[Request]) -> None:
    """Raise Fault if an object names something twice: a proxy before us may have read the other.

    Nearly every body has each name once, which is soon seen; others are read again.
    """
    for name in _quoted_names(type_):
        if body.count(name) > 1:
            break
    else:
        if _ESCAPED_NAME.search(body) is None:
            return
    json.loads(body, object_pairs_hook=_once)


@cache
def _quoted_names(type_: type[Request]) -> tuple[bytes, ...]:
    """Those of what it holds too."""
    names = [f'"{name}"'.encode() for name in _hints(type_)]
    inner = [get_args(hint)[0] for hint in _hints(type_).values() if get_origin(hint) is tuple]
    return tuple(names) + tuple(
        name for one in inner if one in _STRUCTURES for name in _quoted_names(one)
    )


def _once(pairs: Iterable[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Fault("InvalidParameter", name)
        seen.add(name)


def _plant(tree: dict[str, Any], name: str, value: str) -> None:
    """`MultiSmsInfoSet.0.PhoneNumber` as branches of a tree."""
    *branches, leaf = name.split(".", _DEEPEST)
    for branch in branches:
        tree = tree.setdefault(branch, {})
        if not isinstance(tree, dict):
            raise Fault("InvalidParameter", name)
    if leaf in tree:
        raise Fault("InvalidParameter", name)
    tree[leaf] = value


def _shaped(written: Any, type_: Any, path: str) -> Any:
    """The tree with numbers and lists where this type has them; what does not fit stays as it is."""
    type_ = _bare(type_)
    if type_ is int and isinstance(written, str) and _WHOLE.fullmatch(written):
        return int(written)
    if not isinstance(written, dict):
        return written
    if get_origin(type_) is tuple:
        return _listed(written, get_args(type_)[0], path)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        hints = _hints(type_)
        return {
            name: _shaped(value, hints.get(name), f"{path}{name}.")
            for name, value in written.items()
        }
    return written


def _listed(written: dict[str, Any], type_: Any, path: str) -> list[Any]:
    """Raises Fault unless the positions are 0, 1, … without a gap."""
    values = []
    for position in range(len(written)):
        value = written.get(str(position))
        if value is None:
            stray = next(name for name in written if not _is_within(name, len(written)))
            raise Fault("InvalidParameter", f"{path}{stray}")
        values.append(_shaped(value, type_, f"{path}{position}."))
    return values


def _is_within(name: str, count: int) -> bool:
    return bool(_POSITION.fullmatch(name)) and int(name) < count


@cache
def _hints(type_: type[msgspec.Struct]) -> dict[str, Any]:
    """Name on the wire → type."""
    hints = get_type_hints(type_, include_extras=True)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(type_)}


def _bare(type_: Any) -> Any:
    """The type without `| None` and without its bounds."""
    if get_origin(type_) in (Union, UnionType):
        type_ = get_args(type_)[0]
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _flatten(flat: dict[str, str], name: str, value: Any) -> None:
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    else:
        flat[name] = str(value)
        return
    for key, inner in items:
        _flatten(flat, f"{name}.{key}" if name else str(key), inner)
